package dev.mlops.drift.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/**
 * What the cells promise of data of any shape. The largest interior mass is the baseline's share of
 * finite values in the fullest cell between the guards: what the grid can hide of a distance.
 */
final class CellsProperties {
  private static final double ROUNDING = 1e-12;

  /** Ways in which training and served values may lie. */
  enum Shape {
    NORMAL,
    LOGNORMAL,
    UNIFORM,
    WHOLE_WITH_TIES,
    HALF_ONE_VALUE,
    MOSTLY_ONE_VALUE_BETWEEN,
    CONSTANT,
    HEAVY_TAILS,
    SUBNORMAL;

    double next(Random random, double shift) {
      double normal = random.nextGaussian() + shift;
      return switch (this) {
        case NORMAL -> normal;
        case LOGNORMAL -> Math.exp(normal);
        case UNIFORM -> random.nextDouble() + shift;
        case WHOLE_WITH_TIES -> Math.rint(normal * 3);
        case HALF_ONE_VALUE -> random.nextBoolean() ? 0.1 : normal;
        case MOSTLY_ONE_VALUE_BETWEEN -> random.nextInt(20) == 0 ? normal : 0.3;
        case CONSTANT -> 7.7 + Math.rint(shift);
        case HEAVY_TAILS -> Math.tan(Math.PI * (random.nextDouble() - 0.5)) + shift;
        case SUBNORMAL -> Math.rint(normal * 5) * Double.MIN_VALUE;
      };
    }

    double[] sample(long seed, int size, double shift) {
      Random random = new Random(seed);
      return DoubleStream.generate(() -> next(random, shift)).limit(size).toArray();
    }
  }

  // ---- the grid and the raw distance ----

