package dev.mlops.runtime.serving;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Row;
import dev.mlops.inference.Traffic;
import dev.mlops.model.ElementType;
import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.rollout.Gate;
import dev.mlops.runtime.codec.BoundCodec;
import dev.mlops.runtime.codec.Codecs;
import dev.mlops.runtime.codec.Frame;
import dev.mlops.store.StoredVersion;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A version in an engine: its session and its slots. The routes that serve it share it, each
 * through a {@link ServedVersion} of its own.
 */
final class LoadedVersion {
  /** Rows a slot's buffers are made for; longer batches run in chunks. */
  static final int CHUNK = 1024;

  /** Of a slot in a warm-up. */
  private static final int ONE_ROW_RUNS = 3;

  /** What the runs that a session asks for before it serves may take altogether. */
  private static final long WARM_UP_NANOS = 100_000_000;

  final StoredVersion stored;
  final Version version;
  final ModelSchema schema;
  final ModelSchema described;

  /** What runs it and why, in words. */
  final String engine;

  final Slots slots;

  /** Bytes beyond the Java heap that the engine said it would take. */
  final long memory;

  private final Optional<Gate.Result> admission;
  private final EngineSession session;
  private final SlotState[] states;
  private final ElementType scoreType;
  private final BoundCodec<Row, Row> rowCodec;
  private final Watch watch;

  /** Numbers of rows it has been run with before it served. */
  private final Set<Integer> warmed = ConcurrentHashMap.newKeySet();

  /** Whether it was run for the JVM to compile it; by threads that change routes. */
  private volatile boolean codeWarmed;

  /** One row of the warm-up. */
  private List<Row> sample = List.of();

  LoadedVersion(
      StoredVersion stored,
      ModelSchema described,
      String engine,
      EngineSession session,
      int slots,
      long memory,
      Optional<Gate.Result> admission,
      AtomicLong ids,
      Watch watch) {
    this.stored = stored;
    this.version = stored.version();
    this.schema = stored.schema();
    this.described = described;
    this.engine = engine;
    this.session = session;
    this.memory = memory;
    this.admission = admission;
    this.slots = new Slots(slots);
    this.states = new SlotState[slots];
    for (int i = 0; i < slots; i++) {
      states[i] = new SlotState(i, new Frame(schema, session.slot(i)), ids);
    }
    this.scoreType = states[0].frame.scoreType();
    this.rowCodec = Codecs.bind(schema, Row.class, Row.class);
    this.watch = watch;
  }

  /** What the check for memory found before the load; empty if there was none. */
  Optional<Gate.Result> admission() {
    return admission;
  }

  SlotState state(int slot) {
    return states[slot];
  }

  Facts capture(SlotState state, int row, long time, Call call) {
    return new Facts(
        version, scoreType, Traffic.LIVE, time, state.nextId(), state.frame.scores(row), call);
  }

  /**
   * Runs a slot whose inputs are written; the thread holds its claim.
   *
   * @param limitNanos after this time the run is ended, if the engine can
   * @param whose see {@link SlotState#runs}
   * @throws DeadlineException if it was, or the thread was interrupted
   * @throws OverloadedException if it was ended because the version is to close
   */
  void run(SlotState state, long limitNanos, Object whose) {
    watch.expect(limitNanos);
    long run = state.runs(limitNanos, whose);
    try {
      state.frame.run();
    } catch (ModelFailedException e) {
      runAgainUnlessMeant(state, run, limitNanos, e);
    } finally {
      state.ran(run);
    }
  }

  private void runAgainUnlessMeant(
      SlotState state, long run, long limitNanos, ModelFailedException failure) {
    ModelFailedException last = failure;
    for (SlotState.Cancel cancel = state.takeCancel();
        cancel != null;
        cancel = state.takeCancel()) {
      if (cancel.run() == run) {
        throw ended(cancel.why(), limitNanos, last);
      }
      try {
        state.frame.run(); // it was meant for the run before, which was over by then
        return;
      } catch (ModelFailedException e) {
        last = e;
      }
    }
    throw last;
  }

  private MlopsException ended(SlotState.Why why, long limitNanos, ModelFailedException cause) {
    return switch (why) {
      case DEADLINE ->
          new DeadlineException(
              version
                  + " did not answer within "
                  + Duration.ofNanos(limitNanos).toMillis()
                  + " ms, and its run was ended. Allow more time with Call.within, or find out what"
                  + " makes it slow",
              cause);
      case INTERRUPT ->
          new DeadlineException(
              "the thread was interrupted while " + version + " ran, and the run was ended", cause);
      case DRAIN ->
          new OverloadedException(
              version
                  + " was closed while it ran, as its drain time was over, and the run was ended;"
                  + " try again",
              cause);
      case CLOSE ->
          new OverloadedException(
              "the runtime was closed while "
                  + version
                  + " was warmed up or checked, and the run was ended",
              cause);
    };
  }

  /** Asks the engine to end a run, which is told why; from any thread. */
  void cancel(int slot, long run, SlotState.Why why) {
    states[slot].cancel(run, why);
    try {
      session.slot(slot).cancel();
    } catch (RuntimeException | LinkageError e) {
      log().log(Level.DEBUG, "a run of " + version + " could not be told to end", e);
    }
  }

  /** Scores rows for a gate: as a caller would, but no observer is told. */
  List<Row> score(List<Row> rows, long waitNanos) {
    List<Row> answers = new ArrayList<>(rows.size());
    for (int from = 0; from < rows.size(); from += CHUNK) {
      int slot = claimForTrial(waitNanos);
      try {
        scoreChunk(states[slot], rows, from, Math.min(CHUNK, rows.size() - from), answers);
      } finally {
        slots.release(slot);
      }
    }
    return answers;
  }

