package dev.mlops.benchmarks;

import ai.onnxruntime.OrtEnvironment;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Function;

/**
 * Ours beside everyone else on tabular models, as tables and pictures: {@code tabular.md} with
 * {@code tabular-calls.svg}, {@code tabular-batches.svg} and {@code tabular-among.svg}, and {@code
 * tabular-first.svg} with some of it. Each subject has a JVM of its own, where a {@link Contest} is
 * held.
 */
public final class Rivals {
  private static final Map<String, String> SUBJECTS = new LinkedHashMap<>();

  static {
    SUBJECTS.put("gbt-100x6", "Boosted trees, 100 to a depth of 6");
    SUBJECTS.put("gbt-500x8", "Boosted trees, 500 to a depth of 8");
    SUBJECTS.put("leafwise-500x31", "Boosted trees, 500 of 31 leaves, uneven");
    SUBJECTS.put("random-100x6", "Random forest, 100 to a depth of 6");
    SUBJECTS.put("logistic", "Logistic regression with scaling");
    SUBJECTS.put("network", "Network 30-64-32");
    SUBJECTS.put("adult-1", "Logistic regression, 6 numbers and 8 texts");
    SUBJECTS.put("adult-2", "Boosted trees, 6 numbers and 8 texts");
  }

  /** What the project's first page shows. */
  private static final Set<String> FIRST_SUBJECTS =
      Set.of("gbt-100x6", "logistic", "network", "adult-1");

  private static final Set<String> FIRST_CONTENDERS =
      Set.of(
          "predict, plain Java",
          "predict, ONNX Runtime",
          "tuned ONNX Runtime",
          "typical ONNX Runtime",
          "DJL");

  private static final List<String> STARTED = List.of("logistic", "gbt-100x6");

  /** Nanoseconds, and bytes or -1. */
  private record Time(double p10, double median, long bytes) {}

  /** What a subject's JVM told. */
  private static final class Found {
    private final Map<String, Map<String, Time>> times = new LinkedHashMap<>();
    private final Map<String, double[]> among = new LinkedHashMap<>();
    private final Map<String, String> out = new LinkedHashMap<>();
    private String trees = "";
    private double off;

    void read(String[] words) {
      switch (words[1]) {
        case "trees" -> trees = words[2];
        case "check" -> off = Math.max(off, Double.parseDouble(words[3]));
        case "out" -> out.put(words[2], words[3]);
        case "time" ->
            times
                .computeIfAbsent(words[2], name -> new LinkedHashMap<>())
                .put(
                    words[3] + "x" + words[4],
                    new Time(
                        Double.parseDouble(words[5]),
                        Double.parseDouble(words[6]),
                        Long.parseLong(words[7])));
        case "among" ->
            among.put(
                words[2],
                new double[] {Double.parseDouble(words[3]), Double.parseDouble(words[4])});
        default -> {} // for people who look at the lines themselves
      }
    }
  }

  private final boolean quick;
  private final String fixtures;
  private final StringBuilder page = new StringBuilder();

  private Rivals(boolean quick, String fixtures) {
    this.quick = quick;
    this.fixtures = fixtures;
  }

  /**
   * Takes {@code quick} for a minute's run whose figures mean little; {@code fixtures=} and the
   * folder with adult's model and rows, without which that is left out; {@code to=} and the folder
   * to write to, {@code docs/proof} unless said, or {@code benchmarks/target} if quick; and names
   * of subjects, without which all have their turn.
   */
  public static void main(String[] args) throws Exception {
    boolean quick = false;
    String fixtures = "";
    Path to = null;
    List<String> subjects = new ArrayList<>();
    for (String arg : args) {
      if (arg.equals("quick")) {
        quick = true;
      } else if (arg.startsWith("fixtures=")) {
        fixtures = arg.substring("fixtures=".length());
      } else if (arg.startsWith("to=")) {
        to = Path.of(arg.substring("to=".length()));
      } else if (SUBJECTS.containsKey(arg)) {
        subjects.add(arg);
      } else {
        throw new IllegalArgumentException(
            arg + " is neither quick, fixtures=, to= nor one of " + SUBJECTS.keySet());
      }
    }
    if (to == null) {
      to = Path.of(quick ? "benchmarks/target" : "docs/proof");
    }
    if (!Files.isDirectory(to)) {
      throw new IllegalArgumentException("there is no folder " + to.toAbsolutePath());
    }
    new Rivals(quick, fixtures)
        .run(subjects.isEmpty() ? List.copyOf(SUBJECTS.keySet()) : subjects, to);
  }

