package dev.mlops.runtime.serving;

import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.rollout.Candidate;
import dev.mlops.store.StoredVersion;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A loaded version as gates see it, beside the one it is to replace.
 *
 * @param back whether a person goes back to what served here before: then its schema is held
 *     against its own model alone, and the handles say whether it fits them
 */
record Trial(LoadedVersion candidate, @Nullable LoadedVersion against, boolean back)
    implements Candidate {
  /** Longer than a batch of other callers holds a slot; a gate has no deadline of its own. */
  static final long WAIT_NANOS = 60_000_000_000L;

  @Override
  public StoredVersion version() {
    return candidate.stored;
  }

  @Override
  public ModelSchema described() {
    return candidate.described;
  }

  @Override
  public Optional<Version> active() {
    return against == null ? Optional.empty() : Optional.of(against.version);
  }

  @Override
  public Optional<ModelSchema> activeSchema() {
    return against == null || back ? Optional.empty() : Optional.of(against.schema);
  }

  @Override
  public List<Row> predict(List<Row> rows) {
    return candidate.score(rows, WAIT_NANOS);
  }

  @Override
  public List<Row> predictActive(List<Row> rows) {
    if (against == null) {
      throw new IllegalStateException(
          "no version is in force; a gate that compares is skipped then");
    }
    return against.score(rows, WAIT_NANOS);
  }
}
