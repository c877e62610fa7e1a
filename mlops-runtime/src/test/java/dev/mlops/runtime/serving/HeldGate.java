package dev.mlops.runtime.serving;

import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A gate that holds one candidate until the test lets it go: so long a change of the route is under
 * way.
 */
final class HeldGate implements Gate {
  private static final long PATIENCE_SECONDS = 20;

  /** What was checked: {@code 3 beside 2}, or {@code 3 alone}. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  private final String holds;
  private final boolean compares;
  private final Predicate<String> good;
  private final CountDownLatch inside = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);

  /**
   * A gate.
   *
   * @param holds the question it holds
   * @param good whether what is asked passes
   */
  HeldGate(String holds, boolean compares, Predicate<String> good) {
    this.holds = holds;
    this.compares = compares;
    this.good = good;
  }

  /** One that compares and lets all pass. */
  static HeldGate passing(String holds) {
    return new HeldGate(holds, true, asked -> true);
  }

  @Override
  public String name() {
    return "held";
  }

  @Override
  public boolean compares() {
    return compares;
  }

  @Override
  public Result check(Candidate candidate) {
    String checked = candidate.version().version().number();
    String question =
        checked + candidate.active().map(active -> " beside " + active.number()).orElse(" alone");
    asked.add(question);
    if (question.equals(holds)) {
      inside.countDown();
      await(go);
    }
    return good.test(question) ? pass("good") : fail("bad");
  }

  void awaitInside() {
    await(inside);
  }

  void letGo() {
    go.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("nobody came");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
