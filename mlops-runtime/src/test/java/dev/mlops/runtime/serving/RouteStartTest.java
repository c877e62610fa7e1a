package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.gate;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static dev.mlops.runtime.serving.TestRuntime.refuses;
import static dev.mlops.runtime.serving.TestRuntime.refusesBeside;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.observe.Health;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** How a route begins: the handles that ask for it, and the version it begins with. */
class RouteStartTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void handle_sameRouteAndTypes_sameHandle() {
    Routes routes = test.serving("1");
    assertThat(model(routes)).isSameAs(model(routes));
    assertThat(test.engine.opened.get()).isOne();
  }

  @Test
  void handle_askedForByManyAtOnce_loadsOnce() throws Exception {
    test.released("1");
    Routes routes = test.build();
    CyclicBarrier together = new CyclicBarrier(8);
    List<Future<ModelHandle<Row, Row>>> asked = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      asked.add(
          test.others.submit(
              () -> {
                together.await();
                return model(routes);
              }));
    }
    for (Future<ModelHandle<Row, Row>> handle : asked) {
      assertThat(handle.get()).isSameAs(asked.get(0).get());
    }
    assertThat(test.engine.opened.get()).isOne();
    assertThat(test.store.opened()).isOne();
  }

  @Test
  void handle_askedForAsSoonAsTheVersionServes_leavesTheRouteThere() {
    AtomicReference<Routes> routes = new AtomicReference<>();
    AtomicReference<Future<ModelHandle<Row, Row>>> other = new AtomicReference<>();
    test.clock = // read just before the version is published
        () -> {
          if (other.get() == null) {
            other.set(test.others.submit(() -> model(routes.get())));
          }
          return Instant.EPOCH;
        };
    routes.set(test.build());
    test.released("1");
    ModelHandle<Row, Row> handle = model(routes.get());
    assertThat(Caller.resultOf(other.get())).isSameAs(handle);
    assertThat(routes.get().health().routes()).hasSize(1);
    assertThat(model(routes.get())).isSameAs(handle);
  }

  @Test
  void handle_noSuchModel_saysWhatIsThereAndLeavesNoRoute() {
    test.store.put("1", ScriptedEngine.SCHEMA);
    Routes routes = test.build();
    assertThatThrownBy(() -> model(routes))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageContaining("No m@champion; the store holds [1]");
    assertThat(routes.health()).isEqualTo(new Health(true, List.of(), 0));
  }

  @Test
  void handle_badReference_saysWhatIsWrong() {
    assertThatThrownBy(() -> test.build().handle("M:latest", Row.class, Row.class))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("'M' is not valid");
  }

  @Test
  void start_headRefusedByComparison_servesTheNewestThatPasses() {
    test.gates.add(refuses("3", true));
    test.released("1", "2", "3");
    Routes routes = test.build();
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("2"));
    assertThat(only(routes).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("m:3 was refused: quality FAIL"));
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
  }

  @Test
  void start_afterARefusalAndARestart_isRefusedAgain(@TempDir Path folder) {
    test.state = Optional.of(folder);
    test.gates.add(refuses("2", true));
    Routes before = test.serving("1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> before.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    before.close(Duration.ofSeconds(1));
    Routes after = test.build();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("m:2 was refused"));
  }

  @Test
  void start_headThatPassedBefore_isNotComparedAgain(@TempDir Path folder) {
    test.state = Optional.of(folder);
    AtomicReference<Gate.Outcome> outcome = new AtomicReference<>(Gate.Outcome.PASS);
    test.gates.add(gate("quality", true, c -> outcome.get()));
    Routes before = test.serving("1", "2");
    test.store.move("2");
    before.refresh(ROUTE);
    before.close(Duration.ofSeconds(1));
    outcome.set(Gate.Outcome.FAIL);
    assertThat(model(test.build()).version()).isEqualTo(MemoryStore.version("2"));
  }

  @Test
  void start_headThatDoesNotLoad_servesTheOneBefore() {
    test.released("1", "2");
    test.engine.failAtLoad("2", "no memory");
    Routes routes = test.build();
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(routes).problem()).hasValueSatisfying(p -> assertThat(p).contains("no memory"));
  }

  @Test
  void start_nothingLoads_throwsWhatIsWrongWithTheHead() {
    for (String number : List.of("1", "2")) {
      test.store.put(number, ScriptedEngine.SCHEMA);
      test.store.move(number);
      test.engine.failAtLoad(number, "no memory for " + number);
    }
    assertThatThrownBy(() -> model(test.build()))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("no memory for 2");
  }

  @Test
  void start_afterARollback_keepsIt(@TempDir Path folder) {
    test.state = Optional.of(folder);
    Routes before = test.serving("1", "2", "3");
    test.store.move("2");
    before.refresh(ROUTE);
    before.rollback(ROUTE, "precision fell");
    before.close(Duration.ofSeconds(1));
    Routes after = test.build();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).overridden()).isTrue();
    assertThat(only(after).problem()).contains("rolled back to m:1: precision fell");
    assertThat(after.refresh(ROUTE).swapped()).isFalse();
    test.store.move("3");
    assertThat(after.refresh(ROUTE).to()).isEqualTo(MemoryStore.version("3"));
  }

  @Test
  void start_afterARollback_keepsItBesideANewerRevisionThatIsRefused(@TempDir Path folder) {
    test.state = Optional.of(folder);
    test.gates.add(refuses("3", false));
    Routes before = test.serving("1", "2", "3");
    test.store.move("2");
    before.refresh(ROUTE);
    before.rollback(ROUTE, "precision fell");
    test.store.move("3");
    assertThatThrownBy(() -> before.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    before.close(Duration.ofSeconds(1));
    Routes after = test.build();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).overridden()).isTrue();
    assertThatThrownBy(() -> after.rollback(ROUTE, "again"))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void start_versionThatPassedOnceAndWasRefusedSince_isComparedAgain(@TempDir Path folder) {
    test.state = Optional.of(folder);
    test.gates.add(refusesBeside("3"));
    Routes before = test.serving("1", "2", "3");
    for (String number : List.of("2", "3")) {
      test.store.move(number);
      before.refresh(ROUTE);
    }
    test.store.move("2");
    assertThatThrownBy(() -> before.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    before.close(Duration.ofSeconds(1));
    Routes after = test.build();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("3"));
    assertThat(only(after).problem())
        .hasValueSatisfying(
            p -> assertThat(p).contains("m:2 was refused", "An earlier revision is tried"));
  }

  @Test
  void start_evidenceMissing_fallsBackByOneAndNotToTheOldest() {
    test.gates.add(gate("quality", true, c -> Gate.Outcome.UNDECIDED));
    test.released("1", "2", "3", "4");
    assertThat(model(test.build()).version()).isEqualTo(MemoryStore.version("3"));
  }

  @Test
  void start_rolledBackVersionIsGone_servesWhatIsThere(@TempDir Path folder) {
    test.state = Optional.of(folder);
    Routes before = test.serving("1", "2", "3");
    for (String number : List.of("2", "3")) {
      test.store.move(number);
      before.refresh(ROUTE);
    }
    before.rollback(ROUTE, "precision fell");
    before.close(Duration.ofSeconds(1));
    test.store.remove("2");
    assertThat(model(test.build()).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void start_overriddenWithAVersionThatIsGone_saysSo(@TempDir Path folder) {
    test.state = Optional.of(folder);
    Routes before = test.serving("1", "2");
    before.override(ROUTE, "2", "precision fell");
    before.close(Duration.ofSeconds(1));
    test.store.remove("2");
    Routes after = test.build();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).overridden()).isFalse();
    assertThat(only(after).problem())
        .contains("m@champion was overridden with m:2, which the store no longer holds");
  }

  @Test
  void start_newerRevisionNamesWhatServedLast_isAcceptedAsItIs(@TempDir Path folder) {
    test.state = Optional.of(folder);
    AtomicReference<Gate.Outcome> outcome = new AtomicReference<>(Gate.Outcome.FAIL);
    test.gates.add(gate("quality", true, c -> outcome.get()));
    test.released("1");
    Routes before = test.serving("1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> before.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    before.close(Duration.ofSeconds(1));
    test.store.move("1");
    outcome.set(Gate.Outcome.UNDECIDED); // what it compares by is not there
    assertThat(model(test.build()).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void start_comparisonUndecidedForAFallback_stillAsksTheGatesBehindIt() {
    test.gates.add(gate("quality", true, c -> Gate.Outcome.UNDECIDED));
    test.gates.add(refuses("2", false));
    test.released("1", "2", "3");
    assertThat(model(test.build()).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void start_storeWentBack_saysSo(@TempDir Path folder) {
    test.state = Optional.of(folder);
    Routes before = test.serving("1", "2");
    test.store.move("2");
    before.refresh(ROUTE);
    before.close(Duration.ofSeconds(1));
    test.store.backTo(1);
    Routes after = test.build();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("the store went back in time"));
  }

  @Test
  void handle_loadFailsWhileOthersWait_allAreToldAfterOneLoad() throws Exception {
    test.released("1");
    test.engine.failAboveRows("1", 0);
    assertOneLoad(
        handle -> assertThatThrownBy(handle::get).hasCauseInstanceOf(ModelFailedException.class));
    test.engine.failAboveRows("1", 1); // mended
    assertThat(model(test.build()).version().number()).isEqualTo("1");
  }

  @Test
  void handle_loadFailsWhileOthersWaitAndMayStartDegraded_loadsOnce() throws Exception {
    test.degraded = true;
    test.released("1");
    test.engine.failAboveRows("1", 0);
    assertOneLoad(handle -> assertThat(handle.get()).isNotNull());
  }

  @Test
  void handle_nativeLibraryMissing_allAreToldAfterOneLoad() throws Exception {
    test.released("1");
    test.engine.failAboveRows("1", 0);
    test.engines =
        List.of(
            loading(
                session -> {
                  try {
                    session.slot(0).run(1);
                  } catch (ModelFailedException e) {
                    session.close();
                  }
                  throw new UnsatisfiedLinkError("no native library");
                }));
    assertOneLoad(
        handle -> assertThatThrownBy(handle::get).hasCauseInstanceOf(UnsatisfiedLinkError.class));
  }

  /** Eight callers at once; the first has begun to load before the others ask. */
  private void assertOneLoad(ThrowingConsumer<Future<ModelHandle<Row, Row>>> outcome)
      throws Exception {
    test.loadFailed = true;
    Semaphore inside = new Semaphore(0);
    test.engine.hold("1", inside);
    Routes routes = test.build();
    List<Future<ModelHandle<Row, Row>>> all = new ArrayList<>();
    all.add(test.others.submit(() -> model(routes)));
    inside.acquire();
    for (int i = 0; i < 7; i++) {
      all.add(waits(routes));
    }
    test.engine.free("1");
    assertThat(all).allSatisfy(outcome);
    // where the route may start without a version, its own thread tries again after a second
    assertThat(test.engine.loaders).filteredOn(name -> !name.equals("mlops-loader")).hasSize(1);
  }

  @Test
  void handle_loadIsInterruptedWhileAnotherWaits_theOtherLoads() throws Exception {
    test.engine.deafToInterrupts();
    assertTheOtherLoads(DeadlineException.class);
  }

  /** As a store does that is read on an interrupted thread. */
  @Test
  void handle_storeIsInterruptedWhileAnotherWaits_theOtherLoads() throws Exception {
    AtomicBoolean first = new AtomicBoolean(true);
    test.engines =
        List.of(
            loading(
                session -> {
                  if (first.getAndSet(false)) {
                    session.slot(0).run(1); // until it is interrupted
                    session.close();
                    throw new StoreUnavailableException("closed by interrupt", null);
                  }
                  return session;
                }));
    assertTheOtherLoads(StoreUnavailableException.class);
  }

  private void assertTheOtherLoads(Class<? extends Throwable> first) throws Exception {
    test.loadFailed = true;
    test.released("1");
    Semaphore inside = new Semaphore(0);
    test.engine.hold("1", inside);
    Routes routes = test.build();
    AtomicReference<Thread> loading = new AtomicReference<>();
    Future<ModelHandle<Row, Row>> interrupted =
        test.others.submit(
            () -> {
              loading.set(Thread.currentThread());
              return model(routes);
            });
    inside.acquire();
    Future<ModelHandle<Row, Row>> second = waits(routes);
    loading.get().interrupt();
    assertThatThrownBy(interrupted::get).hasCauseInstanceOf(first);
    test.engine.free("1");
    assertThat(second.get()).isSameAs(model(routes));
    assertThat(routes.health().routes()).hasSize(1);
  }

  /** The engine of the test, with what else happens as it loads. */
  private Engine loading(UnaryOperator<EngineSession> then) {
    return new CountingEngine(test.engine) {
      @Override
      public EngineSession load(StoredVersion version, int slots) {
        return then.apply(super.load(version, slots));
      }
    };
  }

  /** Asks for a handle, and returns when that waits for another. */
  private Future<ModelHandle<Row, Row>> waits(Routes routes) {
    AtomicReference<Thread> waiting = new AtomicReference<>();
    Future<ModelHandle<Row, Row>> handle =
        test.others.submit(
            () -> {
              waiting.set(Thread.currentThread());
              return model(routes);
            });
    TestRuntime.awaitWaiting(waiting);
    return handle;
  }

  @Test
  void start_noEngineForTheFormat_saysWhatThereIs() {
    test.released("1");
    test.engines = List.of();
    Routes routes = test.build();
    assertThatThrownBy(() -> model(routes))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageStartingWith("no engine runs m:1, which is fake");
  }
}
