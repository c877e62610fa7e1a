package dev.mlops.drift.count;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What holds of counts whatever is counted, by how many recorders and in whatever order. */
class RecorderProperties {
  private static final int SLOTS = 3;

  /** A float, a double, a number that names something, a text, and the score. */
  private static final List<Watched> COLUMNS =
      List.of(
          new Watched(0, new NumberCells(edges(64)), ElementType.FLOAT),
          new Watched(1, new NumberCells(edges(64)), ElementType.DOUBLE),
          new Watched(2, categories(), ElementType.INT64),
          new Watched(3, categories(), ElementType.TEXT),
          new Watched(Watched.SCORE, new NumberCells(0.25, 0.5, 0.75), ElementType.FLOAT));

  private static double[] edges(int count) {
    double[] edges = new double[count];
    Arrays.setAll(edges, i -> (float) ((i - count / 2) * 0.3));
    return edges;
  }

  private static CategoryCells categories() {
    return new CategoryCells(List.of("0", "1", "2", "3", "NaN", ""), List.of("4", "5"), true);
  }

  @Property(tries = 500, seed = "2107", edgeCases = EdgeCasesMode.NONE)
  void record_anyRows_eachValueIsInOneCellAndTheSumIsTheRows(@ForAll("rows") List<Object[]> rows) {
    Counts counts = recorded(rows, 1, new Random(1));
    assertThat(counts.lost()).isZero();
    assertSums(counts, rows.size());
  }

  @Property(tries = 200, seed = "2108", edgeCases = EdgeCasesMode.NONE)
  void record_oneColumnOfOneKind_isInOneCell(
      @ForAll("values") Object value, @ForAll @IntRange(max = 50) int times) {
    List<Object[]> rows = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      rows.add(Seen.row(value, value, null, null, value == null ? Double.NaN : value));
    }
    Counts counts = recorded(rows, 1, new Random(1));
    for (int column = 0; column < COLUMNS.size(); column++) {
      assertThat(Arrays.stream(counts.column(column)).max()).hasValue(times);
    }
    assertSums(counts, times);
  }

  @Property(tries = 500, seed = "2109", edgeCases = EdgeCasesMode.NONE)
  void record_float32AsItselfAndInADoubleColumn_givesTheSameCounts(
      @ForAll("rows") List<Object[]> rows) {
    for (Object[] row : rows) {
      if (row[0] != null) {
        row[0] = (double) (float) (double) (Double) row[0];
      }
      row[1] = row[0];
    }
    Counts counts = recorded(rows, 1, new Random(1));
    assertThat(counts.column(1)).isEqualTo(counts.column(0));
  }

  @Property(tries = 300, seed = "2110", edgeCases = EdgeCasesMode.NONE)
  void add_anySplitAnyOrder_givesTheSameCounts(
      @ForAll("rows") List<Object[]> rows,
      @ForAll @IntRange(min = 1, max = 64) int recorders,
      @ForAll long seed) {
    assertSame(recorded(rows, recorders, new Random(seed)), recorded(rows, 1, new Random(1)));
  }

  @Example
  void add_millionRowsOfMillionCategoriesOver64Recorders_givesTheSameCounts() {
    SplittableRandom random = new SplittableRandom(2111);
    List<Object[]> rows = new ArrayList<>();
    for (int i = 0; i < 1_000_000; i++) {
      double number = 4 * random.nextGaussian();
      rows.add(
          Seen.row(
              (double) (float) number,
              number,
              (double) random.nextInt(1_000_000),
              "category " + i,
              random.nextDouble()));
    }
    Counts one = recorded(rows, 1, new Random(1));
    assertSums(one, rows.size());
    assertThat(one.column(3)[categories().unseen()]).isEqualTo(1_000_000);
    assertSame(recorded(rows, 64, new Random(2112)), one);
    assertSame(recorded(rows, 7, new Random(2113)), one);
  }

  /** By these recorders at random, each drained now and then, the drains added in random order. */
  private static Counts recorded(List<Object[]> rows, int recorders, Random random) {
    List<Recorder> all = new ArrayList<>();
    for (int i = 0; i < recorders; i++) {
      all.add(new Recorder(COLUMNS, SLOTS, 1, () -> {}));
    }
    List<Counts> drained = new ArrayList<>();
    for (int from = 0; from < rows.size(); ) {
      int to = Math.min(from + 1 + random.nextInt(20), rows.size());
      Recorder recorder = all.get(random.nextInt(recorders));
      recorder.record(
          new Seen(random.nextInt(SLOTS), rows.subList(from, to).toArray(Object[][]::new)));
      if (random.nextInt(50) == 0) {
        drained.add(drained(recorder));
      }
      from = to;
    }
    all.forEach(recorder -> drained.add(drained(recorder)));
    Collections.shuffle(drained, random);
    Counts sum = new Counts(COLUMNS);
    drained.forEach(sum::add);
    return sum;
  }

  private static Counts drained(Recorder recorder) {
    Counts counts = new Counts(COLUMNS);
    recorder.drain(counts);
    return counts;
  }

  private static void assertSums(Counts counts, long rows) {
    assertThat(counts.rows()).isEqualTo(rows);
    for (int column = 0; column < COLUMNS.size(); column++) {
      assertThat(Arrays.stream(counts.column(column)).sum()).isEqualTo(rows);
    }
  }

  private static void assertSame(Counts counts, Counts wanted) {
    assertThat(counts.rows()).isEqualTo(wanted.rows());
    assertThat(counts.lost()).isEqualTo(wanted.lost());
    for (int column = 0; column < COLUMNS.size(); column++) {
      assertThat(counts.column(column)).isEqualTo(wanted.column(column));
    }
  }

  @Provide
  Arbitrary<List<Object[]>> rows() {
    Arbitrary<Object> names =
        Arbitraries.oneOf(
            Arbitraries.integers().between(-1, 7).map(Integer::doubleValue),
            Arbitraries.just(null));
    Arbitrary<Object> texts =
        Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(3),
            Arbitraries.integers().between(-1, 7).map(String::valueOf),
            Arbitraries.just(null));
    return Combinators.combine(values(), values(), names, texts, Arbitraries.doubles())
        .as(Seen::row)
        .list()
        .ofMaxSize(200);
  }

  @Provide
  Arbitrary<Object> values() {
    return Arbitraries.oneOf(
        Arbitraries.doubles().between(-12, 12),
        Arbitraries.integers().between(-12, 12).map(Integer::doubleValue),
        Arbitraries.longs().map(Double::longBitsToDouble),
        Arbitraries.of(
            0.0,
            -0.0,
            Double.MIN_VALUE,
            -Double.MIN_VALUE,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            Double.NaN),
        Arbitraries.just(null));
  }
}
