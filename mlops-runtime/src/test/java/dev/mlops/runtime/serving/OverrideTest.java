package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelUnavailableException;
import dev.mlops.inference.Row;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.LifecycleEvent.Cause;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.store.ModelNotFoundException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class OverrideTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  private static Gate refuses(String number, boolean compares) {
    return new Gate() {
      @Override
      public String name() {
        return compares ? "mine" : "mine too";
      }

      @Override
      public boolean compares() {
        return compares;
      }

      @Override
      public Result check(Candidate candidate) {
        return candidate.version().version().number().equals(number) ? fail("bad") : pass("good");
      }
    };
  }

  /** An output more is allowed; the way back is an output less, and the schema gate's to bar. */
  @Test
  void overrideAndClear_backToWhatServedWithAnOutputLess_areNotBarredByTheSchema() {
    test.keepWarm = Duration.ZERO;
    test.put("1");
    test.store.put("2", ScriptedEngine.TWO_OUTPUTS);
    test.store.move("1");
    Routes routes = test.build();
    model(routes);
    test.store.move("2");
    assertThat(routes.refresh(ROUTE).to().number()).isEqualTo("2");
    assertThat(routes.override(ROUTE, "1", "z is wrong").to().number()).isEqualTo("1");

    test.store.move("1");
    routes.refresh(ROUTE);
    assertThat(routes.override(ROUTE, "2", "once more").to().number()).isEqualTo("2");
    assertThat(routes.clearOverride(ROUTE).to().number()).isEqualTo("1");
  }

  @Test
  void override_routeWithoutAVersion_bringsItUpAndClearingFollowsTheAlias() {
    test.gates.add(refuses("1", false));
    test.degraded = true;
    test.put("1", "2", "3");
    test.store.move("1");
    Routes routes = test.build();
    ModelHandle<Row, Row> model = model(routes);
    assertThatThrownBy(() -> model.predict(ONE)).isInstanceOf(ModelUnavailableException.class);
    assertThatThrownBy(() -> routes.override(ROUTE, "1", "why not"))
        .isInstanceOf(VersionRefusedException.class);
    SwapReport report = routes.override(ROUTE, "2", "the alias's is bad");
    assertThat(report.from()).isEmpty();
    assertThat(test.next(LifecycleEvent.Swapped.class).cause()).isEqualTo(Cause.OVERRIDE);
    assertThat(model.predict(ONE).version().number()).isEqualTo("2");
    assertThat(only(routes).overridden()).isTrue();
    test.store.move("3");
    assertThat(routes.refresh(ROUTE).to().number()).isEqualTo("3");
  }

  @Test
  void clearOverride_routeWithoutAVersionBehindABan_liftsItAndStarts(@TempDir Path folder) {
    test.state = Optional.of(folder);
    Routes before = test.serving("1", "2");
    test.store.move("2");
    before.refresh(ROUTE);
    before.rollback(ROUTE, "precision fell");
    before.close(Duration.ofSeconds(10));
    test.engine.failAtLoad("1", "it is gone");
    test.degraded = true;
    Routes routes = test.build();
    ModelHandle<Row, Row> model = model(routes);
    assertThatThrownBy(() -> model.predict(ONE)).isInstanceOf(ModelUnavailableException.class);
    assertThat(routes.clearOverride(ROUTE).to().number()).isEqualTo("2");
    assertThat(only(routes).overridden()).isFalse();
  }

  @Test
  void override_version_servesItUntilANewerRevisionServes() {
    Routes routes = test.serving("1", "2", "3");
    SwapReport report = routes.override(ROUTE, "2", "support asked for it");
    assertThat(report.to().number()).isEqualTo("2");
    assertThat(report.forced()).isFalse();
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("2");
    assertThat(only(routes).overridden()).isTrue();
    assertThat(only(routes).problem()).contains("overridden with m:2: support asked for it");
    assertThat(routes.refresh(ROUTE).swapped()).as("no newer revision").isFalse();
    test.store.move("3");
    assertThat(routes.refresh(ROUTE).to().number()).isEqualTo("3");
    assertThat(only(routes).overridden()).isFalse();
    assertThat(only(routes).problem()).isEmpty();
  }

  @Test
  void override_comparisonFails_isReportedAndNotObeyed() {
    test.gates.add(refuses("2", true));
    Routes routes = test.serving("1", "2");
    test.next(LifecycleEvent.Swapped.class);
    SwapReport report = routes.override(ROUTE, "2", "the comparison is wrong");
    assertThat(report.gates().toString()).contains("mine FAIL: bad");
    assertThat(report.forced()).isTrue();
    assertThat(only(routes).problem())
        .contains("overridden with m:2: the comparison is wrong (forced against mine FAIL: bad)");
    LifecycleEvent.Swapped swapped = test.next(LifecycleEvent.Swapped.class);
    assertThat(swapped.cause()).isEqualTo(LifecycleEvent.Cause.OVERRIDE);
    assertThat(swapped.report().forced()).isTrue();
  }

  @Test
  void override_otherGateFails_isRefused() {
    test.gates.add(refuses("2", false));
    Routes routes = test.serving("1", "2");
    assertThatThrownBy(() -> routes.override(ROUTE, "2", "because"))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("mine too FAIL: bad");
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("1");
    assertThat(only(routes).overridden()).isFalse();
  }

  @Test
  void override_comparisonFailsBeforeAnotherGate_theOtherIsAskedAndObeyed() {
    test.gates.add(refuses("2", true));
    test.gates.add(refuses("2", false));
    Routes routes = test.serving("1", "2");
    assertThatThrownBy(() -> routes.override(ROUTE, "2", "because"))
        .isInstanceOf(VersionRefusedException.class);
  }

  @Test
  void override_noSuchVersion_saysWhatThereIs() {
    Routes routes = test.serving("1");
    assertThatThrownBy(() -> routes.override(ROUTE, "7", "because"))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageContaining("No m:7; the store holds [1]");
  }

  @Test
  void override_pinnedRoute_throws() {
    Routes routes = test.serving("1", "2");
    routes.handle("m:1", dev.mlops.inference.Row.class, dev.mlops.inference.Row.class);
    assertThatThrownBy(() -> routes.override("m:1", "2", "because"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("m:1 is pinned");
  }

  @Test
  void override_versionThatWasBanned_liftsItsBan() {
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    routes.rollback(ROUTE, "because");
    assertThat(only(routes).versions())
        .contains(new Health.Loaded(MemoryStore.version("2"), VersionState.BANNED, 0));
    routes.override(ROUTE, "2", "it was not the model");
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("2");
    assertThat(only(routes).versions())
        .extracting(Health.Loaded::state)
        .containsExactly(VersionState.ACTIVE, VersionState.RETAINED);
    assertThat(test.engine.opened.get()).as("it was warm").isEqualTo(2);
  }

  @Test
  void override_thenRestart_isKept(@TempDir Path folder) {
    test.state = Optional.of(folder);
    Routes routes = test.serving("1", "2");
    routes.override(ROUTE, "2", "because");
    Routes next = test.build();
    assertThat(model(next).predict(ONE).version().number()).isEqualTo("2");
    assertThat(only(next).overridden()).isTrue();
    assertThat(next.clearOverride(ROUTE).to().number()).isEqualTo("1");
    assertThat(only(next).overridden()).isFalse();
  }

  @Test
  void rollback_afterAnOverride_goesBackAndBansWhatItChose() {
    Routes routes = test.serving("1", "2");
    routes.override(ROUTE, "2", "because");
    assertThat(routes.rollback(ROUTE, "it was worse").to().number()).isEqualTo("1");
    assertThat(only(routes).versions())
        .contains(new Health.Loaded(MemoryStore.version("2"), VersionState.BANNED, 0));
    assertThatThrownBy(() -> routes.rollback(ROUTE, "again"))
        .isInstanceOf(IllegalStateException.class);
  }
}
