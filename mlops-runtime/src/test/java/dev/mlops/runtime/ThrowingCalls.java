package dev.mlops.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.mlops.engine.Slot;
import dev.mlops.inference.Call;
import dev.mlops.inference.Codec;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.store.ModelFile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/**
 * Calls that throw, at each point where code of the caller's runs: the one slot there is must be
 * free afterwards, with nothing of the call left in it. As a program it makes thousands of them and
 * prints by how much resident memory grew.
 */
final class ThrowingCalls {
  private static final int WINDOWS = 3;

  /** y = 2a + b, and t as it is; text makes the engine open something native at each call. */
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("a", ElementType.FLOAT)
          .input("b", ElementType.FLOAT)
          .input("t", ElementType.TEXT)
          .output("y", ElementType.FLOAT)
          .output("u", ElementType.TEXT)
          .score("y")
          .build();

  private static final Call AT_ONCE = Call.with().within(Duration.ZERO);

  /** What a call does: throw, mostly. */
  interface Case {
    void call(ThrowingCalls on) throws Throwable;
  }

  /** What happens at a point of a call. */
  interface Trap {
    void spring() throws Exception;
  }

  /** An error that is none of the virtual machine's, as {@code ThreadDeath} was one. */
  static final class Stop extends Error {
    private static final long serialVersionUID = 1L;

    Stop() {
      super("in a test");
    }
  }

  record In(float a, float b, String t) {
    static @Nullable Trap onRead;

    @Override
    public String t() {
      spring(onRead);
      return t;
    }
  }

  record Out(float y, String u) {
    static @Nullable Trap onMake;

    Out {
      spring(onMake);
    }
  }

  private final ModelRuntime runtime;
  final Steps steps = new Steps();
  final SteppedEngine engine = new SteppedEngine(OnnxRuntimeEngine.create(), steps);
  private final ModelHandle<Row, Row> byRow;
  private final ModelHandle<In, Out> byRecord;
  private final ModelHandle<In, Out> byCodec;
  private @Nullable Trap onObserve;
  private @Nullable Trap beforeFirst;
  private @Nullable Trap afterFirst;
  private @Nullable Trap afterLast;
  private @Nullable Trap beforeRead;

  ThrowingCalls(Path folder) {
    Path model =
        OnnxGraph.named("throwing")
            .input("a", OnnxGraph.FLOAT, "batch")
            .input("b", OnnxGraph.FLOAT, "batch")
            .input("t", OnnxGraph.STRING, "batch")
            .node("Add", List.of("a", "a"), List.of("aa"))
            .node("Add", List.of("aa", "b"), List.of("y"))
            .node("Identity", List.of("t"), List.of("u"))
            .output("y", OnnxGraph.FLOAT, "batch")
            .output("u", OnnxGraph.STRING, "batch")
            .writeTo(folder.resolve("throwing.onnx"));
    runtime =
        ModelRuntime.builder()
            .store(ModelFile.at(model, SCHEMA))
            .engine(engine)
            .observer((route, version, slots) -> Optional.of(new Observer()))
            .slots(1)
            .build();
    byRow = runtime.model("throwing");
    byRecord = runtime.model("throwing", In.class, Out.class);
    byCodec = runtime.model("throwing", new UserCodec());
  }

  /**
   * Cases that throw, by name.
   *
   * @param overflow whether to use up the stack for an error that says so, which takes its time
   */
  static Map<String, Case> throwing(boolean overflow) {
    Map<String, Trap> throwables = new LinkedHashMap<>();
    throwables.put("an exception", () -> raise(new IllegalStateException("in a test")));
    throwables.put("a checked exception", () -> raise(new IOException("in a test")));
    throwables.put(
        "StackOverflowError",
        overflow ? ThrowingCalls::recurse : () -> raise(new StackOverflowError("in a test")));
    throwables.put("OutOfMemoryError", () -> raise(new OutOfMemoryError("in a test")));
    throwables.put("an error of its own", () -> raise(new Stop()));
    Map<String, Case> cases = new LinkedHashMap<>();
    throwables.forEach(
        (what, trap) -> {
          cases.put("codec, before the first column: " + what, on -> on.codec(trap, 0));
          cases.put("codec, behind the first column: " + what, on -> on.codec(trap, 1));
          cases.put("codec, behind the last column: " + what, on -> on.codec(trap, 2));
          cases.put("codec, while it reads: " + what, on -> on.codec(trap, 3));
          cases.put("accessor of a record: " + what, on -> on.record(trap, null));
          cases.put("constructor of an answer: " + what, on -> on.record(null, trap));
          cases.put("row that throws: " + what, on -> on.rows(row(trap)));
          cases.put("number that throws: " + what, on -> on.rows(Row.of(values(number(trap)))));
          cases.put("list that throws: " + what, on -> on.list(trap));
        });
    cases.put("codec that predicts", on -> on.codec(() -> on.byRow.predict(good()), 2));
    cases.put("number that does not fit", on -> on.rows(Row.of(values(1e300))));
    cases.put("value of another type", on -> on.rows(Row.of(values(new Object()))));
    cases.put("column that is missing", on -> on.rows(Row.of("a", 1)));
    cases.put(
        "text the engine does not take",
        on -> on.rows(Row.of("a", 1, "b", 2, "t", "a \0 in a text")));
    return cases;
  }

