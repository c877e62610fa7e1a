package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.SwapReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Calls on one route at once: whatever overlaps, each answer and what is left are those of some
 * order of the calls, and nobody waits for a load but who asked for a version.
 */
class RouteLocksTest {
  private static final String ROUTE = RouteModelRun.ROUTES.get(0);
  private static final Row ONE = Row.of("x", 1);

  record In(float x) {}

  record Out(float y) {}

  @TempDir Path folder;

  /** A call as the runtime and as the model does it. */
  private record Call(
      String name, Function<Routes, SwapReport> real, Function<RouteModel, String> model) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final Call REFRESH =
      new Call("refresh", r -> r.refresh(ROUTE), RouteModel::refresh);

  private static final Call ROLLBACK =
      new Call("rollback", r -> r.rollback(ROUTE, "why"), RouteModel::rollback);

  private static final Call CLEAR =
      new Call("clearOverride", r -> r.clearOverride(ROUTE), RouteModel::clearOverride);

  private static Call override(String version) {
    return new Call(
        "override " + version,
        r -> r.override(ROUTE, version, "why"),
        model -> model.override(version));
  }

  private RouteModelRun runtime(boolean kept) {
    return new RouteModelRun(
        new RouteModelRun.Setup(kept, true, false, false), folder, RouteModel::new);
  }

  // --- nobody waits for a load ---

  @Test
  void refresh_whileItLoads_nobodyElseWaits() {
    assertNobodyWaits(REFRESH, "1 -> 3");
  }

  @Test
  void override_whileItLoads_nobodyElseWaits() {
    assertNobodyWaits(override("3"), "1 -> 3");
  }

  @Test
  void clearOverride_whileItLoads_nobodyElseWaits() {
    assertNobodyWaits(CLEAR, "1 -> 3");
  }

  /** A call that loads version 3, while a rollback from 2 to 1 and all else goes on. */
  private void assertNobodyWaits(Call call, String answer) {
    try (RouteModelRun run = runtime(false);
        Caller loading = new Caller();
        Caller other = new Caller()) {
      if (call.equals(CLEAR)) {
        run.move("3");
        run.calls(ROUTE, REFRESH.real(), REFRESH.model());
        run.calls(ROUTE, override("1").real(), override("1").model());
        run.calls(ROUTE, override("2").real(), override("2").model());
      } else {
        run.move("2");
        run.calls(ROUTE, REFRESH.real(), REFRESH.model());
        run.move("3");
      }
      run.agree();
      Semaphore inside = new Semaphore(0);
      run.engine.hold("3", inside);
      Future<String> loads = loading.begins(() -> run.answer(call.real()));
      assertThat(other.<Boolean>does(() -> inside.tryAcquire(20, TimeUnit.SECONDS))).isTrue();

      Routes routes = run.routes;
      assertThat(other.does(() -> routes.health().routes().get(0).versions()))
          .anyMatch(loaded -> loaded.state() == VersionState.LOADING);
      ModelHandle<In, Out> second = other.does(() -> routes.handle(ROUTE, In.class, Out.class));
      assertThat(other.does(() -> second.predict(new In(1)).value().y())).isEqualTo(2);
      assertThat(other.does(() -> run.answer(ROLLBACK.real()))).isEqualTo("2 -> 1");
      assertThat(other.does(() -> second.predict(new In(1)).value().y())).isEqualTo(1);
      assertThat(loads.isDone()).isFalse();

      run.engine.free("3");
      assertThat(Caller.resultOf(loads)).isEqualTo(answer);
      RouteModel model = run.world.routes.get(0);
      assertThat(ROLLBACK.model().apply(model)).isEqualTo("2 -> 1"); // in this order
      assertThat(call.model().apply(model)).isEqualTo(answer);
      run.agree();
    }
  }

  // --- some order ---

  @Test
  void calls_overlapping_areInSomeOrder() throws Exception {
    overlap(1301, 120, true);
    overlap(1302, 120, false);
  }

  @Test
  @Tag("proof")
  void calls_overlappingThousandsOfTimes_areInSomeOrder() throws Exception {
    overlap(1303, 1_500, true);
    overlap(1304, 1_500, false);
  }

  private void overlap(long seed, int rounds, boolean kept) throws Exception {
    Random random = new Random(seed);
    try (RouteModelRun run = runtime(kept);
        Caller first = new Caller();
        Caller second = new Caller();
        Caller third = new Caller();
        Caller predicting = new Caller();
        Caller asking = new Caller()) {
      AtomicBoolean over = new AtomicBoolean();
      AtomicInteger predictions = new AtomicInteger();
      Future<?> predicts = predicting.begins(() -> predictUntil(over, run.routes, predictions));
      Future<?> asks = asking.begins(() -> askUntil(over, run.routes));
      List<RouteModel.World> ways = List.of(run.world);
      for (int round = 0; round < rounds; round++) {
        changeTheStore(random, run);
        List<Call> calls = calls(random);
        RouteModel.World before = ways.get(0);
        boolean held = random.nextBoolean() && hold(run, before);
        List<String> answers = together(run, calls, List.of(first, second, third), held);
        ways = waysThatFit(run, ways, calls, answers, "seed " + seed + ", round " + round);
      }
      over.set(true);
      Caller.resultOf(predicts);
      Caller.resultOf(asks);
      assertThat(predictions.get()).isPositive();
      run.world.closed = true;
    }
  }

