package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.gate;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static dev.mlops.runtime.serving.TestRuntime.states;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.LifecycleEvent.Cause;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A change of a route that comes while a candidate of an earlier one is in its gates. */
class RouteOverlapTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  /** Version 2 serves and 1 is warm; a refresh has brought the candidate as far as the gate. */
  private Future<SwapReport> refreshHeld(Routes routes, HeldGate gate, String candidate) {
    test.store.move("2");
    routes.refresh(ROUTE);
    test.store.move(candidate);
    Future<SwapReport> refresh = test.others.submit(() -> routes.refresh(ROUTE));
    gate.awaitInside();
    return refresh;
  }

  private static VersionRefusedException refusalOf(Future<?> change) throws Exception {
    try {
      throw new AssertionError(change.get(20, TimeUnit.SECONDS) + " and no refusal");
    } catch (ExecutionException e) {
      return (VersionRefusedException) e.getCause();
    }
  }

  @Test
  void rollback_whileAnotherIsChecked_doesNotWaitAndTheOtherIsComparedWithWhatServesThen() {
    List<String> alone = new ArrayList<>();
    test.gates.add(
        gate(
            "mine",
            false,
            c -> {
              alone.add(c.version().version().number());
              return Gate.Outcome.PASS;
            }));
    HeldGate held = HeldGate.passing("3 beside 2");
    test.gates.add(held);
    Routes routes = test.serving("1", "2", "3");
    Future<SwapReport> refresh = refreshHeld(routes, held, "3");
    assertThat(routes.rollback(ROUTE, "worse").to().number()).isEqualTo("1");
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("1");
    assertThat(refresh.isDone()).isFalse();
    held.letGo();
    SwapReport report = Caller.resultOf(refresh);
    assertThat(report.from().orElseThrow().number()).isEqualTo("1");
    assertThat(report.to().number()).isEqualTo("3");
    assertThat(report.gates())
        .extracting(Gate.Result::gate)
        .containsExactly("schema", "finite", "golden", "mine", "held");
    assertThat(held.asked).containsExactly("1 alone", "2 beside 1", "3 beside 2", "3 beside 1");
    assertThat(alone).as("asked once of each").containsExactly("1", "2", "3");
    assertThat(only(routes).overridden()).isFalse();
    assertThat(only(routes).problem()).isEmpty();
    assertThat(test.next(LifecycleEvent.Closed.class).version().number()).isEqualTo("2");
    assertThat(states(routes)).containsExactly("3 ACTIVE", "1 RETAINED");
  }

  @Test
  void rollback_whileAnotherIsCheckedThatFailsBesideWhatServesThen_refusesAndRemembersIt()
      throws Exception {
    HeldGate held = new HeldGate("3 beside 2", true, asked -> !asked.equals("3 beside 1"));
    test.gates.add(held);
    Routes routes = test.serving("1", "2", "3");
    Future<SwapReport> refresh = refreshHeld(routes, held, "3");
    routes.rollback(ROUTE, "worse");
    held.letGo();
    assertThat(refusalOf(refresh))
        .hasMessage("m:3 was refused: held FAIL: bad. m:1 goes on serving");
    assertThat(states(routes))
        .containsExactlyInAnyOrder("1 ACTIVE", "2 RETAINED", "3 REFUSED", "2 BANNED");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(test.engine.opened.get()).as("remembered beside 1").isEqualTo(3);
    assertThat(only(routes).overridden()).isTrue();
  }

  @Test
  void rollback_toTheOneThatIsChecked_isAcceptedAsItIsAndSwapsNothing() {
    AtomicInteger observing = test.observe();
    HeldGate held = HeldGate.passing("1 beside 2");
    test.gates.add(held);
    Routes routes = test.serving("1", "2");
    Future<SwapReport> refresh = refreshHeld(routes, held, "1");
    routes.rollback(ROUTE, "worse");
    held.letGo();
    SwapReport report = Caller.resultOf(refresh);
    assertThat(report.swapped()).isFalse();
    assertThat(report.from().orElseThrow().number()).isEqualTo("1");
    assertThat(report.phases()).isEmpty();
    assertThat(held.asked).containsExactly("1 alone", "2 beside 1", "1 beside 2");
    assertThat(only(routes).overridden()).isFalse();
    assertThat(only(routes).problem()).isEmpty();
    assertThat(states(routes)).containsExactly("1 ACTIVE", "2 RETAINED");
    assertThat(observing.get()).as("of what serves and what is warm").isEqualTo(2);
    assertThat(routes.refresh(ROUTE).swapped()).isFalse();
    assertThat(held.asked).as("it is decided").hasSize(3);
    routes.close(Duration.ofSeconds(10));
    assertThat(test.told(LifecycleEvent.Swapped.class))
        .extracting(LifecycleEvent.Swapped::cause)
        .containsExactly(Cause.START, Cause.ALIAS, Cause.ROLLBACK);
  }

  @Test
  void rollback_toTheOneThatIsCheckedAndFails_isNotHeldAgainstIt() throws Exception {
    HeldGate held = new HeldGate("1 beside 2", true, asked -> !asked.equals("1 beside 2"));
    test.gates.add(held);
    Routes routes = test.serving("1", "2");
    Future<SwapReport> refresh = refreshHeld(routes, held, "1");
    routes.rollback(ROUTE, "worse");
    held.letGo();
    assertThat(refusalOf(refresh).version().number()).isEqualTo("1");
    assertThat(states(routes)).containsExactly("1 ACTIVE", "2 RETAINED", "2 BANNED");
    assertThat(only(routes).overridden()).isTrue();
  }

  @Test
  void rollback_toTheOneThatAnOverrideChecks_leavesTheOverridesReason() {
    AtomicInteger observing = test.observe();
    HeldGate held = new HeldGate("1 beside 2", true, asked -> !asked.startsWith("1 beside"));
    test.gates.add(held);
    Routes routes = test.serving("1");
    test.put("2");
    routes.override(ROUTE, "2", "first");
    Future<SwapReport> override =
        test.others.submit(() -> routes.override(ROUTE, "1", "asked for"));
    held.awaitInside();
    routes.rollback(ROUTE, "worse");
    held.letGo();
    SwapReport report = Caller.resultOf(override);
    assertThat(report.swapped()).isFalse();
    assertThat(held.asked).endsWith("1 beside 2", "1 beside 1");
    assertThat(report.gates().toString()).contains("held FAIL: bad");
    assertThat(only(routes).overridden()).isTrue();
    assertThat(only(routes).problem())
        .hasValueSatisfying(
            problem -> assertThat(problem).endsWith("asked for (forced against held FAIL: bad)"));
    assertThat(states(routes)).containsExactly("1 ACTIVE", "2 RETAINED", "2 BANNED");
    assertThat(observing.get()).isEqualTo(2);
  }

  @Test
  void override_whileAnotherIsChecked_waitsForIt() throws Exception {
    HeldGate held = HeldGate.passing("3 beside 2");
    test.gates.add(held);
    Routes routes = test.serving("1", "2", "3");
    Future<SwapReport> refresh = refreshHeld(routes, held, "3");
    AtomicReference<Thread> thread = new AtomicReference<>();
    Future<SwapReport> override =
        test.others.submit(
            () -> {
              thread.set(Thread.currentThread());
              return routes.override(ROUTE, "1", "asked for");
            });
    TestRuntime.awaitWaiting(thread);
    assertThat(override.isDone()).isFalse();
    held.letGo();
    assertThat(Caller.resultOf(refresh).to().number()).isEqualTo("3");
    assertThat(Caller.resultOf(override).from().orElseThrow().number()).isEqualTo("3");
    assertThat(model(routes).version().number()).isEqualTo("1");
    assertThat(only(routes).problem()).contains("overridden with m:1: asked for");
  }
}
