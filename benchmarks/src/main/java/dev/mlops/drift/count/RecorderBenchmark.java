package dev.mlops.drift.count;

import dev.mlops.inference.Traffic;
import dev.mlops.model.ElementType;
import dev.mlops.observe.Observation;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.DoubleRecorder;
import org.apache.datasketches.kll.KllFloatsSketch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * Recording a row of 30 floats, and of 30 floats and five texts, beside the least one could do with
 * them and beside what others count with. The rows are many and gone through in turn: a processor
 * learns the branches of a few.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class RecorderBenchmark {
  private static final int NUMBERS = 30;
  private static final int TEXTS = 5;
  private static final int CATEGORIES = 20;
  private static final int TRAINING = 20_000;
  private static final int ROWS = 4096;
  private static final int SLOTS = 2;

  private final double[][] edges = new double[NUMBERS][];
  private final NumberCells[] cells = new NumberCells[NUMBERS];
  private final DistributionSummary[] summaries = new DistributionSummary[NUMBERS];
  private final DistributionSummary[] percentiles = new DistributionSummary[NUMBERS];
  private final DoubleRecorder[] histograms = new DoubleRecorder[NUMBERS];
  private final Recorder numbers;
  private final Recorder numbersAndTexts;

  /** What threads can share is shared, as in a service. */
  public RecorderBenchmark() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    List<Watched> watched = new ArrayList<>();
    for (int column = 0; column < NUMBERS; column++) {
      edges[column] = edges(column);
      cells[column] = new NumberCells(edges[column]);
      watched.add(new Watched(column, cells[column], ElementType.FLOAT));
      summaries[column] = registry.summary("column" + column);
      percentiles[column] =
          DistributionSummary.builder("percentiles" + column)
              .publishPercentileHistogram()
              .register(registry);
      histograms[column] = new DoubleRecorder(2);
    }
    numbers = new Recorder(watched, SLOTS, Long.MAX_VALUE, () -> {});
    List<String> categories = new ArrayList<>();
    for (int category = 0; category < CATEGORIES; category++) {
      categories.add(new String(category(category), StandardCharsets.ISO_8859_1));
    }
    for (int text = 0; text < TEXTS; text++) {
      watched.add(
          new Watched(
              NUMBERS + text, new CategoryCells(categories, List.of(), true), ElementType.TEXT));
    }
    numbersAndTexts = new Recorder(watched, SLOTS, Long.MAX_VALUE, () -> {});
  }

  /** Rows, and what a thread keeps for itself. */
  @State(Scope.Thread)
  public static class Rows implements Observation {
    private final float[] values = new float[ROWS * NUMBERS];
    private final int[] adds = new int[ROWS * NUMBERS];
    private final byte[][] texts = new byte[ROWS * TEXTS][];
    private final float[] copy = new float[NUMBERS];
    private final long[] counts = new long[NUMBERS * 128];
    private final KllFloatsSketch[] sketches = new KllFloatsSketch[NUMBERS];
    private int slot;
    private int row;

    /** Fills them. */
    @Setup
    public void fill(ThreadParams thread) {
      slot = thread.getThreadIndex();
      SplittableRandom random = new SplittableRandom(1 + slot);
      for (int i = 0; i < values.length; i++) {
        values[i] = value(i % NUMBERS, random);
        adds[i] = i % NUMBERS * 128 + random.nextInt(64);
      }
      for (int i = 0; i < texts.length; i++) {
        texts[i] = category(random.nextInt(CATEGORIES));
      }
      Arrays.setAll(sketches, column -> KllFloatsSketch.newHeapInstance());
    }

    /** Where the next row begins. */
    private int next() {
      row = (row + 1) % ROWS;
      return row * NUMBERS;
    }

    @Override
    public double number(int ignored, int column) {
      return values[row * NUMBERS + column];
    }

    @Override
    public void floats(int ignored, float[] into) {
      System.arraycopy(values, row * NUMBERS, into, 0, NUMBERS);
    }

    /** Never seen before, as a service reads it: nobody knows its hash. */
    @Override
    public String text(int ignored, int column) {
      return new String(texts[row * TEXTS + column - NUMBERS], StandardCharsets.ISO_8859_1);
    }

    @Override
    public Traffic traffic() {
      return Traffic.LIVE;
    }

    @Override
    public int slot() {
      return slot;
    }

    @Override
    public int rows() {
      return 1;
    }

    @Override
    public boolean missing(int ignored, int column) {
      return false;
    }

    @Override
    public double element(int ignored, int column, int index) {
      return number(ignored, column);
    }

    @Override
    public int size(int ignored, int column) {
      return 1;
    }

    @Override
    public double score(int ignored) {
      return Double.NaN;
    }

    @Override
    public Optional<String> key() {
      return Optional.empty();
    }

    @Override
    public Optional<String> segment() {
      return Optional.empty();
    }

    @Override
    public String receipt(int ignored) {
      return "";
    }
  }

  /**
   * Normal, lognormal, even, whole numbers, half zeros, in turn; none below zero, for the others.
   */
  private static float value(int column, SplittableRandom random) {
    return (float)
        switch (column % 5) {
          case 0 -> Math.max(0, 10 + 2 * random.nextGaussian());
          case 1 -> Math.exp(2 + random.nextGaussian());
          case 2 -> 100 * random.nextDouble();
          case 3 -> Math.max(0, Math.rint(20 + 8 * random.nextGaussian()));
          default -> random.nextBoolean() ? 0 : random.nextDouble();
        };
  }

  /** 64 quantiles, point masses and the ends, as a baseline has them. */
  private static double[] edges(int column) {
    SplittableRandom random = new SplittableRandom(100 + column);
    float[] sorted = new float[TRAINING];
    for (int i = 0; i < TRAINING; i++) {
      sorted[i] = value(column, random);
    }
    Arrays.sort(sorted);
    TreeSet<Double> edges = new TreeSet<>();
    edges.add((double) Math.nextDown(sorted[0]));
    edges.add((double) sorted[TRAINING - 1]);
    for (int quantile = 1; quantile < 64; quantile++) {
      int at = (quantile * TRAINING + 63) / 64 - 1;
      edges.add((double) sorted[at]);
      if (sorted[Math.max(at - TRAINING / 64, 0)] == sorted[at]) {
        edges.add((double) Math.nextDown(sorted[at]));
      }
    }
    return edges.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static byte[] category(int number) {
    return ("category " + (char) ('a' + number)).getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The floor of keeping anything: the row's copy. */
  @Benchmark
  public float[] copy(Rows rows) {
    System.arraycopy(rows.values, rows.next(), rows.copy, 0, NUMBERS);
    return rows.copy;
  }

  /** The floor of counting: the cells are known. */
  @Benchmark
  public void adds(Rows rows) {
    int at = rows.next();
    for (int column = 0; column < NUMBERS; column++) {
      rows.counts[rows.adds[at + column]]++;
    }
  }

  /** Bare look-up and add. */
  @Benchmark
  public void lookUp(Rows rows) {
    int at = rows.next();
    for (int column = 0; column < NUMBERS; column++) {
      rows.counts[column * 128 + cells[column].cell(rows.values[at + column])]++;
    }
  }

  /** The same by binary search. */
  @Benchmark
  public void binarySearch(Rows rows) {
    int at = rows.next();
    for (int column = 0; column < NUMBERS; column++) {
      int found = Arrays.binarySearch(edges[column], rows.values[at + column]);
      rows.counts[column * 128 + (found < 0 ? -found - 1 : found)]++;
    }
  }

  /** Ours, 30 numbers. */
  @Benchmark
  public void record(Rows rows) {
    rows.next();
    numbers.record(rows);
  }

  /** Making the texts that {@link #recordWithTexts} reads: theirs, not ours. */
  @Benchmark
  public int texts(Rows rows) {
    rows.next();
    int length = 0;
    for (int text = 0; text < TEXTS; text++) {
      length += rows.text(0, NUMBERS + text).length();
    }
    return length;
  }

  /** Ours, 30 numbers and five texts. */
  @Benchmark
  public void recordWithTexts(Rows rows) {
    rows.next();
    numbersAndTexts.record(rows);
  }

  /** Micrometer: count, sum and greatest. */
  @Benchmark
  public void micrometer(Rows rows) {
    int at = rows.next();
    for (int column = 0; column < NUMBERS; column++) {
      summaries[column].record(rows.values[at + column]);
    }
  }

  /** Micrometer with its histogram. */
  @Benchmark
  public void micrometerHistogram(Rows rows) {
    int at = rows.next();
    for (int column = 0; column < NUMBERS; column++) {
      percentiles[column].record(rows.values[at + column]);
    }
  }

  /** HdrHistogram, which threads may share, with two digits. */
  @Benchmark
  public void hdrHistogram(Rows rows) {
    int at = rows.next();
    for (int column = 0; column < NUMBERS; column++) {
      histograms[column].recordValue(rows.values[at + column]);
    }
  }

  /** DataSketches KLL, k = 200; a sketch a thread, since they cannot be shared. */
  @Benchmark
  public void kll(Rows rows) {
    int at = rows.next();
    for (int column = 0; column < NUMBERS; column++) {
      rows.sketches[column].update(rows.values[at + column]);
    }
  }
}
