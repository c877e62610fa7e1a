package dev.mlops.runtime.rollout;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * Whether a candidate is fast enough: for a budget, or beside the version in force.
 *
 * <p>What is timed is one prediction of one row by name, from the row to the answer as a row, on
 * the thread that asked for the version: the codec and the model, a wait for a slot where somebody
 * else uses that session, but not the handle. The rows are the inputs of the golden records in
 * turn, or two made from the schema where there are none; a row that does not fit is left out. All
 * of it is time on the clock of this machine under its present load. Before that what is timed is
 * run for a quarter of a second, or 5,000 times, untimed.
 *
 * <p>{@link #atMost} asks that at most 1 in 100 calls is above the budget, which is to say that the
 * 99th percentile is within it. A round is as many calls as fit into 0.4 s, 10,000 at most, and 10
 * at least if they fit into 2 s. No shape of distribution is assumed: of n calls, each above with
 * the chance 0.01, the number above is binomial.
 *
 * <ul>
 *   <li>It passes if of the first round, or of that and a second one together, no more than 1 in
 *       100 is above: so a round of fewer than 100 calls passes only if none is.
 *   <li>It fails if in each of two rounds so many are above that a version within the budget shows
 *       it by chance in at most 1 of 100 rounds: 2 of 10 calls, 5 of 100, 19 of 1,000. Where the
 *       median is within the budget, the calls of the second round take turns with an empty loop as
 *       long as the median; if that too would have been held up beyond the budget more often than 1
 *       in 100, the machine may be to blame, and it is undecided instead.
 *   <li>Else it is undecided, and so it is with fewer than 10 calls in a round.
 * </ul>
 *
 * A pass has its error too: with 10,000 calls, a version that has 1.3 % of its calls above the
 * budget passes with a chance of about 1 in 100; with 1,000 calls one that has 2 %, with 100 calls
 * 6.5 %, with 10 calls 37 %.
 *
 * <p>{@link #atMostSlower} times blocks of the two versions in turn, each 5 ms long or one call,
 * and compares the medians of each pair of blocks. There are as many pairs as fit into 0.6 s, 31 at
 * most, and 8 at least if they fit into 4 s. The interval for the median of their ratios is that of
 * the sign test, 99 % two-sided; no distribution is assumed. It passes if the whole interval is
 * within the limit and fails if it is above, either of which is wrong in at most 1 of 200 checks;
 * else, and with fewer than 8 pairs, it is undecided. Calls of the version in force may have to
 * wait for a slot that live traffic uses; where half of them do, the gate errs in favour of the
 * candidate.
 *
 * <p>Undecided is tried again when the version is asked for again: a machine is not always busy.
 * Immutable; safe for all threads.
 */
public final class LatencyGate implements Gate {
  private static final long MILLI = 1_000_000;
  private static final long WARM = 250 * MILLI;
  private static final int WARM_RUNS = 5_000;

  private static final long ROUND = 400 * MILLI;
  private static final long LONGEST_ROUND = 2_000 * MILLI;
  private static final int MOST_RUNS = 10_000;
  private static final int FEWEST_RUNS = 10;

  /** One in so many calls may be above the budget. */
  private static final int ONE_IN = 100;

  /** Of a round by chance so far above. */
  private static final double CHANCE = 0.01;

  private static final long PAIRS = 600 * MILLI;
  private static final long LONGEST_PAIRS = 4_000 * MILLI;
  private static final int MOST_PAIRS = 31;
  private static final int FEWEST_PAIRS = 8;
  private static final long BLOCK = 5 * MILLI;
  private static final int MOST_RUNS_OF_BLOCK = 999;

  /** On each side of the interval. */
  private static final double HALF_CHANCE = 0.005;

  private final long budget;
  private final double factor;
  private final LongSupplier clock;

  /**
   * One of the two.
   *
   * @param budget in nanoseconds; 0 to compare with the version in force
   * @param factor of the version in force; not used beside a budget
   * @param clock nanoseconds; goes on while it is looked at
   */
  LatencyGate(long budget, double factor, LongSupplier clock) {
    this.budget = budget;
    this.factor = factor;
    this.clock = clock;
  }

  /**
   * A gate that lets a version pass if the 99th percentile of single predictions is within a
   * budget. It takes less than a second, a few for models of 100 ms a call or for one that is
   * refused.
   *
   * @throws IllegalArgumentException if the budget is not above 0 and at most a minute
   */
  public static LatencyGate atMost(Duration budget) {
    if (budget.isZero() || budget.isNegative() || budget.compareTo(Duration.ofMinutes(1)) > 0) {
      throw new IllegalArgumentException(
          "atMost was " + budget + " but must be above 0 and at most a minute: one prediction");
    }
    return new LatencyGate(budget.toNanos(), 0, System::nanoTime);
  }

  /**
   * A gate that lets a version pass if the median of single predictions is at most so many times
   * that of the version in force. It {@linkplain #compares() compares}, and takes about a second, a
   * few for models of 100 ms a call.
   *
   * @param factor such as 1.5; below 1.1 the noise of a machine decides
   * @throws IllegalArgumentException if it is not finite and above 1
   */
  public static LatencyGate atMostSlower(double factor) {
    if (!(factor > 1) || Double.isInfinite(factor)) {
      throw new IllegalArgumentException(
          "atMostSlower was "
              + factor
              + " but must be finite and above 1: the candidate's median by that of the version in"
              + " force");
    }
    return new LatencyGate(0, factor, System::nanoTime);
  }

  @Override
  public String name() {
    return compares() ? "relative latency" : "latency";
  }

  @Override
  public boolean compares() {
    return budget == 0;
  }

  @Override
  public Result check(Candidate candidate) {
    return compares() ? besideActive(candidate) : withinBudget(candidate);
  }

  // ------------------------------------------------------------ for a budget

  private Result withinBudget(Candidate candidate) {
    SampleRows samples = SampleRows.of(candidate.version());
    List<List<Row>> rows = warm(samples, List.of(candidate::predict));
    if (rows.isEmpty()) {
      return skipped("none of " + Words.count(samples.rows().size(), "sample row") + " fits");
    }
    Calls calls = new Calls(clock, rows, candidate::predict);
    Round first = round(calls, 0);
    if (first.within()) {
      return pass(words(first, samples));
    }
    long median = first.median();
    Round second = round(calls, median <= budget ? median : 0);
    Round both = first.and(second);
    if (both.within()) {
      return pass(words(both, samples));
    }
    String evidence = words(both, samples);
    if (first.surelyAbove() && second.surelyAbove()) {
      return (long) second.stalled() * ONE_IN <= second.runs()
          ? fail(evidence)
          : undecided(
              evidence
                  + "; but "
                  + second.stalled()
                  + " of "
                  + Words.count(second.runs(), "empty loop")
                  + " as long as the median were held up beyond it too, so the machine may be to"
                  + " blame: try again when it is less busy, or allow more");
    }
    return undecided(
        evidence
            + (both.runs() < 2 * FEWEST_RUNS
                ? "; fewer than " + FEWEST_RUNS + " runs in each of two rounds decide nothing"
                : "; more than 1 in 100, but not in two rounds and beyond chance"));
  }

  /** Calls for a while, and an empty loop after each where one is asked for. */
  private Round round(Calls calls, long loop) {
    long[] times = new long[MOST_RUNS];
    int runs = 0;
    int stalled = 0;
    long spent = 0; // on calls: loops take none of their time
    while (runs < MOST_RUNS
        && (spent < ROUND || runs < 2 || (runs < FEWEST_RUNS && spent < LONGEST_ROUND))) {
      times[runs] = calls.time();
      spent += times[runs++];
      if (loop > 0 && loop + longestStall(loop) > budget) {
        stalled++;
      }
    }
    return Round.of(Arrays.copyOf(times, runs), budget, stalled);
  }

  /** The longest time that the clock went on unseen while nothing was done but to look at it. */
  private long longestStall(long loop) {
    long began = clock.getAsLong();
    long longest = 0;
    for (long last = began; last - began < loop; ) {
      long now = clock.getAsLong();
      longest = Math.max(longest, now - last);
      last = now;
    }
    return longest;
  }

  private String words(Round round, SampleRows samples) {
    return "p50 "
        + Words.time(round.median())
        + (round.runs() < ONE_IN ? ", slowest " : ", p99 ")
        + Words.time(round.tail())
        + " over "
        + Words.count(round.runs(), "run")
        + which(samples)
        + "; "
        + round.above()
        + " above the budget of "
        + Words.time(budget);
  }

  /**
   * What a round found.
   *
   * @param times in nanoseconds, sorted
   * @param above how many were above the budget
   * @param stalled how many empty loops were held up beyond it
   */
  private record Round(long[] times, int above, int stalled) {
    static Round of(long[] times, long budget, int stalled) {
      Arrays.sort(times);
      return new Round(
          times, (int) Arrays.stream(times).filter(time -> time > budget).count(), stalled);
    }

    int runs() {
      return times.length;
    }

    long median() {
      return times[runs() / 2];
    }

    /** Above the budget if and only if more than one in so many are. */
    long tail() {
      return times[runs() - 1 - runs() / ONE_IN];
    }

    boolean within() {
      return runs() >= FEWEST_RUNS && (long) above * ONE_IN <= runs();
    }

    boolean surelyAbove() {
      return BinomialDistribution.of(runs(), 1.0 / ONE_IN).survivalProbability(above - 1) <= CHANCE;
    }

    Round and(Round other) {
      long[] all = Arrays.copyOf(times, runs() + other.runs());
      System.arraycopy(other.times, 0, all, runs(), other.runs());
      Arrays.sort(all);
      return new Round(all, above + other.above, stalled + other.stalled);
    }
  }

  // ------------------------------------------------------------ beside the version in force

  private Result besideActive(Candidate candidate) {
    if (candidate.active().isEmpty()) {
      return skipped("nothing serves yet to compare with");
    }
    String against = candidate.active().get().number();
    try {
      return besideActive(candidate, against);
    } catch (ActiveFailedException e) {
      return undecided(against + " cannot be compared with: " + e.getMessage());
    }
  }

  private Result besideActive(Candidate candidate, String against) {
    Consumer<List<Row>> active =
        rows -> {
          try {
            candidate.predictActive(rows);
          } catch (ModelFailedException e) {
            throw new ActiveFailedException(e);
          }
        };
    SampleRows samples = SampleRows.of(candidate.version());
    List<List<Row>> rows = warm(samples, List.of(candidate::predict, active));
    if (rows.isEmpty()) {
      return skipped(
          "none of "
              + Words.count(samples.rows().size(), "sample row")
              + " fits both it and "
              + against);
    }
    Calls newer = new Calls(clock, rows, candidate::predict);
    Calls older = new Calls(clock, rows, active);
    long pair = Math.max(1, Math.min(newer.time() + older.time(), newer.time() + older.time()));
    int runs = (int) Math.min(MOST_RUNS_OF_BLOCK, 2 * BLOCK / pair) | 1; // odd: one in the middle

    long[] now = new long[MOST_PAIRS];
    long[] before = new long[MOST_PAIRS];
    int pairs = 0;
    long began = clock.getAsLong();
    long spent = 0;
    while (pairs < MOST_PAIRS
        && (spent < PAIRS || (pairs < FEWEST_PAIRS && spent < LONGEST_PAIRS))) {
      if (pairs % 2 == 0) { // neither is always the first, after what the other left behind
        before[pairs] = older.median(runs);
        now[pairs] = newer.median(runs);
      } else {
        now[pairs] = newer.median(runs);
        before[pairs] = older.median(runs);
      }
      pairs++;
      spent = clock.getAsLong() - began;
    }
    double[] ratios = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      ratios[i] = (double) now[i] / Math.max(1, before[i]);
    }
    Arrays.sort(ratios);
    String evidence =
        String.format(
            Locale.ROOT,
            "median %s against %s of %s: %.2f times",
            Words.time(median(Arrays.copyOf(now, pairs))),
            Words.time(median(Arrays.copyOf(before, pairs))),
            against,
            ratios[pairs / 2]);
    String over =
        " over "
            + Words.count(pairs, "pair")
            + " of blocks of "
            + Words.count(runs, "run")
            + which(samples)
            + "; at most "
            + factor
            + " is allowed";
    int cut = cut(pairs);
    if (cut == 0) {
      return undecided(evidence + over + "; fewer than " + FEWEST_PAIRS + " pairs decide nothing");
    }
    double lower = ratios[cut - 1];
    double upper = ratios[pairs - cut];
    String whole = evidence + String.format(Locale.ROOT, " [%.2f, %.2f]", lower, upper) + over;
    if (upper <= factor) {
      return pass(whole);
    }
    return lower > factor
        ? fail(whole)
        : undecided(whole + ", which the interval holds: try again, or allow more");
  }

  /**
   * The place, counted from 1 at either end of so many sorted values, where an interval for their
   * median ends; 0 if there are too few for one.
   */
  private static int cut(int values) {
    BinomialDistribution below = BinomialDistribution.of(values, 0.5);
    int cut = 0;
    while (below.cumulativeProbability(cut) <= HALF_CHANCE) {
      cut++;
    }
    return cut;
  }

  // ------------------------------------------------------------ calls

  /**
   * Calls each model for a while.
   *
   * @return the rows that all of them take, each as a list of one
   */
  private List<List<Row>> warm(SampleRows samples, List<Consumer<List<Row>>> models) {
    long began = clock.getAsLong();
    List<List<Row>> rows = new ArrayList<>();
    for (Row sample : samples.rows()) {
      List<Row> row = List.of(sample);
      try {
        models.forEach(model -> model.accept(row));
        rows.add(row);
      } catch (InvalidInputException e) {
        continue; // of the candidate told by the finite gate; of the other one no fault
      }
      if (clock.getAsLong() - began >= WARM) {
        break;
      }
    }
    for (int run = 0;
        run < WARM_RUNS && !rows.isEmpty() && clock.getAsLong() - began < WARM;
        run++) {
      List<Row> row = rows.get(run % rows.size());
      models.forEach(model -> model.accept(row));
    }
    return rows;
  }

  private static String which(SampleRows samples) {
    return samples.golden() ? "" : " on made-up rows";
  }

  /** Sorts them. */
  private static long median(long[] times) {
    Arrays.sort(times);
    return times[times.length / 2];
  }

  /** Single predictions of one version, on rows in turn. Used by one thread. */
  private static final class Calls {
    private final LongSupplier clock;
    private final List<List<Row>> rows;
    private final Consumer<List<Row>> model;
    private int next;

    Calls(LongSupplier clock, List<List<Row>> rows, Consumer<List<Row>> model) {
      this.clock = clock;
      this.rows = rows;
      this.model = model;
    }

    /** Nanoseconds of one call. */
    long time() {
      List<Row> row = rows.get(next);
      next = next + 1 == rows.size() ? 0 : next + 1;
      long began = clock.getAsLong();
      model.accept(row);
      return clock.getAsLong() - began;
    }

    long median(int runs) {
      long[] times = new long[runs];
      for (int i = 0; i < runs; i++) {
        times[i] = time();
      }
      return LatencyGate.median(times);
    }
  }

  /** The version in force failed, for which the candidate is not to blame. */
  private static final class ActiveFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ActiveFailedException(ModelFailedException why) {
      super(why.getMessage(), why);
    }
  }
}
