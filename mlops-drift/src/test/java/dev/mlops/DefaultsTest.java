package dev.mlops;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.DriftMonitor;
import dev.mlops.runtime.ModelRuntime;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page of defaults says what the code does. */
class DefaultsTest {
  private static final String SERVING = "runtime.serving.";
  private static final String LATENCY = "runtime.rollout.LatencyGate";

  @Test
  void page_eachDefault_isTheOneInTheCode() throws Exception {
    assertThat(page()).containsExactlyInAnyOrderEntriesOf(code());
  }

  private static Map<String, String> page() throws IOException {
    Map<String, String> rows = new TreeMap<>();
    Pattern.compile(
            "^\\| (?!what \\||---)([^|]+) \\| ([^|]+) \\| [^|]+ \\| [^|]*\\|$", Pattern.MULTILINE)
        .matcher(Files.readString(Path.of("..", "docs", "defaults.md")))
        .results()
        .forEach(row -> assertThat(rows.put(row.group(1), row.group(2))).isNull());
    return rows;
  }

  private static Map<String, String> code() throws Exception {
    Map<String, String> rows = new TreeMap<>();
    rows.putAll(builder());
    rows.putAll(calls());
    rows.putAll(endsAndMemory());
    rows.putAll(tabular());
    rows.putAll(gates());
    rows.putAll(files());
    rows.putAll(drift());
    return rows;
  }

  private static Map<String, String> builder() throws Exception {
    Object builder = ModelRuntime.builder();
    assertThat(setting(builder, "slots")).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(setting(builder, "startDegraded")).isEqualTo(false);
    assertThat(setting(builder, "leaseStacks")).isEqualTo(false);
    assertThat(setting(builder, "memoryCheck")).isEqualTo(true);
    assertThat(setting(builder, "trim")).isEqualTo(true);
    assertThat(setting(builder, "state")).isNull();
    return Map.ofEntries(
        entry("slots of a version", "the number of processors"),
        entry("a start without a version", "throws"),
        entry("the stack that took a lease", "not kept"),
        entry("check before a load", "on"),
        entry("freed memory is given back", "on"),
        entry("what was decided outlives a restart", "no"),
        entry("time of a call", time(setting(builder, "within"))),
        entry("look at the aliases", "every " + time(setting(builder, "follow"))),
        entry("the version before stays loaded", time(setting(builder, "keepWarm"))),
        entry("drain", time(setting(builder, "drain"))),
        // in no constant: said each time, or never ended
        entry("a lease", "none"),
        entry("loads at once", "one"),
        entry("time of a load", "none"),
        entry("spread of looks", "10 % to both sides"));
  }

  private static Map<String, String> calls() throws Exception {
    String watch = SERVING + "Watch";
    return Map.of(
        "rows of a chunk",
        number(of(SERVING + "LoadedVersion", "CHUNK")),
        "look for calls whose time is over",
        "every %s to %s"
            .formatted(
                nanos(of(watch, "SHORTEST")).replace(" ms", ""), nanos(of(watch, "LONGEST"))),
        "the same while nothing runs",
        "every " + nanos(of(watch, "ASLEEP")),
        "a waiter is handed the next slot after",
        nanos(of(SERVING + "Slots", "OVERDUE_NANOS")),
        "slow prediction in a recording",
        (String) of("runtime.jfr.SlowerThan", "USUAL"),
        "first look of a route without a version",
        "after " + time(of(SERVING + "Follower", "SOON")),
        "longest pause while looks fail",
        time(of(SERVING + "Follower", "RARELY")),
        "events that wait for a slow listener",
        number(of(SERVING + "Delivery", "WAITING")),
        "last events in `describe()`",
        number(of(SERVING + "Events", "KEPT")));
  }