  private void run(List<String> subjects, Path to) throws Exception {
    Map<String, Found> all = new LinkedHashMap<>();
    for (String subject : subjects) {
      if (subject.startsWith("adult") && !Files.isDirectory(Path.of(fixtures, "models", "adult"))) {
        System.out.println(subject + " is left out; it needs fixtures=");
        continue;
      }
      System.out.println(subject);
      all.put(subject, contest(subject));
    }
    head();
    all.forEach(this::section);
    starts();
    Files.writeString(to.resolve("tabular.md"), page.toString());
    write(
        to.resolve("tabular-calls.svg"),
        "One call of one row on one thread: p10, and a line to the median",
        all,
        found -> times(found, 1));
    Map<String, Found> some = new LinkedHashMap<>(all);
    some.keySet().retainAll(FIRST_SUBJECTS);
    write(
        to.resolve("tabular-first.svg"),
        "One call, from record to record: p10, and a line to the median",
        some,
        found ->
            times(found, 1).stream().filter(bar -> FIRST_CONTENDERS.contains(bar.name())).toList());
    write(
        to.resolve("tabular-batches.svg"),
        "A row in a batch of 64 on one thread: p10, and a line to the median",
        all,
        found -> times(found, 64));
    write(
        to.resolve("tabular-among.svg"),
        "One call of one row among other work: p50, and a line to the p99",
        all,
        found ->
            found.among.entrySet().stream()
                .map(it -> bar(it.getKey(), it.getValue()[0], it.getValue()[1]))
                .toList());
    System.out.println("written to " + to.toAbsolutePath().normalize());
  }

  private static void write(
      Path file, String title, Map<String, Found> all, Function<Found, List<Bars.Bar>> bars)
      throws IOException {
    Bars picture = new Bars(title, "µs");
    all.forEach((subject, found) -> picture.panel(title(subject), bars.apply(found)));
    Files.writeString(file, picture.svg());
  }

  /** Per row. */
  private static List<Bars.Bar> times(Found found, int rows) {
    List<Bars.Bar> bars = new ArrayList<>();
    found.times.forEach(
        (name, times) -> {
          Time time = times.get("1x" + rows);
          if (time != null) {
            bars.add(bar(name, time.p10() / rows, time.median() / rows));
          }
        });
    return bars;
  }

  private static String title(String subject) {
    return SUBJECTS.getOrDefault(subject, subject);
  }

  private static Bars.Bar bar(String name, double nanos, double upTo) {
    return new Bars.Bar(name, nanos / 1000, upTo / 1000, ours(name));
  }

  private static boolean ours(String name) {
    return name.startsWith(Contest.PREDICT)
        || name.startsWith(Contest.RECORDED)
        || name.startsWith(Contest.SLOT);
  }

