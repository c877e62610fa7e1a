package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.gate;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static dev.mlops.runtime.serving.TestRuntime.refuses;
import static dev.mlops.runtime.serving.TestRuntime.refusesBeside;
import static dev.mlops.runtime.serving.TestRuntime.states;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.ModelUnavailableException;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.MlopsException;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.StoreUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What is told of a change that fails, and that it leaves the route as it was, and free. */
class RouteFailuresTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  record In(float x) {}

  record Out(float y) {}

  record More(float y, float z) {}

  // --- what is told ---

  @Test
  void refresh_storeDownForManyLooks_isToldOnceAndAgainAfterItWasBack() {
    Routes routes = test.serving("1");
    for (int outage = 0; outage < 2; outage++) {
      test.store.down(true);
      for (int look = 0; look < 3; look++) {
        assertThatThrownBy(() -> routes.refresh(ROUTE))
            .isInstanceOf(StoreUnavailableException.class);
        assertThat(only(routes).problem()).contains("the store is down");
      }
      test.store.down(false);
      routes.refresh(ROUTE);
      assertThat(only(routes).problem()).isEmpty();
    }
    routes.close(Duration.ofSeconds(10));
    assertThat(test.told(LifecycleEvent.Failed.class))
        .hasSize(2)
        .allMatch(
            failed ->
                failed.route().equals(ROUTE)
                    && failed.version().isEmpty()
                    && failed.code().equals("store-unavailable")
                    && failed.reason().equals("the store is down"));
  }

  @Test
  void refresh_versionThatDoesNotLoad_isToldOnceWithItsVersion() {
    Routes routes = test.serving("1", "2");
    test.engine.failAtLoad("2", "no memory");
    test.store.move("2");
    for (int look = 0; look < 3; look++) {
      assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(ModelFailedException.class);
    }
    routes.close(Duration.ofSeconds(10));
    LifecycleEvent.Failed failed = test.told(LifecycleEvent.Failed.class).get(0);
    assertThat(failed.version()).contains(MemoryStore.version("2"));
    assertThat(failed.code()).isEqualTo("model-failed");
    assertThat(test.told(LifecycleEvent.Failed.class)).hasSize(1);
  }

  @Test
  void refresh_failureThatIsNotOurs_isToldAsSuch() {
    test.gates.add(
        gate(
            "mine",
            true,
            c -> {
              throw new StackOverflowError("deep");
            }));
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(StackOverflowError.class);
    LifecycleEvent.Failed failed = test.next(LifecycleEvent.Failed.class);
    assertThat(failed.code()).isEqualTo("other");
    assertThat(failed.reason()).isEqualTo("java.lang.StackOverflowError: deep");
    assertThat(failed.version()).contains(MemoryStore.version("2"));
    assertThat(states(routes)).containsExactly("1 ACTIVE");
  }

  @Test
  void refresh_refusal_isToldOnceAndStandsAsTheProblemAfterAnotherWasMended() {
    test.gates.add(refuses("2", true));
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    test.store.down(true);
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(StoreUnavailableException.class);
    test.store.down(false);
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    String refusal = "m:2 was refused: quality FAIL: because the test says so. m:1 goes on serving";
    assertThat(only(routes).problem()).contains(refusal);
    assertThat(states(routes)).containsExactly("1 ACTIVE", "2 REFUSED");
    assertThat(routes.describe())
        .contains("revision 2 refused beside m:1: quality FAIL: because the test says so");
    routes.close(Duration.ofSeconds(10));
    assertThat(test.told(LifecycleEvent.Refused.class))
        .singleElement()
        .satisfies(
            refused -> {
              assertThat(refused.version().number()).isEqualTo("2");
              assertThat(refused.results())
                  .extracting(Gate.Result::gate)
                  .containsExactly("schema", "finite", "golden", "quality");
            });
  }

  @Test
  void refresh_manyRefusals_remembersTheLastTwenty() {
    test.gates.add(refusesBeside("1"));
    String[] numbers =
        IntStream.rangeClosed(1, 22).mapToObj(Integer::toString).toArray(String[]::new);
    Routes routes = test.serving(numbers);
    for (int version = 2; version <= 21; version++) {
      test.store.move(numbers[version - 1]);
      assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    }
    assertThat(states(routes)).hasSize(1 + 20).contains("2 REFUSED", "21 REFUSED");
    test.store.move("22");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(states(routes))
        .hasSize(1 + 20)
        .contains("3 REFUSED", "22 REFUSED")
        .doesNotContain("2 REFUSED");
  }

  @Test
  void start_severalDoNotLoad_eachIsToldAndTheHeadIsTheProblem() {
    test.degraded = true;
    test.released("1", "2");
    test.engine.failAtLoad("1", "no memory");
    test.engine.failAtLoad("2", "no memory");
    Routes routes = test.build();
    assertThatThrownBy(() -> model(routes).predict(ONE))
        .isInstanceOf(ModelUnavailableException.class)
        .hasMessage("m@champion serves no version yet: m:2 does not load: no memory");
    routes.close(Duration.ofSeconds(10));
    assertThat(test.told(LifecycleEvent.Failed.class))
        .extracting(failed -> failed.version().map(v -> v.number()).orElse("none"))
        .containsExactly("2", "1");
  }

  @Test
  void start_versionThatNoHandleFits_saysSoAndThatNothingServes() {
    test.degraded = true;
    test.store.down(true);
    Routes routes = test.build();
    routes.handle(ROUTE, In.class, More.class);
    test.store.down(false);
    test.released("1");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("m:1 was refused: schema FAIL: it does not fit a handle")
        .hasMessageEndingWith("An earlier revision is tried");
  }

  // --- what is left ---

  @Test
  void start_decisionCannotBeKept_givesTheSessionBack(@TempDir Path folder) throws IOException {
    AtomicInteger observing = test.observe();
    Path state = Files.writeString(folder.resolve("state"), "no folder");
    test.state = Optional.of(state);
    test.released("1");
    Routes routes = test.build();
    assertThatThrownBy(() -> model(routes)).isInstanceOf(StoreUnavailableException.class);
    test.next(LifecycleEvent.Failed.class);
    assertThat(observing.get()).isZero();
    assertThat(routes.health().routes()).isEmpty();
    Files.delete(state);
    assertThat(model(routes).version().number()).isEqualTo("1");
    assertThat(observing.get()).isOne();
  }

  @Test
  void refresh_decisionCannotBeKept_servesOnAndGivesTheSessionBack(@TempDir Path folder) {
    AtomicInteger observing = test.observe();
    Routes routes = servingUntilTheFolderBreaks(folder, "2 beside 1", "1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("the state of m@champion cannot be written");
    assertThat(model(routes).version().number()).isEqualTo("1");
    assertThat(states(routes)).containsExactly("1 ACTIVE");
    assertThat(observing.get()).isOne();
  }

  @Test
  void refresh_toWhatIsWarmAndTheDecisionCannotBeKept_leavesItWarm(@TempDir Path folder) {
    AtomicInteger observing = test.observe();
    Routes routes = servingUntilTheFolderBreaks(folder, "1 beside 2", "1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    test.store.move("1");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(StoreUnavailableException.class);
    assertThat(states(routes)).containsExactly("2 ACTIVE", "1 RETAINED");
    assertThat(observing.get()).isEqualTo(2);
    assertThat(routes.rollback(ROUTE, "because").to().number()).isEqualTo("1");
    assertThat(only(routes).problem())
        .hasValueSatisfying(
            problem ->
                assertThat(problem)
                    .startsWith("rolled back to m:1: because; a restart will not know of it: "));
    assertThat(observing.get()).isEqualTo(2);
  }

  /** Serves the first; from that question of a gate on no decision can be kept. */
  private Routes servingUntilTheFolderBreaks(Path folder, String question, String... numbers) {
    test.state = Optional.of(folder);
    test.gates.add(
        new HeldGate(
            "nothing",
            true,
            asked -> {
              if (asked.equals(question)) {
                replaceByAFile(folder.resolve("m"));
              }
              return true;
            }));
    return test.serving(numbers);
  }

  private static void replaceByAFile(Path folder) {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
      Files.writeString(folder, "no folder");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void rollback_toAVersionThatANewHandleDoesNotFit_servesOn() {
    test.store.put("1", ScriptedEngine.SCHEMA);
    test.store.put("2", ScriptedEngine.TWO_OUTPUTS);
    test.store.move("1");
    Routes routes = test.build();
    model(routes);
    test.store.move("2");
    routes.refresh(ROUTE);
    var more = routes.handle(ROUTE, In.class, More.class);
    assertThatThrownBy(() -> routes.rollback(ROUTE, "worse"))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("m:1 was refused: schema FAIL: it does not fit a handle")
        .hasMessageEndingWith("m:2 goes on serving");
    assertThat(more.predict(new In(1)).value()).isEqualTo(new More(2, 2));
    assertThat(states(routes)).containsExactly("2 ACTIVE", "1 RETAINED");
    assertThat(only(routes).overridden()).isFalse();
    assertOthersAreLetIn(routes);
  }

  @Test
  void swap_clockThatThrows_publishesNothingAndLeavesNothingOpen() {
    AtomicBoolean broken = new AtomicBoolean();
    test.clock =
        () -> {
          if (broken.get()) {
            throw new IllegalStateException("no time");
          }
          return Instant.EPOCH;
        };
    test.keepWarm = Duration.ZERO;
    test.gates.add(
        gate(
            "mine",
            true,
            c -> {
              broken.set(true);
              return Gate.Outcome.PASS;
            }));
    AtomicInteger observing = test.observe();
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).hasMessage("no time");
    broken.set(false);
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("1");
    routes.close(Duration.ofSeconds(10));
    assertThat(test.engine.live()).isZero();
    assertThat(observing.get()).isZero();
  }

  @Test
  void refresh_stateFolderLost_isToldInHealthAndOnce(@TempDir Path temp) throws Exception {
    Path folder = temp.resolve("state");
    test.state = Optional.of(folder);
    Routes routes = test.serving("1", "2");
    Files.move(folder, temp.resolve("aside"));
    Files.writeString(folder, "in the way");
    test.store.move("2");
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> routes.refresh(ROUTE))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("cannot be written");
      assertThat(only(routes).problem().orElseThrow()).contains("cannot be written");
    }
    routes.close(Duration.ofSeconds(10));
    assertThat(test.told(LifecycleEvent.Failed.class)).hasSize(1);
  }

  // --- nobody is locked out ---

  @Test
  void change_doneOrRefused_letsOtherThreadsIn() {
    test.gates.add(refuses("3", false));
    Routes routes = test.serving("1", "2", "3", "4");
    routes.handle("m:1", Row.class, Row.class);
    test.engine.failAtLoad("4", "no memory");
    assertOthersAreLetIn(routes);
    routes.refresh(ROUTE);
    assertOthersAreLetIn(routes);
    routes.refresh("m:1");
    assertOthersAreLetIn(routes);
    routes.clearOverride(ROUTE);
    assertOthersAreLetIn(routes);
    fails(routes, IllegalStateException.class, () -> routes.rollback(ROUTE, "nothing is warm"));
    fails(routes, IllegalStateException.class, () -> routes.rollback("m:1", "why"));
    fails(routes, IllegalStateException.class, () -> routes.override("m:1", "2", "why"));
    fails(routes, IllegalStateException.class, () -> routes.clearOverride("m:1"));
    fails(routes, ModelNotFoundException.class, () -> routes.override(ROUTE, "7", "why"));
    fails(routes, ModelFailedException.class, () -> routes.override(ROUTE, "4", "why"));
    fails(routes, VersionRefusedException.class, () -> routes.override(ROUTE, "3", "why"));
    routes.override(ROUTE, "2", "why");
    assertOthersAreLetIn(routes);
    routes.rollback(ROUTE, "why");
    assertOthersAreLetIn(routes);
    fails(routes, IllegalStateException.class, () -> routes.rollback(ROUTE, "twice"));
    routes.clearOverride(ROUTE);
    assertOthersAreLetIn(routes);
    test.store.move("3");
    fails(routes, VersionRefusedException.class, () -> routes.refresh(ROUTE));
    fails(routes, VersionRefusedException.class, () -> routes.refresh(ROUTE));
    test.store.down(true);
    fails(routes, StoreUnavailableException.class, () -> routes.refresh(ROUTE));
    fails(routes, StoreUnavailableException.class, () -> routes.clearOverride(ROUTE));
    test.store.down(false);
    fails(routes, InvalidSettingsException.class, () -> routes.handle(ROUTE, In.class, More.class));
    routes.handle(ROUTE, In.class, Out.class);
    assertOthersAreLetIn(routes);
    routes.describe();
    assertOthersAreLetIn(routes);
    test.store.move("2");
    routes.refresh(ROUTE);
    assertOthersAreLetIn(routes);
  }

  @Test
  void start_failed_letsOtherThreadsIn() {
    test.degraded = true;
    test.store.down(true);
    Routes routes = test.build();
    model(routes);
    assertOthersAreLetIn(routes);
    fails(routes, StoreUnavailableException.class, () -> routes.refresh(ROUTE));
    fails(routes, ModelUnavailableException.class, () -> routes.rollback(ROUTE, "why"));
    fails(routes, StoreUnavailableException.class, () -> routes.override(ROUTE, "1", "why"));
    fails(routes, StoreUnavailableException.class, () -> routes.clearOverride(ROUTE));
    test.store.down(false);
    test.released("1");
    routes.refresh(ROUTE);
    assertOthersAreLetIn(routes);
  }

  private void fails(Routes routes, Class<? extends Throwable> how, Runnable change) {
    assertThatThrownBy(change::run).isInstanceOf(how);
    assertOthersAreLetIn(routes);
  }

  /** Another thread comes past both locks of each route; whatever it is answered. */
  private void assertOthersAreLetIn(Routes routes) {
    Caller.resultOf(
        test.others.submit(
            () -> {
              routes.health();
              assertThatThrownBy(() -> routes.override(ROUTE, "7", "why"))
                  .isInstanceOf(MlopsException.class);
              return routes.health().routes().size() < 2 || !routes.refresh("m:1").swapped();
            }));
  }
}