  private static Map<String, String> endsAndMemory() throws Exception {
    String memory = "runtime.memory.ProcessMemory";
    String slot = "runtime.engine.onnx.OnnxSlot";
    return Map.ofEntries(
        entry("a gate waits for a slot", nanos(of(SERVING + "Trial", "WAIT_NANOS"))),
        entry(
            "refusals that are told again without a load",
            number(of(SERVING + "RouteLedger", "REFUSALS_KEPT")) + " a route"),
        entry("after a call was told to stop", time(of(SERVING + "Lifecycle", "GRACE"))),
        entry("an observer's close", time(of(SERVING + "Lifecycle", "GRACE"))),
        entry(
            "close, beyond the drain time",
            time(of(SERVING + "Routes", "AFTER_DRAIN")) + " at most"),
        entry(
            "numbers of rows a new version is warmed up with",
            number(of(SERVING + "RowCounts", "KEPT"))),
        entry("listeners at the close", time(of(SERVING + "Routes", "FLUSH"))),
        entry("wait for memory of versions kept warm", time(of(SERVING + "Routes", "RELIEF"))),
        entry(
            "what a load leaves free",
            "5 % of the limit, at most " + size(of("runtime.memory.Admission", "MOST_MARGIN"))),
        entry("the same, at most once in", nanos(of(memory, "MINUTE"))),
        entry("the same, from", size(of(memory, "LARGE"))),
        entry(
            "ONNX model with a native session for each slot",
            "up to " + size(of("runtime.engine.onnx.OnnxSession", "LARGEST_FOR_EACH_SLOT"))),
        entry("tensors set aside for a slot", "up to " + size(of(slot, "MEMORY_AT_ONCE"))),
        entry("row counts whose tensors are kept", number(of(slot, "KEPT"))));
  }

  private static Map<String, String> tabular() throws Exception {
    String engine = "runtime.engine.tabular.TabularEngine";
    return Map.of(
        "runs for the compiler before a swap",
        "%s, or %s"
            .formatted(
                number(of("runtime.engine.tabular.TabularSession", "WARM_UP_RUNS")),
                nanos(of(SERVING + "LoadedVersion", "WARM_UP_NANOS"))),
        "weights times rows of a run",
        "up to " + number(of(engine, "MOST_PRODUCTS")),
        "weights of a network",
        "up to " + number(of(engine, "MOST_WEIGHTS")),
        // in no constant
        "a model's file",
        "up to an eighth of the heap");
  }

  private static Map<String, String> gates() throws Exception {
    return Map.of(
        "quality: blocks needed",
        number(of("runtime.rollout.QualityGate", "FEWEST_BLOCKS")),
        "quality: how much worse is allowed",
        "0",
        "latency: warm-up",
        nanos(of(LATENCY, "WARM")) + " or " + number(of(LATENCY, "WARM_RUNS")) + " calls",
        "latency: a round",
        "%s, %s to %s calls, up to %s for the %2$s"
            .formatted(
                nanos(of(LATENCY, "ROUND")),
                number(of(LATENCY, "FEWEST_RUNS")),
                number(of(LATENCY, "MOST_RUNS")),
                nanos(of(LATENCY, "LONGEST_ROUND"))),
        "relative latency: pairs of blocks",
        "%s, %s to %s pairs, up to %s for the %2$s"
            .formatted(
                nanos(of(LATENCY, "PAIRS")),
                number(of(LATENCY, "FEWEST_PAIRS")),
                number(of(LATENCY, "MOST_PAIRS")),
                nanos(of(LATENCY, "LONGEST_PAIRS"))),
        "relative latency: a block",
        nanos(of(LATENCY, "BLOCK")));
  }