  /** Cases whose observer throws: the answer is ready, and is given. */
  static Map<String, Case> observed() {
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("an exception", on -> on.observed(() -> raise(new IllegalStateException("test"))));
    cases.put("StackOverflowError", on -> on.observed(() -> raise(new StackOverflowError())));
    cases.put("OutOfMemoryError", on -> on.observed(() -> raise(new OutOfMemoryError("test"))));
    cases.put("an error of its own", on -> on.observed(() -> raise(new Stop())));
    return cases;
  }

  /** The one slot is free, and every handle answers right. */
  void answers() {
    check(byRow.predict(good(), AT_ONCE).value());
    check(byRecord.predict(new In(3, 4, "five"), AT_ONCE).value());
    check(byCodec.predict(new In(3, 4, "five"), AT_ONCE).value());
    byRow.predictAll(List.of(good(), good()), AT_ONCE).forEach(p -> check(p.value()));
  }

  /** Waits for no call: all slots and holds were given back. */
  void close() {
    runtime.close(Duration.ofMinutes(1));
  }

  private static void check(Row row) {
    check(new Out((float) row.number("y"), row.text("u")));
  }

  private static void check(Out out) {
    if (out.y() != 10 || !out.u().equals("five")) {
      throw new AssertionError("a wrong answer: " + out);
    }
  }

  private static Row good() {
    return Row.of("a", 3, "b", 4, "t", "five");
  }

  private static Map<String, Object> values(Object b) {
    return Map.of("a", 1, "b", b, "t", "x");
  }

  // ------------------------------------------------------------ the calls, one and many

  private boolean many;

  /** The same with batches: of one chunk, or of several. */
  void many(boolean batches) {
    many = batches;
  }

  private <I, O> void predict(ModelHandle<I, O> handle, I input) {
    if (many) {
      List<I> inputs = new ArrayList<>();
      for (int i = 0; i < 1030; i++) { // two chunks; a trap is sprung in the first
        inputs.add(input);
      }
      handle.predictAll(inputs);
    } else {
      handle.predict(input);
    }
  }

  private void codec(Trap trap, int at) {
    beforeFirst = at == 0 ? trap : null;
    afterFirst = at == 1 ? trap : null;
    afterLast = at == 2 ? trap : null;
    beforeRead = at == 3 ? trap : null;
    try {
      predict(byCodec, new In(1, 2, "x"));
    } finally {
      beforeFirst = null;
      afterFirst = null;
      afterLast = null;
      beforeRead = null;
    }
  }

  private void record(@Nullable Trap onRead, @Nullable Trap onMake) {
    In.onRead = onRead;
    Out.onMake = onMake;
    try {
      predict(byRecord, new In(1, 2, "x"));
    } finally {
      In.onRead = null;
      Out.onMake = null;
    }
  }

  private void rows(Row row) {
    predict(byRow, row);
  }

  private void list(Trap trap) {
    int size = many ? 1500 : 3;
    byRow.predictAll(
        new AbstractList<>() {
          @Override
          public Row get(int index) {
            if (index == size - 1) {
              spring(trap); // where there are two chunks, in the second
            }
            return good();
          }

          @Override
          public int size() {
            return size;
          }
        });
  }

  private void observed(Trap trap) {
    onObserve = trap;
    try {
      answers();
    } finally {
      onObserve = null;
    }
  }

