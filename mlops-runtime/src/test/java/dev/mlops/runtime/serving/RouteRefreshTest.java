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
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.rollout.Gates;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.StoreUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a route does when its alias moves: loads, gates, refusals, and a store that fails. */
class RouteRefreshTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void refresh_noNewerRevision_loadsNothing() {
    Routes routes = test.serving("1");
    SwapReport report = routes.refresh(ROUTE);
    assertThat(report.swapped()).isFalse();
    assertThat(report.to()).isEqualTo(MemoryStore.version("1"));
    assertThat(test.engine.opened.get()).isOne();
  }

  @Test
  void refresh_newerRevision_everyLaterCallSeesIt() {
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    SwapReport report = routes.refresh(ROUTE);
    assertThat(report.from()).contains(MemoryStore.version("1"));
    assertThat(report.to()).isEqualTo(MemoryStore.version("2"));
    assertThat(report.gates())
        .extracting(Gate.Result::gate)
        .containsExactly("schema", "finite", "golden");
    assertThat(report.phases().keySet())
        .containsExactly("open", "load", "warm", "gates", "publish");
    assertThat(model(routes).predict(ONE).value().number("y")).isEqualTo(2);
    assertThat(only(routes).serving()).contains(MemoryStore.version("2"));
  }

  @Test
  void refresh_newerRevisionNamesWhatServes_isDecidedWithoutLoading() {
    Routes routes = test.serving("1");
    test.store.move("1");
    assertThat(routes.refresh(ROUTE).swapped()).isFalse();
    assertThat(test.engine.opened.get()).isOne();
  }

  @Test
  void refresh_versionThatDoesNotLoad_leavesTheOldOneServing() {
    Routes routes = test.serving("1", "2");
    test.engine.failAtLoad("2", "no memory");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("no memory");
    assertThat(model(routes).predict(ONE).value().number("y")).isEqualTo(1);
    assertThat(only(routes).problem()).hasValueSatisfying(p -> assertThat(p).contains("no memory"));
    assertThat(test.store.open()).isOne();
  }

  @Test
  void refresh_corruptPackage_leavesTheOldOneServing() {
    Routes routes = test.serving("1", "2");
    test.store.corrupt("2");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(PackageCorruptException.class);
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void refresh_gateFails_isRememberedWithoutLoadingAgain() {
    test.gates.add(gate("quality", true, c -> Gate.Outcome.FAIL));
    Routes routes = test.serving("1", "2", "3");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessage("m:2 was refused: quality FAIL: because the test says so. m:1 goes on serving");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(test.engine.opened.get()).isEqualTo(2);
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void refresh_gateUndecided_isTriedAgain() {
    AtomicReference<Gate.Outcome> outcome = new AtomicReference<>(Gate.Outcome.UNDECIDED);
    test.gates.add(gate("quality", true, c -> outcome.get()));
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    outcome.set(Gate.Outcome.PASS);
    assertThat(routes.refresh(ROUTE).swapped()).isTrue();
    assertThat(only(routes).problem()).isEmpty();
  }

  @Test
  void refresh_schemaThatNoHandleFits_isRefused() {
    Routes routes = test.serving("1");
    test.store.put(
        "2",
        ModelSchema.builder().input("z", ElementType.FLOAT).output("y", ElementType.FLOAT).build());
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("schema FAIL");
    assertThat(model(routes).predict(ONE).value().number("y")).isEqualTo(1);
    int opened = test.store.opened();
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(test.store.opened()).isEqualTo(opened);
  }

  @Test
  void refresh_versionOfFixedBatch_isRefusedOnlyWhereTheRouteBatches() {
    test.loadFailed = true;
    Routes routes = test.serving("1", "2", "3");
    test.engine.failAboveRows("2", 1);
    test.engine.failAboveRows("3", 1);
    test.store.move("2");
    assertThat(routes.refresh(ROUTE).swapped()).isTrue();
    test.store.move("1");
    routes.refresh(ROUTE);
    model(routes).predictAll(List.of(ONE, ONE));
    model(routes).predictAll(List.of(ONE, ONE, ONE));
    test.store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("(alone and in batches of 2, 3, as this route uses)");
    assertThat(model(routes).predictAll(List.of(ONE, ONE))).hasSize(2);
  }

  @Test
  void refresh_storeDown_servesOnAndSaysSo() {
    Routes routes = test.serving("1", "2");
    test.store.down(true);
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(StoreUnavailableException.class);
    assertThat(model(routes).predict(ONE).value().number("y")).isEqualTo(1);
    assertThat(only(routes).problem()).contains("the store is down");
    test.store.down(false);
    routes.refresh(ROUTE);
    assertThat(only(routes).problem()).isEmpty();
  }

  @Test
  void refresh_revisionLowerThanSeen_servesOnAndSaysSo() {
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    test.store.backTo(1);
    assertThat(routes.refresh(ROUTE).swapped()).isFalse();
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("2"));
    assertThat(only(routes).problem())
        .contains(
            "m@champion stands at revision 1, but revision 2 was seen before: the store went back in time. m:2 goes on serving");
    test.store.backTo(0);
    assertThat(routes.refresh(ROUTE).swapped()).isFalse();
    assertThat(only(routes).problem())
        .contains("m@champion has no revision any more, after revision 2; m:2 goes on serving");
  }

  @Test
  void refresh_newerRevisionNamesTheOverride_endsIt() {
    Routes routes = test.serving("1", "2");
    routes.override(ROUTE, "2", "asked for");
    test.store.move("2");
    SwapReport report = routes.refresh(ROUTE);
    assertThat(report.from()).contains(report.to()).contains(MemoryStore.version("2"));
    assertThat(report.gates()).isEmpty();
    assertThat(only(routes).overridden()).isFalse();
    assertThat(only(routes).problem()).isEmpty();
    assertThat(routes.describe()).contains("revision 2 decided, 2 seen");
  }

  @Test
  void refresh_versionThatPassedBefore_isOnlyCompared() {
    List<String> asked = new ArrayList<>();
    HeldGate compares = HeldGate.passing("nothing");
    test.gates.add(
        gate(
            "mine",
            false,
            c -> {
              asked.add(c.version().version().number());
              return Gate.Outcome.PASS;
            }));
    test.gates.add(compares);
    Routes routes = test.serving("1", "2");
    for (String number : List.of("2", "1", "2")) {
      test.store.move(number);
      routes.refresh(ROUTE);
    }
    assertThat(asked).containsExactly("1", "2");
    assertThat(compares.asked).containsExactly("1 alone", "2 beside 1", "1 beside 2", "2 beside 1");
  }

  @Test
  void refresh_underWay_isSeenToLoadAndThenToBeChecked() throws Exception {
    HeldGate held = HeldGate.passing("2 beside 1");
    test.gates.add(held);
    Routes routes = test.serving("1", "2");
    Semaphore inside = new Semaphore(0);
    test.engine.hold("2", inside);
    test.store.move("2");
    Future<SwapReport> refresh = test.others.submit(() -> routes.refresh(ROUTE));
    assertThat(inside.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
    assertThat(states(routes)).containsExactly("1 ACTIVE", "2 LOADING");
    test.engine.free("2");
    held.awaitInside();
    assertThat(states(routes)).containsExactly("1 ACTIVE", "2 CHECKING");
    held.letGo();
    Caller.resultOf(refresh);
    assertThat(states(routes)).containsExactly("2 ACTIVE", "1 RETAINED");
  }

  @Test
  void gate_thatPredictsThroughAHandle_decidesNothing() {
    test.gates.add(
        gate(
            "mine",
            true,
            c -> {
              handles.get(0).predict(ONE);
              return Gate.Outcome.PASS;
            }));
    Routes routes = test.serving("1", "2");
    handles.add(model(routes));
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("mine UNDECIDED")
        .hasMessageContaining("predict was called from within");
  }

  @Test
  void gate_sees_bothVersions() {
    List<String> seen = new ArrayList<>();
    test.gates.add(
        gate(
            "mine",
            true,
            c -> {
              seen.add(
                  c.version().version()
                      + " "
                      + c.predict(List.of(ONE)).get(0).number("y")
                      + " against "
                      + c.active().orElseThrow()
                      + " "
                      + c.predictActive(List.of(ONE)).get(0).number("y"));
              return Gate.Outcome.PASS;
            }));
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(seen).containsExactly("m:2 2.0 against m:1 1.0");
  }

  @Test
  void gatesOf_aModel_areItsOwnAndThoseOfAll() {
    Gate mine = gate("mine", false, c -> Gate.Outcome.PASS);
    Gate everyones = gate("everyone's", false, c -> Gate.Outcome.PASS);
    Settings settings =
        new Settings(
            test.store,
            List.of(),
            List.of(),
            List.of(),
            List.of(
                new Settings.ModelGate(Optional.of("m"), mine),
                new Settings.ModelGate(Optional.empty(), everyones)),
            new Settings.Limits(1, Duration.ZERO, Duration.ZERO, Duration.ofSeconds(10)),
            TestUpkeep.NOTHING,
            Optional.empty(),
            Instant::now,
            0);
    int standard = Gates.standard().size();
    assertThat(settings.gates("m")).endsWith(mine, everyones).hasSize(standard + 2);
    assertThat(settings.gates("other")).endsWith(everyones).hasSize(standard + 1);
  }

  @Test
  void refresh_refusedRevision_isSeenAllTheSame() {
    test.gates.add(refuses("2", true));
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    test.store.backTo(1);
    routes.refresh(ROUTE);
    assertThat(only(routes).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("the store went back in time"));
  }

  @Test
  void refresh_refusedByComparison_isAskedAgainByANewRevisionOrBesideAnotherVersion() {
    test.gates.add(refusesBeside("2"));
    Routes routes = test.serving("1", "2", "3");
    test.store.move("2");
    routes.refresh(ROUTE);
    test.store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    routes.rollback(ROUTE, "precision fell");
    assertThat(routes.refresh(ROUTE).to()).isEqualTo(MemoryStore.version("3"));
  }

  @Test
  void refresh_gateRunsOutOfStack_leavesNothingOpen() {
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
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void refresh_columnsInAnotherOrder_areBoundAnew() {
    test.store.put("1", two("x", "z"));
    test.store.put("2", two("z", "x"));
    test.store.move("1");
    List<Double> seen = new ArrayList<>();
    test.observers.add(
        (route, version, count) ->
            Optional.of(
                new VersionObserver() {
                  @Override
                  public void observed(Observation row) {
                    seen.add(row.number(0, 0));
                  }

                  @Override
                  public void close() {}
                }));
    Routes routes = test.build();
    Row row = Row.of("x", 5, "z", 7);
    model(routes).predict(row);
    test.store.move("2");
    routes.refresh(ROUTE);
    model(routes).predict(row);
    assertThat(seen).containsExactly(5.0, 7.0);
  }

  private final List<ModelHandle<Row, Row>> handles = new ArrayList<>();

  private static ModelSchema two(String first, String second) {
    return ModelSchema.builder()
        .input("in", ElementType.FLOAT, first, second)
        .output("y", ElementType.FLOAT)
        .score("y")
        .build();
  }
}
