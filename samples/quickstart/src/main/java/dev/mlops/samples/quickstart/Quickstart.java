package dev.mlops.samples.quickstart;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;

import dev.mlops.drift.Baseline;
import dev.mlops.drift.DriftMonitor;
import dev.mlops.drift.DriftReport;
import dev.mlops.drift.Verdict;
import dev.mlops.inference.Call;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Receipt;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.rollout.QualityGate;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.runtime.store.ModelFile;
import dev.mlops.store.ModelStore;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Thirty years of Atlantic storms served in a few seconds: will the wind grow within six hours? Two
 * versions are published, the second takes over in the middle of the stream, a worse and a broken
 * one are refused, and the labels that came six hours later say which version was better.
 */
public final class Quickstart {
  private static final String ROUTE = "storms@champion";
  private static final int SWAP_YEAR = 2011;
  private static final int SERVERS = 2;

  /* A row each 0.4 ms and thread: fast enough for a story, slow enough that a swap falls between rows. */
  private static final long PACE_NANOS = 400_000;

  // spotless:off
  // region schema
  static final ModelSchema SCHEMA = ModelSchema.builder()
      .input("features", FLOAT,
          "month", "hour", "lat", "long", "wind", "pressure", "wind_change_6h", "pressure_change_6h")
      .optional("wind_change_6h", "pressure_change_6h")
      .categorical("month")
      .output("label", INT64)
      .output("probabilities", FLOAT, "0", "1")
      .score("probabilities.1")
      .build();
  // endregion
  // spotless:on

  private static final Map<String, int[]> PERIODS = new LinkedHashMap<>();

  static {
    PERIODS.put("1990-2000", new int[] {1990, 2000});
    PERIODS.put("2001-2003", new int[] {2001, 2003});
    PERIODS.put("2004-2010", new int[] {2004, 2010});
  }

  private final Path home;
  private final Path target;
  private final Path train;
  private final PrintStream out;

  /* What the service keeps beside each decision: the receipt, by row. */
  private final Map<Long, String> receipts = new ConcurrentHashMap<>();
  private final Map<Version, AtomicInteger> served = new ConcurrentHashMap<>();
  private final AtomicLong slowestNanos = new AtomicLong();
  private volatile Instant streamTime = Instant.EPOCH;

  Quickstart(Path home, Path target, PrintStream out) {
    this.home = home;
    this.target = target;
    this.train = home.resolve("data/storms-1975-1989.csv");
    this.out = out;
  }

  /** Tells the story on the terminal. */
  public static void main(String[] args) throws Exception {
    new Quickstart(Path.of(""), Path.of("target", "quickstart"), System.out).tell();
  }

  /** Tells it, and returns the last table. */
  List<Comparison> tell() throws Exception {
    clean(target);
    List<Observed> stream = Observed.read(home.resolve("data/storms-1990-2020.csv"));
    out.println();
    out.println("Atlantic storms: will the wind grow by 5 knots or more within six hours?");

    // region store
    ModelStore store = DirectoryModelStore.at(target.resolve("models"));
    // endregion
    chapter("1. A training job publishes two versions, trained on 1975 to 1989");
    say(
        "%s  logistic regression",
        publish(store, "1.0.0", "1.0.0", "first model", baseline("1.0.0")));
    say(
        "%s  gradient boosting",
        publish(store, "2.0.0", "2.0.0", "boosted trees", baseline("2.0.0")));
    say("each with a baseline: what its inputs and scores were in training");
    // region alias
    store.alias("storms", "champion").moveTo("1.0.0", "ci", "first release");
    // endregion
    say("storms@champion names 1.0.0");

    Path labelled = target.resolve("labelled-2004-2010.csv");
    // region runtime
    try (DriftMonitor drift = DriftMonitor.builder().delta(0.1).clock(() -> streamTime).build();
        ModelRuntime runtime =
            ModelRuntime.builder()
                .store(store)
                .observer(drift)
                .gate(QualityGate.on(labelled))
                .clock(() -> streamTime)
                .build()) {
      ModelHandle<Storm, Forecast> storms = runtime.model(ROUTE, Storm.class, Forecast.class);
      // endregion

      chapter("2. A service answers the storms of 1990 to 2020, from two threads");
      SwapReport swap = serveAndSwap(store, runtime, storms, stream, labelled);
      served.forEach((version, rows) -> say("%-12s answered %,6d records", version, rows.get()));
      say("none failed; the slowest took %.1f ms, the swap included", slowestNanos.get() / 1e6);
      say("2.0.0 runs on the engine %s, which is plain Java: nothing native", swap.engine());
      say("the swap in %d took %s; what decided it:", SWAP_YEAR, millis(swap.phases()));
      swap.gates()
          .forEach(gate -> say("  %-8s %-8s %s", gate.gate(), gate.outcome(), gate.evidence()));

      chapter("3. Two versions that must not serve");
      tryOut(store, runtime, storms, "3.0.0", "3.0.0", "a worse model, by mistake");
      tryOut(store, runtime, storms, "2.0.1", "broken", "a model that answers NaN");

      chapter("4. The labels came six hours later; each finds its prediction by receipt");
      List<Comparison> table = compare(runtime, stream);

      chapter("5. Was 2.0.0 asked what it was trained on?");
      watch(drift, storms, stream);
      return table;
    }
  }

