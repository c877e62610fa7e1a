package dev.mlops.runtime.rollout;

import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.rollout.Candidate;
import dev.mlops.store.StoredVersion;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A candidate that answers from functions. */
record FakeCandidate(
    StoredVersion version,
    ModelSchema described,
    Optional<Version> active,
    Optional<ModelSchema> activeSchema,
    UnaryOperator<List<Row>> model,
    UnaryOperator<List<Row>> activeModel)
    implements Candidate {

  /** One whose model is a function of a row, and nothing serves. */
  static FakeCandidate of(StoredVersion version, Function<Row, Row> model) {
    return new FakeCandidate(
        version,
        version.schema(),
        Optional.empty(),
        Optional.empty(),
        each(model),
        rows -> {
          throw new IllegalStateException("nothing serves");
        });
  }

  /** The same, while version 1.0.0 serves. */
  FakeCandidate against(ModelSchema schema, Function<Row, Row> serving) {
    Version one = new Version("storms", "1.0.0", "sha256:" + "1".repeat(64));
    return new FakeCandidate(
        version, described, Optional.of(one), Optional.of(schema), model, each(serving));
  }

  /** The same with another schema in the model's own files. */
  FakeCandidate describedAs(ModelSchema own) {
    return new FakeCandidate(version, own, active, activeSchema, model, activeModel);
  }

  /** The same with a model that sees the whole batch. */
  FakeCandidate batching(UnaryOperator<List<Row>> batches) {
    return new FakeCandidate(version, described, active, activeSchema, batches, activeModel);
  }

  static UnaryOperator<List<Row>> each(Function<Row, Row> model) {
    return rows -> rows.stream().map(model).toList();
  }

  @Override
  public List<Row> predict(List<Row> rows) {
    return model.apply(rows);
  }

  @Override
  public List<Row> predictActive(List<Row> rows) {
    return activeModel.apply(rows);
  }
}