  private static Map<String, String> files() throws Exception {
    String json = "runtime.store.JsonFields";
    String paths = "runtime.store.PackagePaths";
    String scan = "runtime.onnx.OnnxScan";
    return Map.ofEntries(
        entry(
            "a JSON document of a store",
            size(of(json, "LARGEST")) + ", " + number(of(json, "DEEPEST")) + " levels"),
        entry("a model's name", number(of("model.Names", "LONGEST")) + " characters"),
        entry(
            "a path in a package",
            "%s bytes, %s a name"
                .formatted(number(of(paths, "LONGEST_PATH")), number(of(paths, "LONGEST_NAME")))),
        entry(
            "an alias move: actor and reason",
            "%s and %s characters"
                .formatted(
                    number(of("store.Revision", "LONGEST_ACTOR")),
                    number(of("store.Revision", "LONGEST_REASON")))),
        entry("tries to move an alias", number(of("runtime.store.DirectoryAliasLog", "TRIES"))),
        entry(
            "what a dead publisher left behind is removed after",
            time(of("runtime.store.Staging", "STALE"))),
        entry(
            "ids of manifests that are remembered",
            number(of("runtime.store.DirectoryModelStore", "IDS_KEPT"))),
        entry(
            "ONNX: nodes, inputs or outputs",
            number(of(scan, "MOST_NODES")) + " and " + number(of(scan, "MOST_VALUES"))),
        entry("ONNX: nesting", number(of("runtime.onnx.ProtobufReader", "DEEPEST")) + " levels"),
        entry(
            "ONNX: a name, all texts",
            number(of(scan, "LONGEST_NAME")) + " bytes and " + size(of(scan, "MOST_TEXT"))),
        entry(
            "ONNX: columns that get numbers for names",
            number(of("runtime.onnx.GraphSchema", "WIDEST"))));
  }

  private static Map<String, String> drift() throws Exception {
    Object builder = DriftMonitor.builder();
    String monitor = "drift.DriftMonitor";
    String category = "drift.baseline.CategoryColumn";
    return Map.of(
        "a window",
        String.valueOf(setting(builder, "window")).replace("5000", "5,000"),
        "delta, the change that matters",
        String.valueOf(setting(builder, "delta")),
        "alpha, the chance of a wrong verdict",
        String.valueOf(setting(builder, "alpha")),
        "reports kept",
        number(of("drift.WatchedVersion", "HISTORY")) + " a version",
        "closed versions whose reports are kept",
        number(of(monitor, "CLOSED_KEPT")),
        "reports that wait for a slow listener",
        number(of(monitor, "UNTOLD_KEPT")),
        "the listener at the close",
        time(of(monitor, "CLOSING")),
        "longest sleep where windows end by time",
        nanos(of(monitor, "LONGEST_PARK")),
        "categories with a cell of their own, and known by name",
        number(of(category, "CELLS")) + " and " + number(of(category, "KNOWN")),
        "a baseline",
        size(of("drift.baseline.Profile", "LARGEST")));
  }

  // --- how they are read and written ---

  private static Object of(String type, String constant) throws ReflectiveOperationException {
    return read(Class.forName("dev.mlops." + type).getDeclaredField(constant), null);
  }

  private static Object setting(Object builder, String field) throws ReflectiveOperationException {
    return read(builder.getClass().getDeclaredField(field), builder);
  }

  private static Object read(Field field, Object owner) throws ReflectiveOperationException {
    field.setAccessible(true);
    return field.get(owner);
  }

  private static String number(Object value) {
    return String.format(Locale.ROOT, "%,d", ((Number) value).longValue());
  }

  private static String nanos(Object value) {
    return time(Duration.ofNanos(((Number) value).longValue()));
  }

  private static String size(Object bytes) {
    long value = ((Number) bytes).longValue();
    assertThat(value % (1 << 20)).isZero();
    return number(value >> 20) + " MB";
  }

  private static String time(Object value) {
    Duration time = (Duration) value;
    if (time.toMillis() % 1000 != 0) {
      return time.toMillis() + " ms";
    }
    if (time.toSeconds() % 60 != 0) {
      return time.toSeconds() + " s";
    }
    return time.toDays() > 0 ? time.toDays() + " d" : time.toMinutes() + " min";
  }
}
