package dev.mlops.drift.baseline;

import dev.mlops.drift.Fixtures;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import java.nio.file.Path;

/** The storms that the golden file was made of, in a schema with every kind of column. */
final class Storms {
  static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("features", ElementType.FLOAT, "long", "wind_change_6h", "pressure_change_6h")
          .input("lat", ElementType.DOUBLE)
          .input("wind", ElementType.FLOAT16)
          .input("pressure", ElementType.INT32)
          .input("ids", ElementType.INT32, "month", "row_id")
          .input("hour", ElementType.UINT8)
          .input("status", ElementType.TEXT)
          .input("name", ElementType.TEXT)
          .input("intensifies", ElementType.BOOL)
          .optional("wind_change_6h", "pressure_change_6h")
          .categorical("month", "row_id")
          .output("probability", ElementType.FLOAT)
          .score("probability")
          .build();

  /** Answers the same on every machine, which no engine promises. */
  static final ModelHandle<Row, Row> SCORER =
      ModelHandle.of(row -> Row.of("probability", (float) (row.number("wind") / 165)));

  private Storms() {}

  static Path train() {
    return Fixtures.committed("datasets/storms/train.csv");
  }
}