  @Property(seed = "21", tries = 2_000, edgeCases = EdgeCasesMode.NONE)
  void gridDistance_ofNumbers_isBelowTheRawOneByTheLargestInteriorMassAtMost(
      @ForAll Shape shape,
      @ForAll("measured") ElementType type,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 3000) int rows,
      @ForAll @IntRange(min = 1, max = 1500) int served,
      @ForAll("shifts") double shift) {
    double[] then = rounded(shape.sample(seed, rows, 0), type);
    double[] now = rounded(shape.sample(seed + 1, served, shift), type);
    ColumnBaseline column = ColumnBaseline.ofNumbers("x", type, then, 0);

    double raw = rawDistance(then, now);
    double grid = gridDistance(column, now);

    assertThat(grid).isLessThanOrEqualTo(raw + ROUNDING);
    // what holds one value of the type alone hides nothing
    double hidden = largestInteriorMass(column, type, false);
    assertThat(raw).isLessThanOrEqualTo(grid + hidden + ROUNDING);
    if (rows >= 64 && type != ElementType.FLOAT16) {
      assertThat(hidden).as("a mass that is no point").isLessThan(2.0 / 64 + 1.0 / rows);
    }
  }

  @Property(seed = "22", tries = 1_000, edgeCases = EdgeCasesMode.NONE)
  void gridDistance_ofScores_isBelowTheRawOneByTheLargestInteriorMassAtMost(
      @ForAll Shape shape,
      @ForAll("measured") ElementType type,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 3000) int rows,
      @ForAll @IntRange(min = 1, max = 1500) int served,
      @ForAll("shifts") double shift) {
    double[] then = rounded(shape.sample(seed, rows, 0), type);
    double[] now = rounded(shape.sample(seed + 1, served, shift), type);
    ColumnBaseline column = ColumnBaseline.ofScores("p", type, then, 0);

    double raw = rawDistance(then, now);
    double grid = gridDistance(column, now);

    assertThat(grid).isLessThanOrEqualTo(raw + ROUNDING);
    assertThat(raw).isLessThanOrEqualTo(grid + largestInteriorMass(column, type, true) + ROUNDING);
  }

  @Property(seed = "23", tries = 500, edgeCases = EdgeCasesMode.NONE)
  void distance_ofTheTrainingDataItself_isNone(
      @ForAll Shape shape,
      @ForAll("measured") ElementType type,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 3000) int rows) {
    double[] then = shape.sample(seed, rows, 0);
    for (ColumnBaseline column :
        List.of(
            ColumnBaseline.ofNumbers("x", type, then, 0),
            ColumnBaseline.ofScores("x", type, then, 0))) {
      assertThat(gridDistance(column, rounded(then, type))).isZero();
    }
  }

  // ---- one type, one set of cells ----

  @Property(seed = "24", tries = 500, edgeCases = EdgeCasesMode.NONE)
  void identicalData_asDoublesAndAsFloats_haveIdenticalCounts(
      @ForAll Shape shape, @ForAll long seed, @ForAll @IntRange(min = 1, max = 3000) int rows) {
    double[] doubles = shape.sample(seed, rows, 0);
    double[] floats = rounded(doubles, ElementType.FLOAT);

    ColumnBaseline fromDoubles = ColumnBaseline.ofNumbers("x", ElementType.FLOAT, doubles, 0);
    ColumnBaseline fromFloats = ColumnBaseline.ofNumbers("x", ElementType.FLOAT, floats, 0);

    assertThat(fromDoubles).usingRecursiveComparison().isEqualTo(fromFloats);
    // and what is served as float32 falls where training had it
    long[] served = new long[fromDoubles.cells().size()];
    for (double value : floats) {
      served[((NumberCells) fromDoubles.cells()).cell(value)]++;
    }
    assertThat(served).isEqualTo(fromDoubles.counts());
  }

  // ---- every value in one cell ----

  @Property(seed = "25", tries = 1_000)
  void everyValue_landsInTheCellThatHoldsIt_andTheSumIsTheRows(
      @ForAll List<@From("values") Double> values,
      @ForAll("measured") ElementType type,
      @ForAll @LongRange(min = 0, max = 1000) long missing) {
    double[] all = values.stream().mapToDouble(value -> value).toArray();
    for (ColumnBaseline column :
        List.of(
            ColumnBaseline.ofNumbers("x", type, all, missing),
            ColumnBaseline.ofScores("x", type, all, missing))) {
      NumberCells cells = (NumberCells) column.cells();
      long[] counts = new long[cells.size()];
      for (double value : rounded(all, type)) {
        counts[cells.cell(value)]++;
      }
      counts[cells.missing()] += missing;
      assertThat(column.counts()).isEqualTo(counts);
      assertThat(column.rows()).isEqualTo(all.length + missing);
    }
  }

  @Property(seed = "26", tries = 1_000)
  void guards_areEmptyInTraining(
      @ForAll List<@From("values") Double> values, @ForAll("measured") ElementType type) {
    double[] finite =
        Arrays.stream(values.stream().mapToDouble(value -> value).toArray())
            .filter(value -> Math.abs(value) < Double.MAX_VALUE)
            .toArray();
    ColumnBaseline column = ColumnBaseline.ofNumbers("x", type, finite, 0);
    NumberCells cells = (NumberCells) column.cells();
    if (cells.finite() > 1) {
      assertThat(column.counts()[0]).isZero();
      assertThat(column.counts()[cells.finite() - 1]).isZero();
    }
  }

  @Provide
  Arbitrary<ElementType> measured() {
    return Arbitraries.of(ElementType.FLOAT, ElementType.DOUBLE, ElementType.FLOAT16);
  }

  @Provide
  Arbitrary<Double> shifts() {
    return Arbitraries.of(0.0, 0.02, 0.2, 1.0, -3.0);
  }

  @Provide
  Arbitrary<Double> values() {
    return Arbitraries.oneOf(
        Arbitraries.of(
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            -0.0,
            0.0,
            Double.MIN_VALUE,
            -Double.MIN_VALUE,
            (double) Float.MIN_VALUE,
            Double.MAX_VALUE,
            -Double.MAX_VALUE,
            (double) Float.MAX_VALUE,
            1.0,
            0.1),
        Arbitraries.integers().between(-3, 3).map(Integer::doubleValue),
        Arbitraries.longs().map(Double::longBitsToDouble));
  }

  private static double[] rounded(double[] values, ElementType type) {
    return Arrays.stream(values).map(value -> read(value, type)).toArray();
  }

  /** What the model reads, by the JDK's own rounding where it has one. */
  private static double read(double value, ElementType type) {
    return switch (type) {
      case FLOAT -> (float) value;
      case FLOAT16 -> Precision.round(value, type);
      default -> value;
    };
  }

  /** Kolmogorov and Smirnov's distance of the values themselves. */
  private static double rawDistance(double[] then, double[] now) {
    double[] a = sorted(then);
    double[] b = sorted(now);
    double distance = 0;
    int i = 0;
    int j = 0;
    while (i < a.length && j < b.length) {
      double value = Math.min(a[i], b[j]);
      while (i < a.length && a[i] == value) {
        i++;
      }
      while (j < b.length && b[j] == value) {
        j++;
      }
      distance = Math.max(distance, Math.abs((double) i / a.length - (double) j / b.length));
    }
    return distance;
  }

  private static double[] sorted(double[] values) {
    return Arrays.stream(values).map(value -> value + 0.0).sorted().toArray();
  }

  /** The same at the edges only, from counts. */
  private static double gridDistance(ColumnBaseline column, double[] now) {
    NumberCells cells = (NumberCells) column.cells();
    long[] served = new long[cells.size()];
    for (double value : now) {
      served[cells.cell(value)]++;
    }
    long rows = column.rows();
    long a = 0;
    long b = 0;
    double distance = 0;
    for (int cell = 0; cell < cells.finite() - 1; cell++) {
      a += column.counts()[cell];
      b += served[cell];
      distance = Math.max(distance, Math.abs((double) a / rows - (double) b / now.length));
    }
    return distance;
  }

  private static double largestInteriorMass(
      ColumnBaseline column, ElementType type, boolean points) {
    NumberCells cells = (NumberCells) column.cells();
    double[] edges = cells.edges();
    long largest = 0;
    for (int cell = 1; cell < edges.length; cell++) {
      double next =
          type == ElementType.FLOAT
              ? Math.nextUp((float) edges[cell - 1])
              : Math.nextUp(edges[cell - 1]);
      if (points || type == ElementType.FLOAT16 || next != edges[cell]) {
        largest = Math.max(largest, column.counts()[cell]);
      }
    }
    return (double) largest / column.rows();
  }
}
