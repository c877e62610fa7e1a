package dev.mlops.drift.count;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatColumnTest {
  /** Of any value but what is asked: whether it was left out. */
  private static final Seen GIVEN = new Seen(0, Seen.row(Double.NaN, 0.5));

  private static final Seen MISSING = new Seen(0, Seen.row(null, 0.5));

  @ParameterizedTest
  @EnumSource(NumberCellsTest.Shape.class)
  void cell_columnOfEachShape_isThatOfTheDouble(NumberCellsTest.Shape shape) {
    SplittableRandom random = new SplittableRandom(2104);
    float[] training = new float[4_000];
    for (int i = 0; i < training.length; i++) {
      training[i] =
          Math.max(-Float.MAX_VALUE, Math.min((float) shape.next(random), Float.MAX_VALUE));
    }
    Arrays.sort(training);
    double[] edges =
        IntStream.range(0, 65)
            .mapToObj(i -> training[Math.min(i * 4_000 / 64, 3_999)])
            .flatMapToDouble(edge -> DoubleStream.of(Math.nextDown(edge), edge))
            .filter(Double::isFinite)
            .map(edge -> edge + 0.0)
            .sorted()
            .distinct()
            .toArray();
    NumberCells cells = new NumberCells(edges);
    FloatColumn column = new FloatColumn(0, cells, 100);
    for (int i = 0; i < 20_000; i++) {
      float value = (float) (shape.next(random) * (i % 10 == 0 ? 1.7 : 1));
      for (float near : new float[] {value, Math.nextDown(value), Math.nextUp(value), -value}) {
        assertThat(column.cell(near, GIVEN, 0)).isEqualTo(100 + cells.cell(near));
      }
    }
  }

  @Test
  void cell_nanAndMissing_areTwo() {
    NumberCells cells = new NumberCells(0, 1);
    FloatColumn column = new FloatColumn(0, cells, 100);
    assertThat(column.cell(Float.NaN, GIVEN, 0)).isEqualTo(100 + cells.nan());
    assertThat(column.cell(Float.NaN, MISSING, 0)).isEqualTo(100 + cells.missing());
  }
}
