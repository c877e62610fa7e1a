package dev.mlops.benchmarks;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.runtime.ModelRuntime;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs the benchmarks so that a noisy machine does little harm, and prints the tables of {@code
 * benchmarks/README.md}: hundreds of short slices a number, of which the tenth percentile and the
 * median are told; the forks of what is compared take turns.
 */
public final class Report {
  private static final int ROUNDS = 2;
  private static final int SLICES = 150;
  private static final int STARTS = 10;
  private static final int PAIRED = 5;
  private static final String[] MODELS = {"logistic", "forest", "network", "columns"};

  private Report() {}

  /**
   * Runs the named parts, or all: check, claim, metrics, predict, pairs, threads, allocation,
   * recording, first.
   */
  public static void main(String[] args) throws Exception {
    List<String> parts =
        args.length > 0
            ? List.of(args)
            : List.of(
                "check",
                "claim",
                "metrics",
                "predict",
                "pairs",
                "threads",
                "allocation",
                "recording",
                "first");
    for (String part : parts) {
      switch (part) {
        case "check" -> check();
        case "metrics" -> {
          times(1, quiet("MetricsBenchmark"));
          times(2, quiet("MetricsBenchmark"));
        }
        case "predict" -> {
          times(1, quiet("dev.mlops.benchmarks.(Predict|Djl)Benchmark"));
          times(
              1,
              quiet("PredictBenchmark.row(OfMap)?$")
                  .param("model", "logistic")
                  .param("rowsInTurn", "32"));
        }
        case "pairs" -> pairs();
        case "threads" -> times(2, quiet("PredictBenchmark.(typical|tuned|record|row)$"));
        case "claim" -> {
          times(1, quiet("ClaimBenchmark"));
          times(2, quiet("ClaimBenchmark"));
        }
        case "allocation" -> allocation();
        case "recording" -> {
          String recording = "RecorderBenchmark|PredictBenchmark.record(ed)?$";
          times(1, quiet(recording));
          times(2, quiet(recording));
        }
        case "first" -> first();
        default -> throw new IllegalArgumentException("no part " + part);
      }
    }
  }

  /** What is compared answers the same. */
  private static void check() {
    for (String model : MODELS) {
      Subject<Object> subject = PredictBenchmark.subject(model);
      List<Row> rows = subject.rows();
      double spread = 0;
      try (ModelRuntime runtime = subject.runtime(Engines.of(Engines.ONNX_RUNTIME));
          ByHand<Object> typical = subject.typical();
          ByHand<Object> tuned = subject.tuned()) {
        ModelHandle<Object, Forecast> byRecord = subject.handle(runtime, subject.type);
        ModelHandle<Row, Forecast> byRow = subject.handle(runtime, Row.class);
        double sum = 0;
        for (int i = 0; i < Subject.ROWS; i++) {
          Object input = subject.records.get(i);
          Forecast hand = tuned.predict(input);
          // default threads may add in another order, so the typical way may differ in last bits
          float difference = typical.predict(input).probability() - hand.probability();
          spread = Math.max(spread, Math.abs(difference));
          if (!hand.equals(byRecord.predict(input).value())
              || !hand.equals(byRow.predict(rows.get(i)).value())
              || spread > 1e-5) {
            throw new IllegalStateException(model + ": row " + i + " has several answers");
          }
          sum += hand.probability();
        }
        System.out.printf(
            Locale.ROOT,
            "check %-9s %d rows, one answer; mean probability %.3f, typical within %.1e%n",
            model,
            Subject.ROWS,
            sum / Subject.ROWS,
            spread);
      }
    }
  }