  private int claimForTrial(long waitNanos) {
    int slot = slots.claim(waitNanos);
    if (slot == Slots.INTERRUPTED) {
      throw new DeadlineException(
          "the thread was interrupted while a gate or a warm-up waited for a slot of " + version);
    }
    if (slot < 0) {
      throw new OverloadedException(
          "no slot of "
              + version
              + " came free for a gate or a warm-up within "
              + waitNanos / 1_000_000
              + " ms");
    }
    return slot;
  }

  /**
   * Runs each slot a few times on sample rows, before anyone can have one.
   *
   * @param rowCounts of batches, the largest first, which makes room for the others; one row is run
   *     in any case, and last
   */
  void warm(List<Row> samples, int[] rowCounts) {
    watch.add(this); // an interrupt and a close end a warm-up as well
    try {
      warmSlots(samples, rowCounts);
    } catch (Throwable e) {
      watch.remove(this); // whoever loaded it closes the session
      throw e;
    }
  }

  /**
   * Runs it for a swap: with numbers of rows that were no part of the warm-up, in a slot that is
   * claimed as by a caller, and for the JVM to compile it. A start does without the latter, as
   * nothing serves that calls are held against.
   *
   * @throws OverloadedException if none comes free
   */
  void warmMore(List<Row> samples, int[] rowCounts, long waitNanos) {
    for (int rows : rowCounts) {
      if (!warmed.contains(rows)) {
        int slot = claimForTrial(waitNanos);
        try {
          warmBatch(states[slot], samples, rows, 1);
        } finally {
          slots.release(slot);
        }
      }
    }
    warmCode(samples);
  }

  /**
   * Runs each free slot on one row again. Between the warm-up and the first call come gates,
   * observers that read a baseline, the next slot's warm-up: what ran last is what the processor's
   * caches hold, and a first call that finds them cold takes several times as long.
   */
  void touch() {
    List<Row> answers = new ArrayList<>();
    int[] held = new int[slots.size()];
    int count = 0;
    try {
      for (int slot = slots.claim(0); slot >= 0; slot = slots.claim(0)) {
        held[count++] = slot;
        for (int run = 0; run < ONE_ROW_RUNS; run++) {
          scoreChunk(states[slot], sample, 0, 1, answers);
        }
      }
    } finally {
      while (count > 0) {
        slots.release(held[--count]);
      }
    }
  }

  private void warmSlots(List<Row> samples, int[] rowCounts) {
    sample = samples.subList(0, 1);
    warmed.add(1);
    List<Row> answers = new ArrayList<>();
    for (SlotState state : states) {
      for (int i = 0; i < rowCounts.length; i++) {
        if (rowCounts[i] > 1) {
          warmBatch(state, samples, rowCounts[i], i == 0 ? 2 : 1);
        }
      }
      for (int run = 0; run < ONE_ROW_RUNS; run++) {
        scoreChunk(state, sample, 0, 1, answers);
      }
    }
  }

  /**
   * Runs one row as often as the session asks for, so that the JVM has compiled what it runs by the
   * time it serves; only where nobody has a slot, as whoever serves already has run enough.
   */
  private void warmCode(List<Row> samples) {
    int slot = codeWarmed ? Slots.BUSY : slots.claim(0);
    codeWarmed = true;
    if (slot < 0) {
      return;
    }
    try {
      List<Row> answers = new ArrayList<>(1);
      long begin = System.nanoTime();
      int runs = session.warmUpRuns();
      for (int run = 0; run < runs && System.nanoTime() - begin < WARM_UP_NANOS; run++) {
        scoreChunk(states[slot], samples, run % samples.size(), 1, answers);
        answers.clear();
      }
    } finally {
      slots.release(slot);
    }
  }

  private void warmBatch(SlotState state, List<Row> samples, int rows, int runs) {
    List<Row> batch = new ArrayList<>(rows);
    for (int i = 0; i < rows; i++) {
      batch.add(samples.get(i % samples.size()));
    }
    for (int run = 0; run < runs; run++) {
      scoreChunk(state, batch, 0, rows, new ArrayList<>(rows));
    }
    warmed.add(rows);
  }

  private void scoreChunk(SlotState state, List<Row> rows, int from, int count, List<Row> answers) {
    if (watch.trialsEnded()) {
      throw new OverloadedException("the runtime is closed; build another one");
    }
    rowCodec.write(rows, from, count, state.frame);
    run(state, Long.MAX_VALUE, this);
    for (int row = 0; row < count; row++) {
      answers.add(rowCodec.read(state.frame, row));
    }
  }

  /**
   * Asks calls that run to end, as the version is to close.
   *
   * @param whose the calls of one route, if others go on; null for all
   * @return whether there were any
   */
  boolean cancelRunning(@Nullable ServedVersion whose) {
    boolean any = false;
    for (int slot = 0; slot < slots.size(); slot++) {
      long run = states[slot].running();
      if ((run & 1) == 1 && (whose == null || states[slot].whose(run) == whose)) {
        cancel(slot, run, SlotState.Why.DRAIN);
        any = true;
      }
    }
    return any;
  }

  /** Gives everything back; only when all slots are closed. */
  void closeSession() {
    watch.remove(this);
    Quiet.close("session of " + version, session);
    Quiet.close("package of " + version, stored);
  }

  private static System.Logger log() {
    return System.getLogger(LoadedVersion.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
