package dev.mlops.drift.count;

import dev.mlops.observe.Observation;
import dev.mlops.observe.Traffic;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Counts what one version was given and what it answered, on the threads that predict. It locks and
 * allocates nothing, reads no clock, throws nothing, and its memory is fixed.
 */
public final class Recorder {
  /*
   * Each slot has cells of its own, and the cells are their own guard. A caller takes its slot's
   * cells by exchange with null, adds to them plainly, and puts them back in finally: a slot runs one
   * call at a time, so nobody else does. The drainer only ever exchanges full cells for empty ones
   * by compare-and-set, and waits while it sees null. So cells belong to one thread at any time:
   * what a caller added before it put them back, the drainer reads after it took them.
   *
   * A mark "I am counting" beside cells that stay in their place would not do: with release and
   * acquire alone the drainer may read the mark before a caller's setting of it has arrived, and
   * then both have the cells.
   *
   * The cells of a slot are one array: padding, the number of rows, all columns' cells, padding, so
   * that no two slots write to one cache line, wherever the collector moves the arrays.
   */
  private static final int PAD = 16; // longs: two cache lines, as they are fetched in pairs
  private static final int ROWS = PAD;
  private static final int CELLS = ROWS + 1;
  private static final int SLOT_STEP = 32; // references: two cache lines of compressed ones
  private static final int SPINS = 100;
  private static final long PARK_NANOS = 20_000;

  private final int[] starts;
  private final Column[] columns;
  private final int slots;
  private final long askEvery;
  private final Runnable ask;

  /** The cells of each slot, {@link #SLOT_STEP} apart; null while a caller counts. */
  private final AtomicReferenceArray<long[]> full;

  /** Of each slot, only its caller's: the cells of the row being read, a step apart. */
  private final int[] found;

  private final int foundStep;

  /** Of each slot, only its caller's: the rows until it asks, {@link #PAD} apart. */
  private final long[] untilAsk;

  private final AtomicLong lost = new AtomicLong();
  private volatile boolean closed;

  /** Only the drainer's: empty cells. */
  private long[] spare;

  /** A watched column and where its cells begin. */
  private record Column(int column, boolean text, ColumnCells cells, int start) {}

  /**
   * A recorder with nothing counted.
   *
   * @param columns to be counted; {@link Counts} has them in this order
   * @param slots how many slots the version has
   * @param askEvery after how many rows of a slot {@code ask} is called; more at once are one call
   * @param ask runs on a predicting thread, which holds nothing of this recorder's: quick, never
   *     blocks, throws nothing
   */
  public Recorder(List<Watched> columns, int slots, long askEvery, Runnable ask) {
    if (slots < 1 || askEvery < 1) {
      throw new IllegalArgumentException(
          "slots was %d and askEvery %d; wanted at least 1 of each".formatted(slots, askEvery));
    }
    this.starts = Counts.starts(columns);
    this.columns = new Column[columns.size()];
    for (int i = 0; i < this.columns.length; i++) {
      Watched watched = columns.get(i);
      this.columns[i] =
          new Column(watched.column(), watched.text(), watched.cells(), CELLS + starts[i]);
    }
    this.slots = slots;
    this.askEvery = askEvery;
    this.ask = ask;
    this.full = new AtomicReferenceArray<>((slots + 1) * SLOT_STEP);
    this.foundStep = columns.size() + 2 * PAD;
    this.found = new int[(slots + 1) * foundStep];
    this.untilAsk = new long[(slots + 1) * PAD];
    for (int slot = 0; slot < slots; slot++) {
      full.set((slot + 1) * SLOT_STEP, empty());
      untilAsk[(slot + 1) * PAD] = askEvery;
    }
    this.spare = empty();
  }

  private long[] empty() {
    return new long[CELLS + starts[columns.length] + PAD];
  }

  /**
   * Counts one call, or one chunk of a batch; shadow traffic is left out. A row is counted in each
   * column or in none: one that cannot be read, for whatever reason, is {@link Counts#lost()}.
   * Calls for one slot must not overlap, and each must happen before the next.
   */
  public void record(Observation seen) {
    if (closed) {
      return;
    }
    int rows = 1; // as many as are lost if not even their number can be read
    try {
      if (seen.traffic() == Traffic.SHADOW) {
        return;
      }
      rows = seen.rows();
      int slot = seen.slot();
      int at = (slot + 1) * SLOT_STEP;
      long[] cells = full.getAndSet(at, null);
      if (cells == null) {
        lost.addAndGet(rows);
        return;
      }
      try {
        count(seen, rows, cells, (slot + 1) * foundStep);
      } finally {
        full.setRelease(at, cells);
      }
      int until = (slot + 1) * PAD;
      if ((untilAsk[until] -= rows) <= 0) {
        untilAsk[until] = askEvery;
        ask.run();
      }
    } catch (RuntimeException | Error e) {
      lost.addAndGet(rows);
    }
  }

  private void count(Observation seen, int rows, long[] cells, int at) {
    for (int row = 0; row < rows; row++) {
      try {
        find(seen, row, at);
      } catch (RuntimeException | Error e) { // whatever it is, the caller's answer is ready
        lost.incrementAndGet();
        continue;
      }
      for (int i = 0; i < columns.length; i++) {
        cells[found[at + i]]++;
      }
      cells[ROWS]++;
    }
  }

  private void find(Observation seen, int row, int at) {
    for (int i = 0; i < columns.length; i++) {
      Column column = columns[i];
      found[at + i] = column.start + cell(seen, row, column);
    }
  }

  private static int cell(Observation seen, int row, Column column) {
    ColumnCells cells = column.cells;
    if (column.column == Watched.SCORE) {
      double score = seen.score(row);
      return cells instanceof NumberCells numbers
          ? numbers.cell(score)
          : ((CategoryCells) cells).cell(score);
    }
    if (seen.missing(row, column.column)) {
      return cells.missing();
    }
    if (column.text) {
      return ((CategoryCells) cells).cell(seen.text(row, column.column));
    }
    double value = seen.number(row, column.column);
    return cells instanceof NumberCells numbers
        ? numbers.cell(value)
        : ((CategoryCells) cells).cell(value);
  }

  /**
   * Takes what was counted so far and adds it to {@code into}; what is counted meanwhile is in this
   * drain or in the next. Waits for calls that are counting. For one thread at a time.
   *
   * @throws IllegalArgumentException if {@code into} is of other columns; nothing was taken
   */
  public void drain(Counts into) {
    into.requireShape(starts);
    for (int slot = 0; slot < slots; slot++) {
      long[] cells = exchange((slot + 1) * SLOT_STEP);
      into.add(cells, CELLS);
      into.addRows(cells[ROWS], 0);
      Arrays.fill(cells, 0);
      spare = cells;
    }
    into.addRows(0, lost.getAndSet(0));
  }

  private long[] exchange(int at) {
    for (int spins = 0; ; spins++) {
      long[] cells = full.getAcquire(at);
      if (cells != null && full.compareAndSet(at, cells, spare)) {
        return cells;
      }
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, PARK_NANOS);
      }
    }
  }

  /** From now on nothing is counted; what was can still be drained. */
  public void close() {
    closed = true;
  }
}
