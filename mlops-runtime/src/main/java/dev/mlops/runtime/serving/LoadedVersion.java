package dev.mlops.runtime.serving;

import dev.mlops.engine.EngineSession;
import dev.mlops.inference.Call;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.observe.Traffic;
import dev.mlops.observe.VersionObserver;
import dev.mlops.runtime.codec.BoundCodec;
import dev.mlops.runtime.codec.Codecs;
import dev.mlops.runtime.codec.Frame;
import dev.mlops.store.StoredVersion;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A version in an engine: its session, its slots, and who is told of its predictions. */
final class LoadedVersion {
  /** Rows a slot's buffers are made for; longer batches run in chunks. */
  static final int CHUNK = 1024;

  private static final System.Logger LOG = System.getLogger(LoadedVersion.class.getName());

  final StoredVersion stored;
  final Version version;
  final ModelSchema schema;
  final ModelSchema described;
  final Slots slots;
  private final EngineSession session;
  private final SlotState[] states;
  private final ElementType scoreType;
  private final BoundCodec<Row, Row> rowCodec;
  private final AtomicBoolean observerFailed = new AtomicBoolean();

  /* Written before the version is published, by the write that publishes it. */
  private VersionObserver[] observers = {};

  LoadedVersion(
      StoredVersion stored,
      ModelSchema described,
      EngineSession session,
      int slots,
      AtomicLong ids) {
    this.stored = stored;
    this.version = stored.version();
    this.schema = stored.schema();
    this.described = described;
    this.session = session;
    this.slots = new Slots(slots);
    this.states = new SlotState[slots];
    for (int i = 0; i < slots; i++) {
      states[i] = new SlotState(i, new Frame(schema, session.slot(i)), ids);
    }
    this.scoreType =
        schema
            .score()
            .flatMap(schema::output)
            .map(place -> schema.outputs().get(place.tensor()).type())
            .orElse(ElementType.FLOAT);
    this.rowCodec = Codecs.bind(schema, Row.class, Row.class);
  }

  SlotState state(int slot) {
    return states[slot];
  }

  boolean observed() {
    return observers.length > 0;
  }

  void observers(List<VersionObserver> opened) {
    observers = opened.toArray(VersionObserver[]::new);
  }

  Facts capture(SlotState state, int row, long time, Call call) {
    return new Facts(
        version, scoreType, Traffic.LIVE, time, state.nextId(), state.frame.scores(row), call);
  }

  void tell(SlotState state) {
    for (VersionObserver observer : observers) {
      try {
        observer.observed(state);
      } catch (Throwable e) { // whatever it is, the caller's answer is ready and right
        if (observerFailed.compareAndSet(false, true)) {
          LOG.log(
              Level.WARNING,
              "an observer of " + version + " failed; later failures of it are not logged",
              e);
        }
      }
    }
  }

  /** Scores rows for a gate: as a caller would, but no observer is told. */
  List<Row> score(List<Row> rows, long waitNanos) {
    List<Row> answers = new ArrayList<>(rows.size());
    for (int from = 0; from < rows.size(); from += CHUNK) {
      int slot = slots.claim(waitNanos);
      if (slot < 0) {
        throw new IllegalStateException(
            "no slot of "
                + version
                + " came free for a gate within "
                + waitNanos / 1_000_000
                + " ms");
      }
      try {
        scoreChunk(states[slot].frame, rows, from, Math.min(CHUNK, rows.size() - from), answers);
      } finally {
        slots.release(slot);
      }
    }
    return answers;
  }

  /**
   * Runs each slot a few times on sample rows, at each batch size in use, before anyone else can
   * have one.
   */
  void warm(List<Row> samples, int largestBatch) {
    List<Row> answers = new ArrayList<>();
    for (SlotState state : states) {
      for (int run = 0; run < 3; run++) {
        scoreChunk(state.frame, samples, 0, 1, answers);
      }
      if (largestBatch > 1) {
        List<Row> batch = new ArrayList<>(largestBatch);
        for (int i = 0; i < largestBatch; i++) {
          batch.add(samples.get(i % samples.size()));
        }
        for (int run = 0; run < 2; run++) {
          answers.clear();
          scoreChunk(state.frame, batch, 0, largestBatch, answers);
        }
      }
    }
  }

  private void scoreChunk(Frame frame, List<Row> rows, int from, int count, List<Row> answers) {
    rowCodec.write(rows, from, count, frame);
    frame.run();
    for (int row = 0; row < count; row++) {
      answers.add(rowCodec.read(frame, row));
    }
  }

  /** Asks every call that runs to end, where the engine can. */
  void cancelRunning() {
    for (int i = 0; i < slots.size(); i++) {
      if (slots.busy(i)) {
        session.slot(i).cancel();
      }
    }
  }

  /** Gives everything back; only when all slots are closed. */
  void closeSession() {
    for (VersionObserver observer : observers) {
      quietly("observer", observer);
    }
    quietly("session", session);
    quietly("package", stored);
  }

  private void quietly(String what, AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      LOG.log(Level.WARNING, "closing the " + what + " of " + version + " failed", e);
    }
  }
}
