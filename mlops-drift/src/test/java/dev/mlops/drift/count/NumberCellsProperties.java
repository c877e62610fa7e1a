package dev.mlops.drift.count;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The look-up of numbers beside its definition, a count of the edges below. */
class NumberCellsProperties {
  private static final Seen GIVEN = new Seen(0, Seen.row(Double.NaN, 0.5));

  @Property(tries = 3_000, seed = "2101")
  void cell_anyValue_isTheNumberOfEdgesBelowOrItsOwn(
      @ForAll("edges") double[] edges, @ForAll("lists") List<Double> values) {
    NumberCells cells = new NumberCells(edges);
    FloatColumn column = new FloatColumn(0, cells, 0);
    List<Double> all = new ArrayList<>(values);
    for (double edge : edges) {
      float near = (float) edge;
      all.addAll(
          List.of(
              edge,
              Math.nextDown(edge),
              Math.nextUp(edge),
              (double) near,
              (double) Math.nextDown(near),
              (double) Math.nextUp(near),
              edge / 2 + Math.nextUp(near) / 2.0,
              -edge));
    }
    for (double value : all) {
      assertThat(cells.cell(value))
          .as("cell of %s in %s edges", Double.toHexString(value), edges.length)
          .isEqualTo(defined(edges, value))
          .isBetween(0, cells.size() - 2);
      float rounded = (float) value;
      assertThat(column.cell(rounded, GIVEN, 0))
          .as("cell of the float %s in %s edges", Float.toHexString(rounded), edges.length)
          .isEqualTo(defined(edges, rounded));
    }
  }

  private static int defined(double[] edges, double value) {
    if (!Double.isFinite(value)) {
      return edges.length + (Double.isNaN(value) ? 3 : value > 0 ? 2 : 1);
    }
    int below = 0;
    for (double edge : edges) {
      below += edge < value ? 1 : 0;
    }
    return below;
  }

  @Provide
  Arbitrary<double[]> edges() {
    Arbitrary<Double> wide = Arbitraries.doubles().between(-9, 9).map(Math::exp);
    return Arbitraries.oneOf(
            edges(values()),
            edges(Arbitraries.doubles().between(-5, 5)),
            edges(Arbitraries.floats().between(-5, 5).map(Float::doubleValue)),
            masses(Arbitraries.floats().between(-5, 5)),
            masses(Arbitraries.integers().between(-40, 40).map(Integer::floatValue)),
            edges(Arbitraries.integers().between(-40, 40).map(Integer::doubleValue)),
            edges(wide),
            edges(wide.map(value -> -value)),
            edges(Arbitraries.doubles().between(1e15, 1e15 + 20)),
            edges(Arbitraries.longs().between(-300, 300).map(NumberCellsProperties::besideOne)),
            edges(Arbitraries.longs().between(0, 300).map(Double::longBitsToDouble)),
            edges(Arbitraries.longs().between(0, 3).map(bits -> -Double.longBitsToDouble(bits))))
        .withoutEdgeCases();
  }

  private static Arbitrary<double[]> edges(Arbitrary<Double> from) {
    return from.list()
        .ofMaxSize(200)
        .map(
            list ->
                list.stream()
                    .mapToDouble(edge -> edge + 0.0)
                    .filter(Double::isFinite)
                    .sorted()
                    .distinct()
                    .toArray());
  }

  /** As places where many values lie bring them: each edge with another just below it. */
  private static Arbitrary<double[]> masses(Arbitrary<Float> at) {
    return at.list()
        .ofMaxSize(100)
        .map(
            list ->
                list.stream()
                    .flatMap(edge -> Stream.of(edge + 0.0, Math.nextDown(edge) + 0.0))
                    .mapToDouble(Double::doubleValue)
                    .sorted()
                    .distinct()
                    .toArray());
  }

  private static double besideOne(long steps) {
    return Double.longBitsToDouble(Double.doubleToLongBits(1) + steps);
  }

  @Provide
  Arbitrary<List<Double>> lists() {
    return values().list().ofMaxSize(50);
  }

  private static Arbitrary<Double> values() {
    return Arbitraries.oneOf(
        Arbitraries.longs().map(Double::longBitsToDouble), // of any size, NaNs too
        Arbitraries.doubles().between(-10, 10),
        Arbitraries.integers().between(-50, 50).map(Integer::doubleValue),
        Arbitraries.doubles(),
        Arbitraries.of(
            0.0,
            -0.0,
            Double.MIN_VALUE,
            -Double.MIN_VALUE,
            (double) Float.MIN_VALUE,
            (double) Float.MAX_VALUE,
            Double.MAX_VALUE,
            -Double.MAX_VALUE,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            Double.NaN));
  }
}
