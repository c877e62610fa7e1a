package dev.mlops.runtime.serving;

import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.store.StoredVersion;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An engine that does as a test says, and tells where a native one would have crashed: two threads
 * in one slot, a run on a closed session, a close under a run, a second close. A version answers
 * with its number's first digit.
 */
final class ScriptedEngine implements Engine {
  /** One number in, one number out, and the score. */
  static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("x", ElementType.FLOAT)
          .output("y", ElementType.FLOAT)
          .score("y")
          .build();

  /** The same with an output more, {@code z}. */
  static final ModelSchema TWO_OUTPUTS =
      ModelSchema.builder()
          .input("x", ElementType.FLOAT)
          .output("y", ElementType.FLOAT)
          .output("z", ElementType.FLOAT)
          .score("y")
          .build();

  final AtomicInteger opened = new AtomicInteger();
  final AtomicInteger closed = new AtomicInteger();
  final Queue<String> crashes = new ConcurrentLinkedQueue<>();
  final Queue<String> loaders = new ConcurrentLinkedQueue<>();
  final Queue<String> closers = new ConcurrentLinkedQueue<>();
  private final Map<String, String> failAtLoad = new ConcurrentHashMap<>();
  private final Map<String, Integer> failAboveRows = new ConcurrentHashMap<>();
  private final Map<String, Long> needs = new ConcurrentHashMap<>();
  private final Map<String, Semaphore> gates = new ConcurrentHashMap<>();
  private final Map<String, Semaphore> entered = new ConcurrentHashMap<>();

  private volatile boolean deaf;
  private volatile boolean cancelLate;
  private volatile boolean deafToCancel;

  /** A run that is held does not end by an interrupt: native code sees none. */
  void deafToInterrupts() {
    deaf = true;
  }

  /** Runs that are held cannot be cancelled. */
  void deafToCancel() {
    deafToCancel = true;
  }

  /** The next run ends as if a cancel for the one before had come too late. */
  void cancelNextRunLate() {
    cancelLate = true;
  }

  void failAtLoad(String number, String why) {
    failAtLoad.put(number, why);
  }

  void loadAgain(String number) {
    failAtLoad.remove(number);
  }

  /** A version says that it will take so much memory. */
  void needs(String number, long bytes) {
    needs.put(number, bytes);
  }

  void failAboveRows(String number, int rows) {
    failAboveRows.put(number, rows);
  }

  /** Runs of a version wait for a permit of the first; the second tells that one is inside. */
  Semaphore hold(String number, Semaphore inside) {
    Semaphore gate = new Semaphore(0);
    gates.put(number, gate);
    entered.put(number, inside);
    return gate;
  }

  /** Runs of a version wait no more. */
  void free(String number) {
    Semaphore gate = gates.remove(number);
    if (gate != null) {
      gate.release(Integer.MAX_VALUE);
    }
  }

  int live() {
    return opened.get() - closed.get();
  }

  @Override
  public String name() {
    return "scripted";
  }

  @Override
  public Set<String> formats() {
    return Set.of("fake");
  }

  @Override
  public Optional<String> declines(StoredVersion version) {
    return Optional.empty();
  }

  @Override
  public ModelSchema describe(StoredVersion version) {
    return version.schema();
  }

  @Override
  public long memory(StoredVersion version, int slots) {
    return needs.getOrDefault(version.version().number(), 0L);
  }

  @Override
  public EngineSession load(StoredVersion version, int slots) {
    String number = version.version().number();
    if (failAtLoad.containsKey(number)) {
      throw new ModelFailedException(
          version.version() + " does not load: " + failAtLoad.get(number), null);
    }
    opened.incrementAndGet();
    loaders.add(Thread.currentThread().getName());
    return new Session(number, slots);
  }

  private final class Session implements EngineSession {
    private final List<ScriptedSlot> slots;
    private final AtomicBoolean ended = new AtomicBoolean();

    Session(String number, int count) {
      slots =
          java.util.stream.IntStream.range(0, count)
              .mapToObj(i -> new ScriptedSlot(this, number))
              .toList();
    }

    @Override
    public Slot slot(int index) {
      return slots.get(index);
    }

    @Override
    public void close() {
      if (!ended.compareAndSet(false, true)) {
        crashes.add("closed twice");
      }
      for (ScriptedSlot slot : slots) {
        if (slot.inUse.get()) {
          crashes.add("closed under a call");
        }
      }
      closers.add(Thread.currentThread().getName());
      closed.incrementAndGet();
    }
  }

  private final class ScriptedSlot implements Slot {
    private final Session session;
    private final String number;
    private final float answer;
    private final AtomicBoolean inUse = new AtomicBoolean();
    private final FloatBuffer in = FloatBuffer.allocate(2 * LoadedVersion.CHUNK);
    private final FloatBuffer out = FloatBuffer.allocate(LoadedVersion.CHUNK);
    private volatile boolean cancelled;

    ScriptedSlot(Session session, String number) {
      this.session = session;
      this.number = number;
      this.answer = Float.parseFloat(number.substring(0, 1));
    }

    @Override
    public Tensor input(int tensor, int rows) {
      return new Floats(in, rows);
    }

    @Override
    public Tensor input(int tensor, long[] shape) {
      throw new IllegalStateException("not in these tests");
    }

    @Override
    public void run(int rows) {
      if (!inUse.compareAndSet(false, true)) {
        crashes.add("two threads in one slot");
      }
      try {
        if (session.ended.get()) {
          crashes.add("ran after close");
        }
        cancelled = false;
        if (cancelLate) {
          cancelLate = false;
          throw new ModelFailedException("cancelled", null);
        }
        Semaphore gate = gates.get(number);
        if (gate != null) {
          entered.get(number).release();
          while (!passes(gate)) {
            if (cancelled) {
              throw new ModelFailedException("cancelled", null);
            }
          }
        }
        if (rows > failAboveRows.getOrDefault(number, Integer.MAX_VALUE)) {
          throw new ModelFailedException("wants a batch of 1, got " + rows, null);
        }
        for (int row = 0; row < rows; row++) {
          out.put(row, answer);
        }
        if (session.ended.get()) {
          crashes.add("closed under a run");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        inUse.set(false);
      }
    }

    private boolean passes(Semaphore gate) throws InterruptedException {
      if (deaf) {
        Thread.onSpinWait();
        return gate.tryAcquire();
      }
      return gate.tryAcquire(1, java.util.concurrent.TimeUnit.MILLISECONDS);
    }

    @Override
    public Tensor output(int tensor) {
      return new Floats(out, LoadedVersion.CHUNK);
    }

    @Override
    public boolean cancel() {
      if (deafToCancel) {
        return false;
      }
      cancelled = true;
      return true;
    }
  }

  private record Floats(FloatBuffer floats, int rows) implements Tensor {
    @Override
    public ElementType type() {
      return ElementType.FLOAT;
    }

    @Override
    public long[] shape() {
      return new long[] {rows};
    }

    @Override
    public DoubleBuffer doubles() {
      throw new IllegalStateException("floats only");
    }

    @Override
    public LongBuffer longs() {
      throw new IllegalStateException("floats only");
    }

    @Override
    public IntBuffer ints() {
      throw new IllegalStateException("floats only");
    }

    @Override
    public ShortBuffer shorts() {
      throw new IllegalStateException("floats only");
    }

    @Override
    public ByteBuffer bytes() {
      throw new IllegalStateException("floats only");
    }

    @Override
    public String[] texts() {
      throw new IllegalStateException("floats only");
    }
  }
}
