package dev.mlops.drift.count;

import dev.mlops.inference.Traffic;
import dev.mlops.model.ElementType;
import dev.mlops.observe.Observation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
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
   * cells by exchange with null, adds to them plainly, and puts them back in finally: a slot runs
   * one call at a time, so nobody else does. The drainer only ever exchanges full cells for empty
   * ones by compare-and-set, and waits while it sees null. So cells belong to one thread at any
   * time, and what a caller added before it put them back the drainer reads after it took them.
   *
   * A mark beside cells that stay in their place would not do: released and acquired, it may be
   * still on its way when the drainer looks, and then both have the cells.
   *
   * A row is looked up in all its columns before it is added to any, so that one that cannot be
   * read is counted nowhere.
   *
   * The cells of a slot are one array: padding, the number of rows, the cells of all columns one
   * after the other, padding. What else belongs to a slot stands in arrays of all slots, a step
   * apart, or in one of its own that is longer by a step than what is read of it. So no two slots
   * write to one cache line, wherever the collector moves the arrays (but where floats that are not
   * counted stand behind those that are, and are put into that step).
   */
  private static final int PAD = 16; // longs: two cache lines, since they come in pairs
  private static final int ROWS = PAD;
  private static final int CELLS = ROWS + 1;
  private static final int STEP = 2 * PAD; // the same in references and ints
  private static final int SPINS = 100;
  private static final long PARK_NANOS = 20_000;

  private final int[] starts;
  private final FloatColumn[] floats;
  private final OtherColumn[] others;
  private final int slots;
  private final long askEvery;
  private final Runnable ask;

  /** The cells of each slot, a {@link #STEP} apart; null while its caller counts. */
  private final AtomicReferenceArray<long[]> owned;

  /** The slot's caller's: the cells of the row being read. */
  private final int[] found;

  private final int foundStep;

  /** The slot's caller's: the floats of the row being read, as its columns stand. */
  private final float[][] values;

  /** The slot's caller's: the rows until it asks, a {@link #PAD} apart. */
  private final long[] untilAsk;

  private final AtomicLong lost = new AtomicLong();
  private volatile boolean closed;

  /** The drainer's: empty cells. */
  private long[] spare;

  /** The score, or a column of another type or that names something; start: of its cells. */
  private record OtherColumn(Watched watched, int start) {
    int cell(Observation seen, int row) {
      return start + (watched.text() ? text(seen, row) : number(seen, row));
    }

    private int text(Observation seen, int row) {
      String text = seen.text(row, watched.column());
      return text.isEmpty() && seen.missing(row, watched.column())
          ? watched.cells().missing()
          : ((CategoryCells) watched.cells()).cell(text);
    }

    private int number(Observation seen, int row) {
      boolean score = watched.column() == Watched.SCORE;
      double value = score ? seen.score(row) : seen.number(row, watched.column());
      if (Double.isNaN(value) && !score && seen.missing(row, watched.column())) {
        return watched.cells().missing();
      }
      return watched.cells() instanceof NumberCells cells
          ? cells.cell(value)
          : ((CategoryCells) watched.cells()).cell(value);
    }
  }

  /**
   * A recorder with nothing counted.
   *
   * @param columns to be counted; {@link Counts} has them in this order
   * @param slots how many slots the version has
   * @param askEvery after how many rows of a slot {@code ask} is called; more at once are one call
   * @param ask runs on a predicting thread that holds nothing of this recorder's: quick, never
   *     blocks, throws nothing
   * @throws IllegalArgumentException if {@code slots} or {@code askEvery} is below 1
   */
  public Recorder(List<Watched> columns, int slots, long askEvery, Runnable ask) {
    if (slots < 1 || askEvery < 1) {
      throw new IllegalArgumentException(
          "slots was %d and askEvery %d; wanted at least 1 of each".formatted(slots, askEvery));
    }
    this.starts = Counts.starts(columns);
    List<FloatColumn> floats = new ArrayList<>();
    List<OtherColumn> others = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      Watched watched = columns.get(i);
      int start = CELLS + starts[i];
      if (watched.column() != Watched.SCORE
          && watched.type() == ElementType.FLOAT
          && watched.cells() instanceof NumberCells cells) {
        floats.add(new FloatColumn(watched.column(), cells, start));
      } else {
        others.add(new OtherColumn(watched, start));
      }
    }
    this.floats = floats.toArray(FloatColumn[]::new);
    this.others = others.toArray(OtherColumn[]::new);
    this.slots = slots;
    this.askEvery = askEvery;
    this.ask = ask;
    this.owned = new AtomicReferenceArray<>((slots + 1) * STEP);
    this.foundStep = columns.size() + STEP;
    this.found = new int[(slots + 1) * foundStep];
    int width = floats.stream().mapToInt(column -> column.column() + 1).max().orElse(0);
    this.values = new float[slots][width + STEP];
    this.untilAsk = new long[(slots + 1) * PAD];
    for (int slot = 0; slot < slots; slot++) {
      owned.set((slot + 1) * STEP, empty());
      untilAsk[(slot + 1) * PAD] = askEvery;
    }
    this.spare = empty();
  }

  private long[] empty() {
    return new long[CELLS + starts[starts.length - 1] + PAD];
  }

  /**
   * Counts one call, or one chunk of a batch; shadow traffic is left out. A row is counted in each
   * column or in none: one that cannot be read, for whatever reason, is {@link Counts#lost() lost}.
   * Calls for one slot must not overlap, and each must happen before the next.
   */
  public void record(Observation seen) {
    if (closed) {
      return;
    }
    int slot;
    int rows = 1; // which are lost if not even their number can be read
    try {
      if (seen.traffic() == Traffic.SHADOW) {
        return;
      }
      rows = seen.rows();
      slot = Objects.checkIndex(seen.slot(), slots);
    } catch (RuntimeException | Error e) { // whatever it is, the caller's answer is ready
      lost.addAndGet(rows);
      return;
    }
    long[] cells = owned.getAndSet((slot + 1) * STEP, null);
    if (cells == null) { // calls for this slot overlap, and the cells are the other's
      lost.addAndGet(rows);
      return;
    }
    try {
      count(seen, rows, cells, values[slot], (slot + 1) * foundStep);
    } finally {
      owned.setRelease((slot + 1) * STEP, cells);
    }
    int until = (slot + 1) * PAD;
    untilAsk[until] -= rows;
    if (untilAsk[until] <= 0) {
      untilAsk[until] = askEvery;
      ask.run();
    }
  }

  private void count(Observation seen, int rows, long[] cells, float[] values, int at) {
    for (int row = 0; row < rows; row++) {
      int end;
      try {
        end = findOthers(seen, row, findFloats(seen, row, values, at));
      } catch (RuntimeException | Error e) { // whatever it is, the caller's answer is ready
        lost.incrementAndGet();
        continue;
      }
      for (int i = at; i < end; i++) {
        cells[found[i]]++;
      }
      cells[ROWS]++;
    }
  }

  private int findFloats(Observation seen, int row, float[] values, int at) {
    int end = at;
    if (floats.length > 0) {
      seen.floats(row, values);
    }
    for (FloatColumn column : floats) {
      found[end++] = column.cell(values[column.column()], seen, row);
    }
    return end;
  }

  private int findOthers(Observation seen, int row, int at) {
    int end = at;
    for (OtherColumn column : others) {
      found[end++] = column.cell(seen, row);
    }
    return end;
  }

  /**
   * Takes what was counted so far and adds it to {@code into}; a row counted meanwhile is in this
   * drain or in the next. Waits for calls that are counting. For one thread at a time.
   *
   * @throws IllegalArgumentException if {@code into} is of other columns; nothing was taken
   */
  public void drain(Counts into) {
    into.requireShape(starts);
    for (int slot = 0; slot < slots; slot++) {
      long[] full = exchange((slot + 1) * STEP);
      into.add(full, CELLS, full[ROWS]);
      Arrays.fill(full, 0);
      spare = full;
    }
    into.addLost(lost.getAndSet(0));
  }

  private long[] exchange(int at) {
    for (int tries = 0; ; tries++) {
      long[] full = owned.getAcquire(at);
      if (full != null && owned.compareAndSet(at, full, spare)) {
        return full;
      }
      if (tries < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, PARK_NANOS); // does not park while interrupted: then we spin
      }
    }
  }

  /**
   * From now on nothing is counted, but for calls that are counting now; what was counted can still
   * be drained.
   */
  public void close() {
    closed = true;
  }
}
