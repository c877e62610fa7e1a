package dev.mlops.drift.count;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NumberCellsTest {
  /** Shapes that real columns have; each spreads the buckets of the look-up otherwise. */
  enum Shape {
    NORMAL,
    LONG_TAIL,
    LONG_TAIL_BELOW,
    LONG_TAILS,
    WHOLE,
    FAR_AWAY,
    TWO_PLACES,
    MOSTLY_ZERO,
    CONSTANT,
    TINY,
    OVERFLOWING;

    double next(SplittableRandom random) {
      return switch (this) {
        case NORMAL -> random.nextGaussian();
        case LONG_TAIL -> Math.exp(3 * random.nextGaussian());
        case LONG_TAIL_BELOW -> -Math.exp(3 * random.nextGaussian());
        case LONG_TAILS -> Math.tan(Math.PI * (random.nextDouble() - 0.5));
        case WHOLE -> random.nextInt(-20, 20);
        case FAR_AWAY -> 1.7e9 + random.nextInt(100_000);
        case TWO_PLACES -> random.nextBoolean() ? random.nextDouble() : -99_999;
        case MOSTLY_ZERO -> random.nextInt(4) > 0 ? 0 : random.nextGaussian();
        case CONSTANT -> 5;
        case TINY -> random.nextInt(1_000) * Double.MIN_VALUE;
        case OVERFLOWING -> (random.nextDouble() - 0.5) * 2 * Double.MAX_VALUE;
      };
    }
  }

  @ParameterizedTest
  @EnumSource
  void cell_columnOfEachShape_isThatOfABinarySearch(Shape shape) {
    SplittableRandom random = new SplittableRandom(2103);
    double[] training =
        IntStream.range(0, 4_000).mapToDouble(i -> shape.next(random)).sorted().toArray();
    double[] edges =
        IntStream.range(0, 65)
            .mapToDouble(i -> training[Math.min(i * 4_000 / 64, 3_999)])
            .flatMap(edge -> Arrays.stream(new double[] {Math.nextDown(edge), edge}))
            .sorted()
            .distinct()
            .toArray();
    NumberCells cells = new NumberCells(edges);
    for (int i = 0; i < 20_000; i++) {
      double value = shape.next(random) * (i % 10 == 0 ? 1.7 : 1);
      if (Double.isFinite(value)) {
        int found = Arrays.binarySearch(edges, value + 0.0);
        assertThat(cells.cell(value)).isEqualTo(found < 0 ? -found - 1 : found);
      }
    }
  }

  @Test
  void cell_manyEdges_isStillRight() {
    NumberCells cells = new NumberCells(IntStream.range(0, 65_535).asDoubleStream().toArray());
    for (int i = 0; i < 65_535; i++) {
      assertThat(cells.cell(i)).isEqualTo(i);
      assertThat(cells.cell(i + 0.5)).isEqualTo(i + 1);
    }
  }

  @Test
  void cell_minusZero_isZerosWhicheverTheEdgeIs() {
    for (double zero : new double[] {0.0, -0.0}) {
      NumberCells cells = new NumberCells(zero, 1);
      assertThat(cells.cell(0.0)).isEqualTo(0);
      assertThat(cells.cell(-0.0)).isEqualTo(0);
      assertThat(cells.cell(Double.MIN_VALUE)).isEqualTo(1);
      assertThat(1 / cells.edges()[0]).isEqualTo(Double.POSITIVE_INFINITY);
    }
  }

  @Test
  void cells_withoutEdges_areOneFiniteAndFourMore() {
    NumberCells cells = new NumberCells();
    assertThat(cells.size()).isEqualTo(5);
    assertThat(cells.finite()).isEqualTo(1);
    assertThat(cells.edges()).isEmpty();
    assertThat(
            new int[] {
              cells.cell(-7),
              cells.cell(Double.NEGATIVE_INFINITY),
              cells.cell(Double.POSITIVE_INFINITY),
              cells.cell(Double.NaN),
              cells.missing()
            })
        .containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void edges_areACopyBothWays() {
    double[] given = {1, 2};
    NumberCells cells = new NumberCells(given);
    given[0] = 5;
    cells.edges()[1] = 5;
    assertThat(cells.edges()).containsExactly(1, 2);
  }

  @Test
  void edges_thatDoNotAscendOrAreNoNumbers_areRefused() {
    assertThatThrownBy(() -> new NumberCells(1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("edge 1 is 1.0 after 1.0; wanted finite edges that ascend");
    assertThatThrownBy(() -> new NumberCells(Double.NaN))
        .hasMessage("edge 0 is NaN after nothing; wanted finite edges that ascend");
    assertThatThrownBy(() -> new NumberCells(0, Double.POSITIVE_INFINITY))
        .hasMessage("edge 1 is Infinity after 0.0; wanted finite edges that ascend");
    assertThatThrownBy(() -> new NumberCells(-0.0, 0.0))
        .hasMessage("edge 1 is 0.0 after -0.0; wanted finite edges that ascend");
    assertThatThrownBy(() -> new NumberCells(new double[65_536]))
        .hasMessage("65536 edges are too many; wanted at most 65535");
  }
}