  // spotless:off
  // region publish
  private Version publish(ModelStore store, String number, String folder, String why, Baseline baseline) {
    Path models = home.resolve("models").resolve(folder);
    return store.publish(ModelPackage.of("storms", number, SCHEMA)
        .model("onnx", models.resolve("model.onnx"))
        .golden(models.resolve("golden.csv"), 1e-5) // what it must answer before it may serve
        .part(baseline)                             // what was normal in training
        .lineage(facts -> facts
            .dataset("train", train)
            .parameter("note", why))
        .build());
  }
  // endregion

  // region baseline
  /* Each column of the training data counted once, and the scores the model gives it. */
  private Baseline baseline(String folder) {
    Path model = home.resolve("models").resolve(folder).resolve("model.onnx");
    try (ModelRuntime trial = ModelRuntime.over(ModelFile.at(model, SCHEMA))) {
      return Baseline.fromCsv(train, SCHEMA, trial.model("model"));
    }
  }
  // endregion
  // spotless:on

  private SwapReport serveAndSwap(
      ModelStore store,
      ModelRuntime runtime,
      ModelHandle<Storm, Forecast> storms,
      List<Observed> stream,
      Path labelled)
      throws Exception {
    ExecutorService servers = Executors.newFixedThreadPool(SERVERS);
    try {
      AtomicInteger next = new AtomicInteger();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < SERVERS; i++) {
        running.add(servers.submit(() -> serve(storms, stream, next)));
      }
      waitFor(SWAP_YEAR, running);
      // what is known by now becomes the evidence the new version is judged by
      writeLabelled(stream, labelled, streamTime);
      // region swap
      store.alias("storms", "champion").moveTo("2.0.0", "anna", "boosted trees");
      SwapReport swap = runtime.refresh(ROUTE); // calls that began on 1.0.0 finish on 1.0.0
      // endregion
      for (Future<?> server : running) {
        server.get(); // throws if a prediction failed
      }
      return swap;
    } finally {
      servers.shutdownNow();
    }
  }

  private void serve(
      ModelHandle<Storm, Forecast> storms, List<Observed> stream, AtomicInteger next) {
    for (int i = next.getAndIncrement(); i < stream.size(); i = next.getAndIncrement()) {
      Observed row = stream.get(i);
      progress(row);
      long began = System.nanoTime();
      // region predict
      Prediction<Forecast> forecast =
          storms.predict(row.storm(), Call.with().key(row.key()).within(Duration.ofMillis(250)));
      receipts.put(
          row.id(), forecast.receipt()); // kept beside the decision; names version and score
      // endregion
      slowestNanos.accumulateAndGet(System.nanoTime() - began, Math::max);
      served.computeIfAbsent(forecast.version(), v -> new AtomicInteger()).incrementAndGet();
      LockSupport.parkNanos(PACE_NANOS);
    }
  }

  /* The stream's clock is the latest record's time; each new year is printed once. */
  private synchronized void progress(Observed row) {
    Instant before = streamTime;
    if (!before.isBefore(row.time())) {
      return;
    }
    streamTime = row.time();
    int year = row.year();
    if (yearOf(before) < year) {
      out.print(
          (year == 1990 ? "   " : " ") + (year % 10 == 0 ? year : "%02d".formatted(year % 100)));
      out.print(year == 2020 ? "\n" : "");
      out.flush();
    }
  }

  private void waitFor(int year, List<Future<?>> running) {
    while (yearOf(streamTime) < year && !running.stream().allMatch(Future::isDone)) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private void tryOut(
      ModelStore store,
      ModelRuntime runtime,
      ModelHandle<Storm, Forecast> storms,
      String number,
      String folder,
      String why) {
    publish(store, number, folder, why, Baseline.fromCsv(train, SCHEMA));
    // region refuse
    store.alias("storms", "champion").moveTo(number, "bob", why);
    try {
      runtime.refresh(ROUTE);
    } catch (VersionRefusedException refused) {
      Gate.Result reason =
          refused.results().stream().filter(gate -> !gate.lets()).findFirst().orElseThrow();
      say("%s refused by %s: %s", number, reason.gate(), reason.evidence());
    }
    say("%s goes on serving", storms.version());
    // endregion
  }

  /* Both versions on the rows before the swap, pinned and unrecorded; after it, what was served. */
  private List<Comparison> compare(ModelRuntime runtime, List<Observed> stream) {
    List<Observed> rows = stream.stream().filter(row -> row.truth().isPresent()).toList();
    say("%,d of %,d records got one", rows.size(), stream.size());
    // region pinned
    ModelHandle<Storm, Forecast> older = runtime.model("storms:1.0.0", Storm.class, Forecast.class);
    ModelHandle<Storm, Forecast> newer = runtime.model("storms:2.0.0", Storm.class, Forecast.class);
    Call aside = Call.with().unrecorded();
    // endregion
    Map<String, Comparison.Sums> sums = new LinkedHashMap<>();
    int served = 0;
    double loss = 0;
    for (Observed row : rows) {
      boolean truth = row.truth().orElseThrow();
      // region receipt
      Receipt receipt = Receipt.parse(kept(row.id())); // from beside the decision
      String block = receipt.blockName(); // rows of one storm share a block
      // endregion
      if (row.year() < SWAP_YEAR) {
        sums.computeIfAbsent(period(row.year()), Comparison.Sums::new)
            .add(
                block,
                truth,
                older.predict(row.storm(), aside).value().probability(),
                newer.predict(row.storm(), aside).value().probability());
      } else if (receipt.of(newer.version())) {
        served++;
        loss += Comparison.logLoss(truth, receipt.scores().get(0)); // the receipt holds the score
      }
    }
    List<Comparison> table = sums.values().stream().map(Comparison.Sums::result).toList();
    out.println();
    say("Both versions on the same rows, before the swap:");
    say("                        log loss of       gain of 2.0.0 over 1.0.0,");
    say("years        rows   1.0.0    2.0.0    with 95 %% interval           what it says");
    table.forEach(row -> say("%s", row));
    out.println();
    say("Rows of one storm are not independent, so the interval takes the receipts' blocks of");
    say("storms (at most 64) as independent, not the rows. Where it holds zero, more storms are");
    say("needed. (The quality gate above was given each storm as a block of its own.)");
    out.println();
    say(
        "Since the swap 2.0.0 has a log loss of %.4f over %,d records, by the",
        loss / served, served);
    say("scores in their receipts alone.");
    return table;
  }

  /* Three windows of what 2.0.0 is asked, each against the 1,500 records it was trained on. */
  private void watch(DriftMonitor drift, ModelHandle<Storm, Forecast> storms, List<Observed> stream)
      throws IOException {
    List<Observed> unseen = Observed.read(home.resolve("data/storms-1975-1989-unseen.csv"));
    List<Observed> later = stream.stream().filter(row -> row.year() >= SWAP_YEAR).toList();
    DriftReport ownYears = window(drift, storms, unseen, storm -> storm);
    DriftReport laterYears = window(drift, storms, later, storm -> storm);
    DriftReport feed = window(drift, storms, unseen, Quickstart::inMetresPerSecond);

    say("                      training's own     2011 to 2020       training's own years,");
    say("                      years, unseen      once more          the wind now in m/s");
    say(
        "records               %,-17d  %,-17d  %,d",
        ownYears.rows(), laterYears.rows(), feed.rows());
    for (Verdict verdict : feed.verdicts()) {
      say(
          "%-20s  %-17s  %-17s  %s",
          verdict.column(),
          level(ownYears.verdict(verdict.column())),
          level(laterYears.verdict(verdict.column())),
          level(verdict));
    }
    out.println();
    say(
        "How far a distribution moved, from 0 to 1. By more than 0.1 is DRIFT, by less STABLE, where");
    say("chance explains neither; else open. The limit is 0.1 because a baseline of 1,500 records");
    say("can call hardly anything stable at 0.05.");
    out.println();
    say("Own years: %s", ownYears);
    say("2011-2020: %s", laterYears);
    say("In m/s:    %s", feed);
    for (Verdict verdict : feed.verdicts()) {
      if (verdict.level() == Verdict.Level.DRIFT) {
        say("  %s: %s", verdict.column(), verdict.reason());
      }
    }
    laterYears.writeHtml(target.resolve("drift-2011-2020.html"));
    feed.writeHtml(target.resolve("drift-feed.html"));
    Files.writeString(target.resolve("drift-feed.json"), feed.toJson());
    out.println();
    say("To look at: %s and drift-2011-2020.html beside it", target.resolve("drift-feed.html"));
  }

  private DriftReport window(
      DriftMonitor drift,
      ModelHandle<Storm, Forecast> storms,
      List<Observed> rows,
      UnaryOperator<Storm> feed) {
    streamTime = rows.get(0).time();
    drift.rotate(ROUTE, storms.version()); // ends the window before
    for (Observed row : rows) {
      streamTime = row.time();
      storms.predict(feed.apply(row.storm()));
    }
    return drift.rotate(ROUTE, storms.version());
  }

  private static String level(Verdict verdict) {
    String word = verdict.level() == Verdict.Level.INSUFFICIENT ? "open" : verdict.level().name();
    return String.format(Locale.ROOT, "%-6s %.3f", word, verdict.effect());
  }

  static Storm inMetresPerSecond(Storm storm) {
    return new Storm(
        storm.month(),
        storm.hour(),
        storm.lat(),
        storm.lon(),
        storm.wind() * 0.514444f,
        storm.pressure(),
        storm.windChange(),
        storm.pressureChange());
  }

  private String kept(long row) {
    return Objects.requireNonNull(receipts.get(row), "each row was answered");
  }

  private void writeLabelled(List<Observed> stream, Path csv, Instant now) {
    StringBuilder text =
        new StringBuilder(
            "month,hour,lat,long,wind,pressure,wind_change_6h,pressure_change_6h,truth,block\n");
    for (Observed row : stream) {
      if (row.year() >= 2004 && row.year() < SWAP_YEAR && !row.known().isAfter(now)) {
        Storm s = row.storm();
        text.append(
            Stream.of(
                    s.month(),
                    s.hour(),
                    s.lat(),
                    s.lon(),
                    s.wind(),
                    s.pressure(),
                    s.windChange() == null ? "" : s.windChange(),
                    s.pressureChange() == null ? "" : s.pressureChange(),
                    row.truth().orElseThrow() ? "1" : "0",
                    row.key())
                .map(String::valueOf)
                .reduce((a, b) -> a + "," + b)
                .orElseThrow());
        text.append('\n');
      }
    }
    try {
      Files.writeString(csv, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String period(int year) {
    return PERIODS.entrySet().stream()
        .filter(period -> year >= period.getValue()[0] && year <= period.getValue()[1])
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  private static int yearOf(Instant time) {
    return time.atOffset(java.time.ZoneOffset.UTC).getYear();
  }

  private static String millis(Map<String, Duration> phases) {
    long total = phases.values().stream().mapToLong(Duration::toMillis).sum();
    StringBuilder text = new StringBuilder(total + " ms (");
    phases.forEach(
        (phase, took) ->
            text.append(text.charAt(text.length() - 1) == '(' ? "" : ", ")
                .append(phase)
                .append(' ')
                .append(String.format(Locale.ROOT, "%.1f", took.toNanos() / 1e6)));
    return text.append(')').toString();
  }

  private void chapter(String title) {
    out.println();
    out.println(title);
  }

  private void say(String format, Object... values) {
    out.printf(Locale.ROOT, "   " + format + "%n", values);
  }

  private static void clean(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> old = Files.walk(folder)) {
        for (Path path : old.sorted((a, b) -> b.compareTo(a)).toList()) {
          Files.delete(path);
        }
      }
    }
    Files.createDirectories(folder);
  }
}
