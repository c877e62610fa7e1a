package dev.mlops.runtime.engine.onnx;

import dev.mlops.engine.EngineSession;
import dev.mlops.runtime.onnx.OnnxSamples;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Measures what a load adds to the resident memory of a JVM with a heap of fixed size, touched from
 * the start. Arguments: a model and a number of slots. It prints one line of bytes beyond what was
 * resident before: the largest value during the load, the value after it, after every slot ran one
 * row, after every slot ran a chunk of 256 rows, after the close, after the C library was trimmed;
 * what the engine had estimated; the largest value while a second session was loaded beside the
 * first; and last what was resident before.
 */
final class SessionMemory {
  private SessionMemory() {}

  public static void main(String[] args) throws Exception {
    OnnxRuntimeEngine engine = OnnxRuntimeEngine.create();
    // what every first model brings: the library, its environment, classes
    Path first = Files.createTempDirectory("first");
    use(engine.load(TestVersion.of(first, OnnxSamples.doubles()), 1));

    TestVersion version = TestVersion.of(Path.of(args[0]));
    int slots = Integer.parseInt(args[1]);
    long estimate = engine.memory(version, slots);
    Resident.bytes();
    Resident.trim();
    long before = Resident.bytes();
    Resident.resetPeak();
    EngineSession session = engine.load(version, slots);
    long loading = Resident.peak() - before;
    long loaded = Resident.bytes() - before;
    run(session, slots, 1);
    long used = Resident.bytes() - before;
    run(session, slots, 256);
    long batches = Resident.bytes() - before;
    Resident.resetPeak();
    EngineSession next = engine.load(version, slots);
    run(next, slots, 1);
    long swapping = Resident.peak() - before;
    next.close();
    session.close();
    session = null;
    next = null;
    long closed = Resident.bytes() - before;
    Resident.trim();
    long trimmed = Resident.bytes() - before;
    System.out.printf(
        Locale.ROOT,
        "%d %d %d %d %d %d %d %d %d%n",
        loading,
        loaded,
        used,
        batches,
        closed,
        trimmed,
        estimate,
        swapping,
        before);
  }

  private static void use(EngineSession session) {
    try (session) {
      run(session, 1, 1);
    }
  }

  private static void run(EngineSession session, int slots, int rows) {
    for (int i = 0; i < slots; i++) {
      session.slot(i).input(0, rows);
      session.slot(i).run(rows);
    }
  }
}
