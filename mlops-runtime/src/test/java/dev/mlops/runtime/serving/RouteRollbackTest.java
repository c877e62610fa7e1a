package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.gate;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static dev.mlops.runtime.serving.TestRuntime.refuses;
import static dev.mlops.runtime.serving.TestRuntime.refusesBeside;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.LifecycleEvent.Cause;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Rollbacks, what they turn away, and what ends that. */
class RouteRollbackTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void rollback_warmVersion_servesAtOnceWithoutLoading() {
    Routes routes = test.serving("1", "2", "3");
    test.store.move("2");
    routes.refresh(ROUTE);
    SwapReport report = routes.rollback(ROUTE, "precision fell");
    assertThat(report.from()).contains(MemoryStore.version("2"));
    assertThat(report.to()).isEqualTo(MemoryStore.version("1"));
    assertThat(model(routes).predict(ONE).value().number("y")).isEqualTo(1);
    assertThat(test.engine.opened.get()).isEqualTo(2);
    assertThat(only(routes).overridden()).isTrue();
    assertThat(only(routes).problem()).contains("rolled back to m:1: precision fell");

    assertThat(routes.refresh(ROUTE).swapped()).as("the head is what was turned away").isFalse();
    assertThat(only(routes).overridden()).isTrue();

    assertThatThrownBy(() -> routes.rollback(ROUTE, "again"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("what is warm is m:2, which that rollback turned away");

    test.store.move("3");
    assertThat(routes.refresh(ROUTE).to()).isEqualTo(MemoryStore.version("3"));
    assertThat(only(routes).overridden()).isFalse();
  }

  /** What a rollback could not write is written at the next look; and a restart knows of it. */
  @Test
  void rollback_stateFolderBrokenMeanwhile_isKeptAsSoonAsItIsMended(@TempDir Path temp)
      throws IOException {
    Path folder = temp.resolve("state");
    test.state = Optional.of(folder);
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    Path aside = Files.move(folder, temp.resolve("aside"));
    Files.writeString(folder, "in the way");
    routes.rollback(ROUTE, "precision fell");
    assertThat(only(routes).problem().orElseThrow())
        .startsWith("rolled back to m:1: precision fell; a restart will not know of it: ");
    routes.refresh(ROUTE);
    assertThat(only(routes).problem().orElseThrow()).contains("a restart will not know of it");

    Files.delete(folder);
    Files.move(aside, folder);
    routes.refresh(ROUTE);
    assertThat(only(routes).problem()).contains("rolled back to m:1: precision fell");
    routes.close(Duration.ofSeconds(10));
    assertThat(model(test.build()).predict(ONE).version().number()).isEqualTo("1");
  }

  /** Listeners hear of a swap and of the rollback behind it in that order, whoever is quicker. */
  @Test
  void rollback_asSoonAsTheNextVersionServes_isToldBehindItsSwap() throws Exception {
    Routes routes = test.serving("1", "2");
    for (int round = 0; round < 200; round++) {
      test.store.move("2");
      Future<?> refresh = test.others.submit(() -> routes.refresh(ROUTE));
      while (!model(routes).version().number().equals("2")) {
        Thread.onSpinWait();
      }
      routes.rollback(ROUTE, "a drill");
      refresh.get();
    }
    routes.close(Duration.ofSeconds(10));
    List<Cause> causes =
        test.told(LifecycleEvent.Swapped.class).stream()
            .map(LifecycleEvent.Swapped::cause)
            .toList();
    assertThat(causes).hasSize(401);
    for (int i = 1; i < causes.size(); i++) {
      assertThat(causes.get(i)).isEqualTo(i % 2 == 1 ? Cause.ALIAS : Cause.ROLLBACK);
    }
  }

  @Test
  void refresh_newerRevisionNamesTheBannedVersion_liftsTheBan() {
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    routes.rollback(ROUTE, "precision fell");
    test.store.move("2");
    assertThat(routes.refresh(ROUTE).to()).isEqualTo(MemoryStore.version("2"));
    assertThat(only(routes).overridden()).isFalse();
    assertThat(test.engine.opened.get()).as("it was still warm").isEqualTo(2);
  }

  @Test
  void refresh_newerVersionRefusedAfterRollback_overrideStays() {
    test.gates.add(refuses("3", false));
    Routes routes = test.serving("1", "2", "3");
    test.store.move("2");
    routes.refresh(ROUTE);
    routes.rollback(ROUTE, "precision fell");
    test.store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(only(routes).overridden()).isTrue();
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void rollback_nothingWarm_throws() {
    Routes routes = test.serving("1");
    assertThatThrownBy(() -> routes.rollback(ROUTE, "why not"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(
            "nothing is kept warm on m@champion to roll back to: m:1 serves alone");
  }

  @Test
  void clearOverride_afterRollback_servesTheAliasAgainThroughAllGates() {
    AtomicReference<Gate.Outcome> outcome = new AtomicReference<>(Gate.Outcome.PASS);
    test.gates.add(gate("quality", true, c -> outcome.get()));
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    routes.rollback(ROUTE, "precision fell");
    outcome.set(Gate.Outcome.FAIL);
    assertThatThrownBy(() -> routes.clearOverride(ROUTE))
        .isInstanceOf(VersionRefusedException.class);
    assertThat(only(routes).overridden()).isTrue();
    outcome.set(Gate.Outcome.PASS);
    assertThat(routes.clearOverride(ROUTE).to()).isEqualTo(MemoryStore.version("2"));
    assertThat(only(routes).overridden()).isFalse();
    assertThat(routes.clearOverride(ROUTE).swapped()).as("nothing left to clear").isFalse();
  }

  @Test
  void pinnedRoute_cannotBeMoved() {
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> pinned = routes.handle("m:2", Row.class, Row.class);
    assertThat(pinned.predict(ONE).value().number("y")).isEqualTo(2);
    assertThat(routes.refresh("m:2").swapped()).isFalse();
    assertThatThrownBy(() -> routes.rollback("m:2", "why"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("m:2 is pinned");
    assertThatThrownBy(() -> routes.clearOverride("m:2")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> routes.refresh("m@nobody"))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("no route m@nobody to refresh");
  }

  @Test
  void rollback_toAVersionThatWasRefusedMeanwhile_refusesItNoMore() {
    test.gates.add(refusesBeside("2"));
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    test.store.move("1");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    routes.rollback(ROUTE, "precision fell");
    assertThat(only(routes).versions())
        .extracting(loaded -> loaded.version().number() + " " + loaded.state())
        .containsExactlyInAnyOrder("1 ACTIVE", "2 RETAINED", "2 BANNED");
  }
}