  private static boolean predictUntil(AtomicBoolean over, Routes routes, AtomicInteger answered) {
    ModelHandle<Row, Row> handle = routes.handle(ROUTE, Row.class, Row.class);
    while (!over.get()) {
      assertThat(handle.predict(ONE).value().number("y")).isBetween(1.0, 3.0);
      answered.incrementAndGet();
      Thread.onSpinWait();
    }
    return true;
  }

  private static boolean askUntil(AtomicBoolean over, Routes routes) {
    ModelHandle<In, Out> handle = routes.handle(ROUTE, In.class, Out.class);
    while (!over.get()) {
      assertThat(routes.handle(ROUTE, In.class, Out.class)).isSameAs(handle);
      assertThat(routes.health().ready()).isTrue();
      Thread.onSpinWait();
    }
    return true;
  }

  /*
   * What does not load is left out: it may be loaded still, for a moment. And a version is only
   * worse or good, from a new revision on: a refresh that was overtaken asks the comparisons again,
   * where one that begins later is told what any gate said.
   */
  private static void changeTheStore(Random random, RouteModelRun run) {
    if (random.nextInt(3) == 0) {
      return;
    }
    String version = RouteModelRun.VERSIONS.get(random.nextInt(3));
    run.move(version);
    switch (random.nextInt(8)) {
      case 0, 1 -> run.becomes(version, RouteModel.Condition.WORSE);
      case 2, 3 -> run.becomes(version, RouteModel.Condition.GOOD);
      default -> {}
    }
  }

  private static List<Call> calls(Random random) {
    List<Call> calls = new ArrayList<>();
    calls.add(random.nextInt(3) > 0 ? REFRESH : CLEAR);
    calls.add(ROLLBACK);
    if (random.nextBoolean()) {
      String version = RouteModelRun.VERSIONS.get(random.nextInt(3));
      calls.add(List.of(REFRESH, CLEAR, ROLLBACK, override(version)).get(random.nextInt(4)));
    }
    return calls;
  }

  /** Holds loads of a version that is not loaded. */
  private static boolean hold(RouteModelRun run, RouteModel.World now) {
    for (String version : RouteModelRun.VERSIONS) {
      if (!now.loaded().contains(version)) {
        run.engine.hold(version, new Semaphore(0));
        return true;
      }
    }
    return false;
  }

  /** Does calls at once; where loads are held, no rollback waits for one. */
  private static List<String> together(
      RouteModelRun run, List<Call> calls, List<Caller> callers, boolean held) {
    CyclicBarrier start = new CyclicBarrier(calls.size());
    List<Future<String>> begun = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      Call call = calls.get(i);
      begun.add(
          callers
              .get(i)
              .begins(
                  () -> {
                    start.await();
                    return run.answer(call.real());
                  }));
    }
    for (int i = 0; held && i < calls.size(); i++) {
      if (calls.get(i).equals(ROLLBACK)) {
        Caller.resultOf(begun.get(i));
      }
    }
    RouteModelRun.VERSIONS.forEach(run.engine::free);
    return begun.stream().map(Caller::resultOf).toList();
  }

  /** The orders of the calls that lead to what is seen; there may be several, of one look. */
  private static List<RouteModel.World> waysThatFit(
      RouteModelRun run,
      List<RouteModel.World> before,
      List<Call> calls,
      List<String> answers,
      String when) {
    Map<String, RouteModel.World> fit = new LinkedHashMap<>();
    List<String> others = new ArrayList<>();
    for (RouteModel.World world : before) {
      for (List<Integer> order : orders(calls.size())) {
        RouteModel.World way = world.copy();
        way.takesFrom(run.world);
        RouteModel route = way.routes.get(0);
        boolean same = true;
        for (int call : order) {
          same &= calls.get(call).model().apply(route).equals(answers.get(call));
        }
        try {
          if (same) {
            run.agree(way);
            fit.put(route.toString(), way);
          } else {
            others.add(order + ": " + route);
          }
        } catch (AssertionError e) {
          others.add(order + ": " + e.getMessage());
        }
      }
    }
    assertThat(fit.values())
        .as(
            "%s: %s answered %s, from %s; but orders give %s",
            when, calls, answers, before.get(0).routes.get(0), others)
        .isNotEmpty();
    return List.copyOf(fit.values());
  }

  private static List<List<Integer>> orders(int calls) {
    List<List<Integer>> orders = List.of(List.of());
    for (int call = 0; call < calls; call++) {
      List<List<Integer>> longer = new ArrayList<>();
      for (List<Integer> order : orders) {
        for (int at = 0; at <= order.size(); at++) {
          List<Integer> next = new ArrayList<>(order);
          next.add(at, call);
          longer.add(next);
        }
      }
      orders = longer;
    }
    return orders;
  }
}