  private static Row row(Trap trap) {
    return (Row)
        Proxy.newProxyInstance(
            Row.class.getClassLoader(),
            new Class<?>[] {Row.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("columns")) {
                return good().columns();
              }
              spring(trap);
              return "";
            });
  }

  private static Number number(Trap trap) {
    return new Number() {
      private static final long serialVersionUID = 1L;

      @Override
      public int intValue() {
        spring(trap);
        return 0;
      }

      @Override
      public long longValue() {
        return intValue();
      }

      @Override
      public float floatValue() {
        return intValue();
      }

      @Override
      public double doubleValue() {
        return intValue();
      }
    };
  }

  private static void spring(@Nullable Trap trap) {
    if (trap != null) {
      try {
        trap.spring();
      } catch (Exception e) {
        throw ThrowingCalls.<RuntimeException>sneaked(e);
      }
    }
  }

  /** A checked exception that nobody declared, as other languages of the JVM throw them. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <E extends Throwable> E sneaked(Throwable e) throws E {
    throw (E) e;
  }

  private static void raise(Exception e) throws Exception {
    throw e;
  }

  private static void raise(Error e) {
    throw e;
  }

  @SuppressWarnings("InfiniteRecursion") // that is the point
  private static void recurse() {
    recurse();
  }

  private final class UserCodec implements Codec<In, Out> {
    @Override
    public void write(List<? extends In> in, Slot to) {
      int rows = in.size();
      spring(beforeFirst);
      for (int row = 0; row < rows; row++) {
        to.input(0, rows).floats().put(row, in.get(row).a());
      }
      spring(afterFirst);
      for (int row = 0; row < rows; row++) {
        to.input(1, rows).floats().put(row, in.get(row).b());
        to.input(2, rows).texts()[row] = in.get(row).t();
      }
      spring(afterLast);
    }

    @Override
    public Out read(Slot from, int row) {
      spring(beforeRead);
      return new Out(from.output(0).floats().get(row), from.output(1).texts()[row]);
    }
  }

  private final class Observer implements VersionObserver {
    @Override
    public void observed(Observation seen) {
      spring(onObserve);
    }

    @Override
    public void close() {}
  }

  // ------------------------------------------------------------ the end of the stack

  private int answered;
  private int overflowed;
  private int again;

  /** Calls from each frame on the way back from the end of the stack, until some were answered. */
  @SuppressWarnings("InfiniteRecursion") // that is the point
  private long dive(long a, long b, long c, long d) {
    long sum;
    try {
      sum = dive(b, c, d, a + 1);
    } catch (StackOverflowError e) {
      again = 20;
      sum = 0;
    }
    if (again > 0) {
      try {
        byRecord.predict(new In(1, 2, "x"), AT_ONCE); // refused if the slot was lost
        answered++;
        again--;
      } catch (StackOverflowError e) {
        overflowed++;
      }
    }
    return sum + a;
  }

  /** The same from another place on the stack. */
  private long diveBelow(int frames) {
    return frames > 0 ? diveBelow(frames - 1) : dive(1, 2, 3, 4);
  }

  private static boolean brink(ThrowingCalls on, int dives) throws InterruptedException {
    List<Throwable> failed = new ArrayList<>();
    for (int i = 0; i < dives && failed.isEmpty(); i++) {
      int frames = i;
      Thread diver = new Thread(null, () -> on.diveBelow(frames), "diver", 300_000);
      diver.setUncaughtExceptionHandler((thread, e) -> failed.add(e));
      diver.start();
      diver.join();
    }
    on.answers();
    on.close();
    System.out.printf(
        "overflowed %d, answered %d, failed %s%n", on.overflowed, on.answered, failed);
    return failed.isEmpty();
  }

  // ------------------------------------------------------------ memory

  /**
   * Arguments: a folder, how many calls, and {@code leak} to leave a native tensor behind at each;
   * or {@code brink}, to call where the stack ends.
   */
  public static void main(String[] arguments) throws Exception {
    int calls = Integer.parseInt(arguments[1]);
    boolean leak = arguments.length > 2 && arguments[2].equals("leak");
    // a class whose first use is where the stack ends can never be used again
    var unused = new LogRecord(Level.INFO, "");
    ThrowingCalls on = new ThrowingCalls(Path.of(arguments[0]));
    if (arguments.length > 2 && arguments[2].equals("brink")) {
      on.answers();
      System.exit(brink(on, calls) ? 0 : 1);
    }
    List<Case> cases = List.copyOf(throwing(false).values());
    long wrong = run(on, cases, calls / 2, false); // what is set up once
    long first = resident();
    long before = first;
    long grown = Long.MAX_VALUE;
    for (int window = 0; window < WINDOWS; window++) { // the compiler is at work in the first ones
      wrong += run(on, cases, calls, leak);
      long after = resident();
      grown = Math.min(grown, after - before);
      before = after;
    }
    on.answers();
    on.close();
    System.out.printf(
        "throwing calls %d times %d, did not throw %d, resident %.1f MB and %.1f MB at the end,"
            + " grown %d kB in the quietest of them%n",
        WINDOWS, calls, wrong, first / 1024.0, before / 1024.0, grown);
    System.exit(on.engine.awaitLive(0) && wrong == 0 ? 0 : 1);
  }

  private static long run(ThrowingCalls on, List<Case> cases, int calls, boolean leak)
      throws OrtException {
    String[] kilobyte = {"x".repeat(1000)};
    long wrong = 0;
    for (int i = 0; i < calls; i++) {
      try {
        cases.get(i % cases.size()).call(on);
        wrong++;
      } catch (Throwable e) {
        // as it should be
      }
      if (leak) {
        var unused = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), kilobyte);
      }
    }
    return wrong;
  }

  /** Kilobytes, after what is free was given back. */
  private static long resident() throws IOException {
    System.gc();
    System.gc();
    try {
      ManagementFactory.getPlatformMBeanServer()
          .invoke(
              new ObjectName("com.sun.management:type=DiagnosticCommand"),
              "systemTrimNativeHeap",
              new Object[0],
              new String[0]);
    } catch (JMException e) {
      // not on this JVM: the figure is a little higher
    }
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }
}