  private Found contest(String subject) throws IOException, InterruptedException {
    Process process =
        Report.freshJvm(
            List.of("-Dai.djl.offline=true", "-Dslf4j.internal.verbosity=ERROR"),
            Contest.class,
            List.of(subject, quick ? "quick" : "full", fixtures));
    Found found = new Found();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("@\t")) { // libraries may print too
          System.out.println(line.substring(2));
          found.read(line.split("\t", -1));
        }
      }
    }
    int code = process.waitFor();
    if (code != 0) {
      found.out.put("the run", "ended with " + code + ": some figures are missing");
    }
    return found;
  }

  private void head() throws IOException {
    line("# Tabular models: ours beside everyone else");
    line("");
    if (quick) {
      line("**A quick run, to see that all works: its figures mean little.**");
      line("");
    }
    line("![One call of one row on one thread, by model and contender](tabular-calls.svg)");
    line("");
    line("![A row in a batch of 64 on one thread, by model and contender](tabular-batches.svg)");
    line("");
    line("![One call of one row among other work, by model and contender](tabular-among.svg)");
    line("");
    line(
        "%s; %d processors of %s, %s; %s %s; ONNX Runtime %s.",
        LocalDate.now(ZoneOffset.UTC)
            .format(DateTimeFormatter.ofPattern("d MMMM uuuu", Locale.ENGLISH)),
        Runtime.getRuntime().availableProcessors(),
        processor(),
        System.getProperty("os.name"),
        System.getProperty("java.vm.name"),
        System.getProperty("java.runtime.version"),
        OrtEnvironment.getEnvironment().getVersion());
    line("");
    line(
        "All contenders of a model score the same %,d rows in turn, in one JVM a model, on one and"
            + " on two threads. They first have to give the same answers as tuned ONNX Runtime,"
            + " each within %s; who does not is named and not timed. Then they take turns in slices"
            + " of 2 ms, in an order that is drawn anew each round. Told is what a call takes each"
            + " thread, in µs, as the 10th percentile / the median of the slices: the first is what"
            + " it costs when the machine is left alone. *Among other work* are %,d single calls,"
            + " p50 / p99, each after a walk over 4 MB with a branch at every cache line.",
        Subject.ROWS, Contest.TOLERANCE, Contest.calls(quick));
    line("");
    line("| contender | what it is | licence, download |");
    line("| --- | --- | --- |");
    line("| %s… | our whole call, from record to record | Apache-2.0 |", Contest.PREDICT);
    line("| %s… | the same, with its values counted for drift | |", Contest.RECORDED);
    line("| %s… | the engine alone: the record is put into its input, it runs | |", Contest.SLOT);
    line(
        "| %s | by hand, from record to record: reused buffers, pinned output, one intra-op thread,"
            + " no arena, a session a thread | MIT; 43 MB, native |",
        Contest.TUNED);
    line("| %s | by hand, as its examples show: default options, arrays | |", Contest.TYPICAL);
    line(
        "| %s %s | a predictor a thread, default options, on the same ONNX Runtime; from rows as"
            + " `float[]` | Apache-2.0; 6 MB more |",
        Contest.DJL, ai.djl.engine.Engine.getDjlVersion());
    for (Rival rival : ServiceLoader.load(Rival.class)) {
      line("| %s | from rows as arrays | %s |", rival.name(), rival.terms());
    }
    line("");
    line(
        "Trees are grown from a seed on other rows than those scored, each split at a random"
            + " quantile of the rows that come by it, so that rows spread over the leaves, and are"
            + " written in the format of each library. JPMML is left out for its licence (AGPL-3.0).");
    line("");
  }

  private static String processor() throws IOException {
    Path file = Path.of("/proc/cpuinfo");
    if (!Files.exists(file)) {
      return System.getProperty("os.arch");
    }
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    }
  }

  private void section(String subject, Found found) {
    line("## %s", title(subject));
    line("");
    if (!found.trees.isEmpty()) {
      line("%s.", found.trees.substring(0, 1).toUpperCase(Locale.ROOT) + found.trees.substring(1));
    }
    line("Answers differ by at most %.1e.", found.off);
    found.out.forEach((name, why) -> line("%nNot timed: %s %s.", name, why));
    line("");
    line(
        "| | 1 row | 8 | 64 | 512 | 2 threads: 1 row | 8 | 64 | 512 | among other work | bytes a call |");
    line("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    found.times.forEach(
        (name, times) -> {
          StringBuilder cells = new StringBuilder("| ").append(name);
          for (int threads = 1; threads <= 2; threads++) {
            for (int rows : Contest.BATCHES) {
              Time time = times.get(threads + "x" + rows);
              cells.append(" | ").append(time == null ? "" : pair(time.p10(), time.median()));
            }
          }
          double[] among = found.among.get(name);
          cells.append(" | ").append(among == null ? "" : pair(among[0], among[1]));
          Time one = times.get("1x1");
          cells.append(" | ").append(one == null ? "" : one.bytes());
          line("%s |", cells);
        });
    line("");
  }

  private static String pair(double nanos, double more) {
    return Bars.number(nanos / 1000) + " / " + Bars.number(more / 1000);
  }

  private void starts() throws IOException, InterruptedException {
    int starts = quick ? 1 : 10;
    line("## First prediction of a fresh JVM");
    line("");
    line("Median of %d JVMs, ms.", starts);
    line("");
    line("| | %s | all, from `main` |", String.join(" | ", FirstPrediction.PHASES));
    line("| --- |%s", " --- |".repeat(FirstPrediction.PHASES.length + 1));
    for (String name : STARTED) {
      Subject<?> subject = Subject.of(name);
      String file = subject.file.toString();
      for (String engine : Engines.NAMES) {
        if (Contenders.declines(subject, Engines.of(engine)).isPresent()) {
          continue;
        }
        StringBuilder cells = new StringBuilder();
        for (double millis : Report.firstPrediction(starts, file, engine)) {
          cells.append(String.format(Locale.ROOT, " %.1f |", millis));
        }
        line("| %s, %s |%s", title(name), engine, cells);
      }
    }
  }

  private void line(String form, Object... values) {
    page.append(String.format(Locale.ROOT, form, values)).append('\n');
  }
}