  private static void times(int threads, ChainedOptionsBuilder what) throws RunnerException {
    Map<String, List<Double>> slices = new TreeMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      ChainedOptionsBuilder options =
          what.threads(threads)
              .forks(1)
              .warmupIterations(5)
              .warmupTime(TimeValue.milliseconds(400))
              .measurementIterations(SLICES)
              .measurementTime(TimeValue.milliseconds(4));
      for (RunResult run : new Runner(options.build()).run()) {
        List<Double> into = slices.computeIfAbsent(name(run), name -> new ArrayList<>());
        run.getBenchmarkResults().stream()
            .flatMap(result -> result.getIterationResults().stream())
            .map(IterationResult::getPrimaryResult)
            .forEach(result -> into.add(result.getScore()));
      }
    }
    System.out.printf("%n| %d thread(s) | p10 ns | median ns |%n| --- | --- | --- |%n", threads);
    slices.forEach(
        (name, values) -> {
          double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
          System.out.printf(
              Locale.ROOT,
              "| %s | %.1f | %.1f |%n",
              name,
              sorted[sorted.length / 10],
              sorted[sorted.length / 2]);
        });
  }

  private static void allocation() throws RunnerException {
    ChainedOptionsBuilder options =
        quiet("PredictBenchmark.(tuned|record|recorded|row)(64)?$")
            .forks(1)
            .warmupIterations(5)
            .warmupTime(TimeValue.milliseconds(400))
            .measurementIterations(3)
            .measurementTime(TimeValue.milliseconds(500))
            .addProfiler(GCProfiler.class);
    System.out.printf("%n| allocation | B |%n| --- | --- |%n");
    for (RunResult run : new Runner(options.build()).run()) {
      for (Map.Entry<String, ? extends Result<?>> result : secondary(run).entrySet()) {
        if (result.getKey().endsWith("gc.alloc.rate.norm")) {
          System.out.printf(
              Locale.ROOT, "| %s | %.0f |%n", name(run), result.getValue().getScore());
        }
      }
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // JMH has raw types here
  private static Map<String, ? extends Result<?>> secondary(RunResult run) {
    return (Map) run.getSecondaryResults();
  }

  private static ChainedOptionsBuilder quiet(String include) {
    return new OptionsBuilder()
        .include(include)
        .verbosity(VerboseMode.SILENT)
        .shouldFailOnError(true);
  }

  private static String name(RunResult run) {
    String method = run.getParams().getBenchmark();
    String model = run.getParams().getParam("model");
    String rows = run.getParams().getParam("rowsInTurn");
    return (model == null ? "" : model + " ")
        + method.substring(method.lastIndexOf('.') + 1)
        + (rows == null || rows.equals("4096") ? "" : " of " + rows);
  }

  /** Fresh JVMs, the models in turn. */
  private static void pairs() throws IOException, InterruptedException {
    double[][][] found = new double[MODELS.length][3][PAIRED];
    for (int round = 0; round < PAIRED; round++) {
      for (int model = 0; model < MODELS.length; model++) {
        String[] numbers = inFreshJvm(Pairs.class, MODELS[model]);
        for (int i = 0; i < 3; i++) {
          found[model][i][round] = Double.parseDouble(numbers[i]);
        }
      }
    }
    System.out.printf(
        "%n| pairs | tuned, p10 ns | record, p10 ns | more, median of pairs | in each JVM |%n"
            + "| --- | --- | --- | --- | --- |%n");
    for (int model = 0; model < MODELS.length; model++) {
      double[] more = found[model][2];
      String each =
          Arrays.stream(more)
              .mapToObj(ns -> "%.0f".formatted(ns))
              .collect(Collectors.joining(", "));
      double tuned = median(found[model][0]);
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f | %.0f | %.0f (%.0f %%) | %s |%n",
          MODELS[model],
          tuned,
          median(found[model][1]),
          median(more),
          100 * median(more) / tuned,
          each);
    }
  }

  private static void first() throws IOException, InterruptedException {
    double[] took = firstPrediction(STARTS, Subject.of("logistic").file.toString());
    System.out.printf("%n| first prediction | median ms |%n| --- | --- |%n");
    for (int phase = 0; phase < took.length; phase++) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f |%n",
          phase < took.length - 1 ? FirstPrediction.PHASES[phase] : "all, from main",
          took[phase]);
    }
  }

  /**
   * Medians of fresh JVMs, in ms: of each phase and of all together.
   *
   * @param arguments as {@link FirstPrediction} takes them
   */
  static double[] firstPrediction(int starts, String... arguments)
      throws IOException, InterruptedException {
    int phases = FirstPrediction.PHASES.length;
    double[][] took = new double[phases + 1][starts];
    for (int start = 0; start < starts; start++) {
      String[] numbers = inFreshJvm(FirstPrediction.class, arguments);
      for (int phase = 0; phase < phases; phase++) {
        took[phase][start] = Long.parseLong(numbers[phase]) / 1e6;
        took[phases][start] += took[phase][start];
      }
    }
    return Arrays.stream(took).mapToDouble(Report::median).toArray();
  }

  /** The numbers that a class prints. */
  private static String[] inFreshJvm(Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    Process process = freshJvm(List.of(), main, List.of(arguments));
    String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IllegalStateException("a fresh JVM failed: " + line);
    }
    return line.strip().split(" ", -1);
  }

  static Process freshJvm(List<String> options, Class<?> main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
