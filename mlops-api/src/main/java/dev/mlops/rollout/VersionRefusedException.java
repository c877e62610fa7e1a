package dev.mlops.rollout;

import dev.mlops.model.MlopsException;
import dev.mlops.model.Version;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A version may not serve. Whatever served goes on serving. */
public final class VersionRefusedException extends MlopsException {
  private static final long serialVersionUID = 1L;

  private final transient Version version;

  @SuppressWarnings("serial") // only for those who catch it in this JVM
  private final transient List<Gate.Result> results;

  /**
   * Creates the failure.
   *
   * @param results what each gate found; at least one does not let it pass
   * @param stays what goes on serving, in words
   */
  public VersionRefusedException(
      Version version, List<Gate.Result> results, String stays, @Nullable Throwable cause) {
    super(
        Kind.FAULT,
        "version-refused",
        version
            + " was refused: "
            + results.stream()
                .filter(r -> !r.lets())
                .map(Gate.Result::toString)
                .collect(Collectors.joining("; "))
            + ". "
            + stays,
        cause);
    this.version = version;
    this.results = List.copyOf(results);
  }

  /** The version that was refused. */
  public Version version() {
    return version;
  }

  /** What each gate found, in the order they ran. */
  public List<Gate.Result> results() {
    return results;
  }
}
