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
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

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
