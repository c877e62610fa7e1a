package dev.mlops.runtime.serving;

import dev.mlops.inference.Call;
import dev.mlops.inference.Traffic;
import dev.mlops.observe.Observation;
import dev.mlops.runtime.codec.Frame;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What belongs to one slot beside its buffers. Used by the thread that holds the claim; shown to
 * observers as it is; looked at by the {@link Watch}.
 */
final class SlotState implements Observation {
  /*
   * Runs are numbered: odd while one goes on, even between two. The claimant writes the number with
   * release and plain stores before it, which cost nothing; the watch reads it with acquire. A
   * cancel says which run it is for and why before it reaches the engine. It may come too late and
   * hit the run after that one, which finds that it was not meant and runs again.
   */
  private static final VarHandle RUN;
  private static final VarHandle CANCEL;
  private static final VarHandle OWNER;
  private static final VarHandle BY;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      RUN = lookup.findVarHandle(SlotState.class, "run", long.class);
      CANCEL = lookup.findVarHandle(SlotState.class, "cancel", Cancel.class);
      OWNER = lookup.findVarHandle(SlotState.class, "owner", Thread.class);
      BY = lookup.findVarHandle(SlotState.class, "by", Object.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Why a run is to end. */
  enum Why {
    DEADLINE,
    INTERRUPT,
    DRAIN,
    CLOSE
  }

  /** A wish that a run end. */
  record Cancel(long run, Why why) {}

  private static final int IDS_AT_ONCE = 4096;

  /** Of runs, whose numbers are odd: each 512th. */
  private static final long NOW_AND_THEN = 1_023;

  final Frame frame;
  private final int slot;
  private final AtomicLong ids;
  private long nextId;
  private long idEnd;
  private Call call = Call.with();
  private Facts[] facts = new Facts[1];
  private long run;
  private long limit;
  private @Nullable Thread owner;
  private @Nullable Object by;

  /*
   * What was forgotten last. A run that begins at that moment may have found its thread written
   * there, and so not written it again: if a run goes on without an owner, it is the one before.
   */
  private volatile @Nullable WeakReference<Thread> ownerBefore;
  private volatile @Nullable WeakReference<Object> byBefore;

  @SuppressWarnings("UnusedVariable") // read and written through CANCEL
  private volatile @Nullable Cancel cancel;

  SlotState(int slot, Frame frame, AtomicLong ids) {
    this.slot = slot;
    this.frame = frame;
    this.ids = ids;
  }

  /**
   * The next id; taken from the runtime's by the block, so that slots do not meet on one counter at
   * each call.
   */
  long nextId() {
    if (nextId == idEnd) {
      nextId = ids.getAndAdd(IDS_AT_ONCE);
      idEnd = nextId + IDS_AT_ONCE;
    }
    return nextId++;
  }

  /**
   * A run begins on this thread.
   *
   * @param limitNanos how long it may take
   * @param whose the {@link ServedVersion} whose call it is, or the {@link LoadedVersion} itself
   *     for a warm-up or a gate
   * @return its number
   */
  long runs(long limitNanos, Object whose) {
    limit = limitNanos;
    if (by != whose) {
      by = whose;
    }
    Thread me = Thread.currentThread();
    if (owner != me) { // a reference costs more to write than to compare
      owner = me;
    }
    long number = run + 1 | 1; // odd also if the last run ended where ran could not be called
    RUN.setRelease(this, number);
    return number;
  }

  /**
   * The run is over. Now and then its thread has to write itself down anew: a branch that no call
   * has taken yet is one the compiler leaves out, and the first call that does, which comes after a
   * swap, would throw away all the code that is compiled for a call.
   */
  void ran(long number) {
    RUN.setRelease(this, number + 1);
    if ((number & NOW_AND_THEN) == 1) {
      owner = null;
      by = null;
    }
  }

  /** The number of the run that goes on; even if none does. From any thread. */
  long running() {
    return (long) RUN.getAcquire(this);
  }

  /** How long the run may take; of the one whose number was read before. */
  long limit() {
    return limit;
  }

  /** Whose run that is; null if it is over. */
  @Nullable Object whose(long number) {
    Object seen = orBefore(by, byBefore);
    VarHandle.acquireFence();
    return running() == number ? seen : null;
  }

  /** Whether the thread of the last run is interrupted. */
  boolean interrupted() {
    Thread thread = orBefore(owner, ownerBefore);
    return thread != null && thread.isInterrupted();
  }

  private static <T> @Nullable T orBefore(@Nullable T now, @Nullable WeakReference<T> before) {
    return now == null && before != null ? before.get() : now;
  }

  /** Keeps no thread alive that has long gone, and no route's version. */
  void forgetOwner() {
    Thread thread = owner;
    if (thread != null) {
      ownerBefore = new WeakReference<>(thread);
      OWNER.compareAndSet(this, thread, null); // not over what a run writes just now
    }
    Object whose = by;
    if (whose != null) {
      byBefore = new WeakReference<>(whose);
      BY.compareAndSet(this, whose, null);
    }
  }

  /** Says that a run is to end; from any thread, before the engine is told. */
  void cancel(long number, Why why) {
    CANCEL.setVolatile(this, new Cancel(number, why));
  }

  /** What was said last, once. */
  @Nullable Cancel takeCancel() {
    return (Cancel) CANCEL.getAndSet(this, null);
  }

  void begin(Call call, int rows) {
    this.call = call;
    if (facts.length < rows) {
      facts = new Facts[rows];
    }
  }

  void facts(int row, Facts facts) {
    this.facts[row] = facts;
  }

  Facts facts(int row) {
    return facts[row];
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
    return frame.rows();
  }

  @Override
  public double number(int row, int column) {
    return frame.number(row, column);
  }

  @Override
  public void floats(int row, float[] into) {
    frame.floats(row, into);
  }

  @Override
  public boolean missing(int row, int column) {
    return frame.missing(row, column);
  }

  @Override
  public String text(int row, int column) {
    return frame.text(row, column);
  }

  @Override
  public double element(int row, int column, int index) {
    return frame.element(row, column, index);
  }

  @Override
  public int size(int row, int column) {
    return frame.size(row, column);
  }

  @Override
  public double score(int row) {
    return frame.score(row);
  }

  @Override
  public Optional<String> key() {
    return call.key();
  }

  @Override
  public Optional<String> segment() {
    return call.segment();
  }

  @Override
  public String receipt(int row) {
    return facts[row].get();
  }
}
