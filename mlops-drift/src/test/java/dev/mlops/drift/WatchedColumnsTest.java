package dev.mlops.drift;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.Counts;
import dev.mlops.drift.count.Watched;
import dev.mlops.drift.report.Evidence;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which columns of a schema are watched, and why others cannot be compared. */
class WatchedColumnsTest {
  @TempDir Path folder;

  private WatchedColumns columns(ModelSchema schema) {
    return new WatchedColumns(TestVersion.of("1", folder).as(schema));
  }

  private static ModelSchema.Builder schema() {
    return ModelSchema.builder().output("price", ElementType.FLOAT);
  }

  private static List<Evidence.Column> compared(WatchedColumns columns) {
    return columns.compare(new Counts(columns.counted()), new Rule(0.01, 0.05));
  }

  @Test
  void vector_betweenOtherColumns_isInNoReportAndShiftsNone() {
    WatchedColumns columns =
        columns(
            schema()
                .input("size", ElementType.FLOAT)
                .input("photo", ElementType.FLOAT, Shape.perRow(8, 8))
                .input("kind", ElementType.TEXT)
                .build());
    assertThat(columns.counted()).extracting(Watched::column).containsExactly(0, 2);
    assertThat(compared(columns)).extracting(Evidence.Column::name).containsExactly("size", "kind");
  }

  @Test
  void column_ofAnotherType_isNotComparedAndSaysSo() {
    Evidence.Column size =
        compared(columns(schema().input("size", ElementType.DOUBLE).build())).get(0);
    assertThat(size.compared()).isEmpty();
    assertThat(size.problem())
        .isEqualTo(
            "the baseline holds this column as FLOAT, the schema says DOUBLE; make it again with"
                + " this schema");
  }

  @Test
  void column_thatHasComeToNameThings_isNotComparedAndSaysSo() {
    Evidence.Column size =
        compared(columns(schema().input("size", ElementType.FLOAT).categorical("size").build()))
            .get(0);
    assertThat(size.problem())
        .isEqualTo(
            "the baseline holds this column as FLOAT, the schema says FLOAT that names things; make"
                + " it again with this schema");
  }

  @Test
  void column_thatTheBaselineLacks_isNotComparedAndSaysSo() {
    WatchedColumns columns =
        columns(schema().input("colour", ElementType.TEXT).input("kind", ElementType.TEXT).build());
    assertThat(compared(columns).get(0).problem())
        .isEqualTo("the baseline does not hold this column; make it again with this schema");
    assertThat(columns.counted()).extracting(Watched::column).containsExactly(1);
  }
}
