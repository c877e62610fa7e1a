package dev.mlops.drift.count;

import static dev.mlops.drift.count.Seen.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.mlops.inference.Traffic;
import dev.mlops.model.ElementType;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RecorderTest {
  /** A number, a text, a number that names something, and the score. */
  private static final List<Watched> COLUMNS =
      List.of(
          new Watched(0, new NumberCells(0, 10), ElementType.FLOAT),
          new Watched(1, new CategoryCells(List.of("a", ""), List.of("b"), true), ElementType.TEXT),
          new Watched(
              2, new CategoryCells(List.of("1", "NaN"), List.of(), true), ElementType.FLOAT),
          new Watched(Watched.SCORE, new NumberCells(0.5), ElementType.FLOAT));

  private final AtomicInteger asked = new AtomicInteger();
  private final Recorder recorder = recorder(COLUMNS, 2);

  private Recorder recorder(List<Watched> columns, int slots) {
    return new Recorder(columns, slots, 10, asked::incrementAndGet);
  }

  private static Counts drained(Recorder recorder) {
    Counts counts = new Counts(COLUMNS);
    recorder.drain(counts);
    return counts;
  }

  @Test
  void record_eachKindOfValue_isInItsCell() {
    recorder.record(
        new Seen(
            0,
            row(5.0, "a", 1.0, 0.1),
            row(0.0, "", 2.0, 0.9),
            row(Double.NaN, "b", Double.NaN, Double.NaN),
            row(null, null, null, 0.1),
            row(Double.POSITIVE_INFINITY, "new", 1.0, Double.NEGATIVE_INFINITY)));
    Counts counts = drained(recorder);
    assertThat(counts.rows()).isEqualTo(5);
    assertThat(counts.lost()).isZero();
    // below, between, above, -inf, inf, NaN, missing
    assertThat(counts.column(0)).containsExactly(1, 1, 0, 0, 1, 1, 1);
    // a, empty, other, unseen, missing
    assertThat(counts.column(1)).containsExactly(1, 1, 1, 1, 1);
    // 1, NaN, other, unseen, missing
    assertThat(counts.column(2)).containsExactly(2, 1, 0, 1, 1);
    // low, high, -inf, inf, NaN; a score is never missing
    assertThat(counts.column(3)).containsExactly(2, 1, 1, 0, 1, 0);
  }

  @Test
  void record_columnsInAnyOrder_areCountedWhereTheyStand() {
    List<Watched> turned = new ArrayList<>(COLUMNS);
    Collections.reverse(turned);
    Recorder other = recorder(turned, 1);
    other.record(new Seen(0, row(5.0, "a", 1.0, 0.1)));
    Counts counts = new Counts(turned);
    other.drain(counts);
    assertThat(counts.column(0)).containsExactly(1, 0, 0, 0, 0, 0);
    assertThat(counts.column(1)).containsExactly(1, 0, 0, 0, 0);
    assertThat(counts.column(2)).containsExactly(1, 0, 0, 0, 0);
    assertThat(counts.column(3)).containsExactly(0, 1, 0, 0, 0, 0, 0);
  }

  @Test
  void record_nothingWatched_countsRows() {
    Recorder rowsOnly = recorder(List.of(), 1);
    rowsOnly.record(new Seen(0, row(0.1), row(0.2)));
    Counts counts = new Counts(List.of());
    rowsOnly.drain(counts);
    assertThat(counts.rows()).isEqualTo(2);
  }

  @Test
  void record_shadow_isLeftOut_canaryIsNot() {
    recorder.record(new Seen(Traffic.SHADOW, 0, row(5.0, "a", 1.0, 0.1)));
    assertThat(drained(recorder).rows()).isZero();
    recorder.record(new Seen(Traffic.CANARY, 0, row(5.0, "a", 1.0, 0.1)));
    assertThat(drained(recorder).rows()).isEqualTo(1);
  }

  @Test
  void record_rowThatThrows_isCountedNowhereAndLost() {
    Object[] good = row(5.0, "a", 1.0, 0.1);
    assertThatCode(
            () ->
                recorder.record(
                    new Seen(
                        1,
                        good,
                        row(new IllegalStateException("odd"), "a", 1.0, 0.1),
                        row(5.0, new StackOverflowError(), 1.0, 0.1),
                        row(5.0, "a", 1.0, new IndexOutOfBoundsException()),
                        row(5.0, "a"), // has no third column
                        row(5.0, 7.0, 1.0, 0.1), // a number where text should be
                        good)))
        .doesNotThrowAnyException();
    Counts counts = drained(recorder);
    assertThat(counts.rows()).isEqualTo(2);
    assertThat(counts.lost()).isEqualTo(5);
    assertThat(counts.column(0)).containsExactly(0, 2, 0, 0, 0, 0, 0);
    assertThat(counts.column(1)).containsExactly(2, 0, 0, 0, 0);
    assertThat(counts.column(2)).containsExactly(2, 0, 0, 0, 0);
    assertThat(counts.column(3)).containsExactly(2, 0, 0, 0, 0, 0);
    assertThat(drained(recorder).lost()).as("told once").isZero();
  }

  @Test
  void record_slotThatIsNone_losesTheRows() {
    recorder.record(new Seen(2, row(5.0, "a", 1.0, 0.1), row(5.0, "a", 1.0, 0.1)));
    recorder.record(new Seen(-1, row(5.0, "a", 1.0, 0.1)));
    Counts counts = drained(recorder);
    assertThat(counts.rows()).isZero();
    assertThat(counts.lost()).isEqualTo(3);
  }

  @Test
  void record_beforeTheSlotsCallHasEnded_losesTheInnerRowOnly() {
    Seen inner = new Seen(0, row(5.0, "a", 1.0, 0.1));
    Seen outer =
        new Seen(0, row(5.0, "a", 1.0, 0.1)) {
          @Override
          public double score(int row) {
            recorder.record(inner);
            return super.score(row);
          }
        };
    recorder.record(outer);
    Counts counts = drained(recorder);
    assertThat(counts.rows()).isEqualTo(1);
    assertThat(counts.lost()).isEqualTo(1);
  }

  @Test
  void ask_everyTenRowsOfASlot_onceACall() {
    Object[] good = row(5.0, "a", 1.0, 0.1);
    for (int i = 0; i < 9; i++) {
      recorder.record(new Seen(0, good));
      recorder.record(new Seen(1, good));
    }
    assertThat(asked).hasValue(0);
    recorder.record(new Seen(0, good));
    assertThat(asked).hasValue(1);
    recorder.record(new Seen(0, good));
    assertThat(asked).as("not again at once").hasValue(1);
    drained(recorder); // does not begin the ten anew
    recorder.record(new Seen(1, good));
    assertThat(asked).hasValue(2);
    Object[][] batch = new Object[35][];
    Arrays.fill(batch, good);
    recorder.record(new Seen(0, batch));
    assertThat(asked).hasValue(3);
  }

  @Test
  void ask_comesWhenTheCellsAreBack() {
    Counts inAsk = new Counts(COLUMNS);
    Recorder[] own = new Recorder[1];
    own[0] = new Recorder(COLUMNS, 1, 1, () -> own[0].drain(inAsk));
    own[0].record(new Seen(0, row(5.0, "a", 1.0, 0.1)));
    assertThat(inAsk.rows()).isEqualTo(1);
  }

  @Test
  void drain_again_findsOnlyWhatIsNew() {
    Counts all = new Counts(COLUMNS);
    for (int drain = 1; drain <= 5; drain++) {
      recorder.record(new Seen(drain % 2, row(5.0, "a", 1.0, 0.1)));
      recorder.drain(all);
      recorder.drain(all);
      assertThat(all.rows()).isEqualTo(drain);
      assertThat(all.column(0)).containsExactly(0, drain, 0, 0, 0, 0, 0);
    }
  }

  @Test
  void drain_intoOtherColumns_isRefusedAndTakesNothing() {
    recorder.record(new Seen(0, row(5.0, "a", 1.0, 0.1)));
    assertThatThrownBy(() -> recorder.drain(new Counts(COLUMNS.subList(0, 2))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "counts of columns with [7, 5, 5, 6] cells, wanted [7, 5]; only counts of the same"
                + " baseline are added");
    assertThat(drained(recorder).rows()).isEqualTo(1);
  }

  @Test
  void close_thenRecord_countsNothing_whatWasCountedIsStillDrained() {
    recorder.record(new Seen(0, row(5.0, "a", 1.0, 0.1)));
    recorder.close();
    recorder.close();
    recorder.record(new Seen(0, row(5.0, "a", 1.0, 0.1)));
    assertThat(drained(recorder).rows()).isEqualTo(1);
  }

  @Test
  void counts_ofOtherColumns_areRefused() {
    Counts counts = new Counts(COLUMNS);
    assertThatThrownBy(() -> counts.add(new Counts(List.of())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "counts of columns with [] cells, wanted [7, 5, 5, 6]; only counts of the same"
                + " baseline are added");
  }

  @Test
  void counts_ofAColumn_areACopy() {
    Counts counts = new Counts(COLUMNS);
    counts.column(0)[0] = 7;
    assertThat(counts.column(0)).containsOnly(0);
  }

  @Test
  void counts_lostRows_areAddedToo() {
    recorder.record(new Seen(0, row(new IllegalStateException(), "a", 1.0, 0.1)));
    Counts counts = drained(recorder);
    counts.add(counts);
    assertThat(counts.lost()).isEqualTo(2);
  }

  @Test
  void settings_belowOne_areRefused() {
    assertThatThrownBy(() -> new Recorder(COLUMNS, 0, 0, () -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("slots was 0 and askEvery 0; wanted at least 1 of each");
  }

  /** Neither value is a float, and each would go to another cell if it was rounded to one. */
  @Test
  void record_doublesAndWholeNumbers_areNotRounded() {
    List<Watched> columns =
        List.of(
            new Watched(0, new NumberCells(0.1), ElementType.DOUBLE),
            new Watched(1, new NumberCells(1 << 24), ElementType.INT64),
            new Watched(2, new NumberCells(0.1), ElementType.FLOAT));
    Recorder numbers = recorder(columns, 1);
    numbers.record(new Seen(0, row(0.1, (1 << 24) + 1.0, (double) 0.1f, 0.5)));
    Counts counts = new Counts(columns);
    numbers.drain(counts);
    assertThat(counts.column(0)).startsWith(1, 0);
    assertThat(counts.column(1)).startsWith(0, 1);
    assertThat(counts.column(2)).startsWith(0, 1);
  }

  @Test
  void watched_thatCannotBe_isRefused() {
    assertThatThrownBy(() -> new Watched(-2, new NumberCells(), ElementType.FLOAT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("column was -2; wanted the index of an input column, or -1 for the score");
    assertThatThrownBy(() -> new Watched(3, new NumberCells(), ElementType.TEXT))
        .hasMessage(
            "column 3 is TEXT, which is no number; wanted category cells of an input column for"
                + " it");
    CategoryCells categories = new CategoryCells(List.of(), List.of(), true);
    assertThatThrownBy(() -> new Watched(Watched.SCORE, categories, ElementType.TEXT))
        .hasMessage(
            "the score is TEXT, which is no number; wanted category cells of an input column for"
                + " it");
  }

  @Test
  void record_rowsOfEachKind_allocatesNothing() {
    Random random = new Random(2106);
    Seen[] seen = new Seen[1_000];
    for (int i = 0; i < seen.length; i++) {
      seen[i] =
          new Seen(
              i % 2,
              row(random.nextGaussian() * 10, "a", 1.0, random.nextDouble()),
              row(null, null, null, Double.NaN),
              row(Double.NaN, new String("unseen " + i), random.nextDouble(), 0.5));
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 20; round++) {
      long before = threads.getThreadAllocatedBytes(thread);
      for (Seen one : seen) {
        recorder.record(one);
      }
      least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
    }
    assertThat(least).as("bytes allocated in 1,000 calls").isZero();
    assertThat(drained(recorder).rows()).isEqualTo(60_000);
  }
}
