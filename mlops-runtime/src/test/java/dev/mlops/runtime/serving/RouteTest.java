package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Receipt;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.observe.Health;
import dev.mlops.observe.Observation;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.observe.VersionObserver;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.rollout.Gates;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a route does when versions come, fail, go and come back. */
class RouteTest {
  private static final String ROUTE = "m@champion";
  private static final Row ONE = Row.of("x", 1);

  private final MemoryStore store = new MemoryStore();
  private final ScriptedEngine engine = new ScriptedEngine();
  private final List<Gate> gates = new ArrayList<>();
  private final List<VersionObserver.Factory> observers = new ArrayList<>();
  private final List<RuntimeListener> listeners = new ArrayList<>();
  private final ExecutorService others = Executors.newCachedThreadPool();
  private final List<Routes> built = new ArrayList<>();
  private int slots = 2;
  private Duration keepWarm = Duration.ofHours(1);
  private Optional<Path> state = Optional.empty();
  private InstantSource clock = () -> Instant.parse("2026-01-02T03:04:05.678Z");
  private boolean loadFailed;

  @AfterEach
  void allIsGivenBackAndNothingWouldHaveCrashed() {
    built.forEach(routes -> routes.close(Duration.ofSeconds(10)));
    others.shutdownNow();
    assertThat(engine.crashes).isEmpty();
    assertThat(engine.live()).isZero();
    assertThat(store.open()).isZero();
    if (!loadFailed) { // what never served is closed by who loaded it
      assertThat(engine.closers).allMatch("mlops-lifecycle"::equals);
    }
  }

  private Routes routes() {
    Routes routes =
        new Routes(
            new Settings(
                store,
                List.of(engine),
                observers,
                listeners,
                gates.stream().map(g -> new Settings.ModelGate(Optional.empty(), g)).toList(),
                new Settings.Limits(
                    slots, Duration.ofSeconds(20), keepWarm, Duration.ofSeconds(10)),
                TestUpkeep.NOTHING,
                state,
                clock,
                7));
    built.add(routes);
    return routes;
  }

  private ModelHandle<Row, Row> model(Routes routes) {
    return routes.handle(ROUTE, Row.class, Row.class);
  }

  private Routes serving(String... numbers) {
    for (String number : numbers) {
      store.put(number, ScriptedEngine.SCHEMA);
    }
    store.move(numbers[0]);
    Routes routes = routes();
    model(routes);
    return routes;
  }

  private static Health.Route only(Routes routes) {
    return routes.health().routes().get(0);
  }

  private static Gate gate(String name, boolean compares, Function<Candidate, Gate.Outcome> rule) {
    return new Gate() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public boolean compares() {
        return compares;
      }

      @Override
      public Result check(Candidate candidate) {
        if (compares && candidate.active().isEmpty()) {
          return skipped("nothing is active");
        }
        return new Result(name, rule.apply(candidate), "because the test says so");
      }
    };
  }

  @Test
  void handle_sameRouteAndTypes_sameHandle() {
    Routes routes = serving("1");
    assertThat(model(routes)).isSameAs(model(routes));
    assertThat(engine.opened.get()).isOne();
  }

  @Test
  void handle_askedForByManyAtOnce_loadsOnce() throws Exception {
    store.put("1", ScriptedEngine.SCHEMA);
    store.move("1");
    Routes routes = routes();
    CyclicBarrier together = new CyclicBarrier(8);
    List<Future<ModelHandle<Row, Row>>> asked = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      asked.add(
          others.submit(
              () -> {
                together.await();
                return model(routes);
              }));
    }
    for (Future<ModelHandle<Row, Row>> handle : asked) {
      assertThat(handle.get()).isSameAs(asked.get(0).get());
    }
    assertThat(engine.opened.get()).isOne();
    assertThat(store.opened()).isOne();
  }

  @Test
  void handle_askedForAsSoonAsTheVersionServes_leavesTheRouteThere() {
    AtomicReference<Routes> routes = new AtomicReference<>();
    AtomicBoolean first = new AtomicBoolean(true);
    clock = // read for the event that the route began, while whoever began it is still inside
        () -> {
          if (first.getAndSet(false)) {
            Caller.resultOf(others.submit(() -> model(routes.get())));
          }
          return Instant.EPOCH;
        };
    routes.set(routes());
    store.put("1", ScriptedEngine.SCHEMA);
    store.move("1");
    ModelHandle<Row, Row> handle = model(routes.get());
    assertThat(first).isFalse();
    assertThat(routes.get().health().routes()).hasSize(1);
    assertThat(model(routes.get())).isSameAs(handle);
  }

  @Test
  void handle_noSuchModel_saysWhatIsThereAndLeavesNoRoute() {
    store.put("1", ScriptedEngine.SCHEMA);
    Routes routes = routes();
    assertThatThrownBy(() -> model(routes))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageContaining("No m@champion; the store holds [1]");
    assertThat(routes.health()).isEqualTo(new Health(true, List.of(), 0));
  }

  @Test
  void handle_badReference_saysWhatIsWrong() {
    assertThatThrownBy(() -> routes().handle("M:latest", Row.class, Row.class))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("'M' is not valid");
  }

  @Test
  void predict_answer_namesVersionAndReceipt() {
    Routes routes = serving("1");
    Prediction<Row> answer =
        model(routes).predict(ONE, Call.with().key("k").segment("s").chance(0.5));
    assertThat(answer.value().number("y")).isEqualTo(1);
    assertThat(answer.version()).isEqualTo(MemoryStore.version("1"));
    Receipt receipt = Receipt.parse(answer.receipt());
    assertThat(receipt.of(answer.version())).isTrue();
    assertThat(receipt.id()).isEqualTo(7);
    assertThat(receipt.time()).isEqualTo(Instant.parse("2026-01-02T03:04:05.678Z"));
    assertThat(receipt.block()).isEqualTo(Receipt.blockOf("k"));
    assertThat(receipt.inSegment("s")).isTrue();
    assertThat(receipt.chance()).isEqualTo(0.5, org.assertj.core.data.Offset.offset(1 / 65535.0));
    assertThat(receipt.scores()).containsExactly(1.0);
    assertThat(answer.receipt()).isEqualTo(answer.receipt());
    assertThat(Receipt.parse(model(routes).predict(ONE).receipt()).id()).isNotEqualTo(7);
  }

  @Test
  void refresh_noNewerRevision_loadsNothing() {
    Routes routes = serving("1");
    SwapReport report = routes.refresh(ROUTE);
    assertThat(report.swapped()).isFalse();
    assertThat(report.to()).isEqualTo(MemoryStore.version("1"));
    assertThat(engine.opened.get()).isOne();
  }

  @Test
  void refresh_newerRevision_everyLaterCallSeesIt() {
    Routes routes = serving("1", "2");
    store.move("2");
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
    Routes routes = serving("1");
    store.move("1");
    assertThat(routes.refresh(ROUTE).swapped()).isFalse();
    assertThat(engine.opened.get()).isOne();
  }

  @Test
  void refresh_versionThatDoesNotLoad_leavesTheOldOneServing() {
    Routes routes = serving("1", "2");
    engine.failAtLoad("2", "no memory");
    store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("no memory");
    assertThat(model(routes).predict(ONE).value().number("y")).isEqualTo(1);
    assertThat(only(routes).problem()).hasValueSatisfying(p -> assertThat(p).contains("no memory"));
    assertThat(store.open()).isOne();
  }

  @Test
  void refresh_corruptPackage_leavesTheOldOneServing() {
    Routes routes = serving("1", "2");
    store.corrupt("2");
    store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(PackageCorruptException.class);
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void refresh_gateFails_isRememberedWithoutLoadingAgain() {
    gates.add(gate("quality", true, c -> Gate.Outcome.FAIL));
    Routes routes = serving("1", "2", "3");
    store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessage("m:2 was refused: quality FAIL: because the test says so. m:1 goes on serving");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(engine.opened.get()).isEqualTo(2);
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void refresh_gateUndecided_isTriedAgain() {
    AtomicReference<Gate.Outcome> outcome = new AtomicReference<>(Gate.Outcome.UNDECIDED);
    gates.add(gate("quality", true, c -> outcome.get()));
    Routes routes = serving("1", "2");
    store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    outcome.set(Gate.Outcome.PASS);
    assertThat(routes.refresh(ROUTE).swapped()).isTrue();
    assertThat(only(routes).problem()).isEmpty();
  }

  @Test
  void refresh_schemaThatNoHandleFits_isRefused() {
    Routes routes = serving("1");
    store.put(
        "2",
        ModelSchema.builder().input("z", ElementType.FLOAT).output("y", ElementType.FLOAT).build());
    store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("schema FAIL");
    assertThat(model(routes).predict(ONE).value().number("y")).isEqualTo(1);
    int opened = store.opened();
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(store.opened()).isEqualTo(opened);
  }

  @Test
  void refresh_versionOfFixedBatch_isRefusedOnlyWhereTheRouteBatches() {
    loadFailed = true;
    Routes routes = serving("1", "2", "3");
    engine.failAboveRows("2", 1);
    engine.failAboveRows("3", 1);
    store.move("2");
    assertThat(routes.refresh(ROUTE).swapped()).isTrue();
    store.move("1");
    routes.refresh(ROUTE);
    model(routes).predictAll(List.of(ONE, ONE));
    store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("in batches of 2, as this route uses");
    assertThat(model(routes).predictAll(List.of(ONE, ONE))).hasSize(2);
  }

  @Test
  void refresh_storeDown_servesOnAndSaysSo() {
    Routes routes = serving("1", "2");
    store.down(true);
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(StoreUnavailableException.class);
    assertThat(model(routes).predict(ONE).value().number("y")).isEqualTo(1);
    assertThat(only(routes).problem()).contains("the store is down");
    store.down(false);
    routes.refresh(ROUTE);
    assertThat(only(routes).problem()).isEmpty();
  }

  @Test
  void refresh_revisionLowerThanSeen_servesOnAndSaysSo() {
    Routes routes = serving("1", "2");
    store.move("2");
    routes.refresh(ROUTE);
    store.backTo(1);
    assertThat(routes.refresh(ROUTE).swapped()).isFalse();
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("2"));
    assertThat(only(routes).problem())
        .contains(
            "m@champion stands at revision 1, but revision 2 was seen before: the store went back in time. m:2 goes on serving");
    store.backTo(0);
    assertThat(routes.refresh(ROUTE).swapped()).isFalse();
    assertThat(only(routes).problem())
        .contains("m@champion has no revision any more, after revision 2; m:2 goes on serving");
  }

  @Test
  void rollback_warmVersion_servesAtOnceWithoutLoading() {
    Routes routes = serving("1", "2", "3");
    store.move("2");
    routes.refresh(ROUTE);
    SwapReport report = routes.rollback(ROUTE, "precision fell");
    assertThat(report.from()).contains(MemoryStore.version("2"));
    assertThat(report.to()).isEqualTo(MemoryStore.version("1"));
    assertThat(model(routes).predict(ONE).value().number("y")).isEqualTo(1);
    assertThat(engine.opened.get()).isEqualTo(2);
    assertThat(only(routes).overridden()).isTrue();
    assertThat(only(routes).problem()).contains("rolled back to m:1: precision fell");

    assertThat(routes.refresh(ROUTE).swapped()).as("the head is what was turned away").isFalse();
    assertThat(only(routes).overridden()).isTrue();

    assertThatThrownBy(() -> routes.rollback(ROUTE, "again"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("what is warm is m:2, which that rollback turned away");

    store.move("3");
    assertThat(routes.refresh(ROUTE).to()).isEqualTo(MemoryStore.version("3"));
    assertThat(only(routes).overridden()).isFalse();
  }

  @Test
  void refresh_newerRevisionNamesTheBannedVersion_liftsTheBan() {
    Routes routes = serving("1", "2");
    store.move("2");
    routes.refresh(ROUTE);
    routes.rollback(ROUTE, "precision fell");
    store.move("2");
    assertThat(routes.refresh(ROUTE).to()).isEqualTo(MemoryStore.version("2"));
    assertThat(only(routes).overridden()).isFalse();
    assertThat(engine.opened.get()).as("it was still warm").isEqualTo(2);
  }

  @Test
  void refresh_newerVersionRefusedAfterRollback_overrideStays() {
    gates.add(
        gate(
            "mine",
            false,
            c ->
                c.version().version().number().equals("3")
                    ? Gate.Outcome.FAIL
                    : Gate.Outcome.PASS));
    Routes routes = serving("1", "2", "3");
    store.move("2");
    routes.refresh(ROUTE);
    routes.rollback(ROUTE, "precision fell");
    store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(only(routes).overridden()).isTrue();
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void rollback_nothingWarm_throws() {
    Routes routes = serving("1");
    assertThatThrownBy(() -> routes.rollback(ROUTE, "why not"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(
            "nothing is kept warm on m@champion to roll back to: m:1 serves alone");
  }

  @Test
  void rollback_retentionZero_throws() {
    keepWarm = Duration.ZERO;
    Routes routes = serving("1", "2");
    store.move("2");
    routes.refresh(ROUTE);
    assertThatThrownBy(() -> routes.rollback(ROUTE, "why not"))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void clearOverride_afterRollback_servesTheAliasAgainThroughAllGates() {
    AtomicReference<Gate.Outcome> outcome = new AtomicReference<>(Gate.Outcome.PASS);
    gates.add(gate("quality", true, c -> outcome.get()));
    Routes routes = serving("1", "2");
    store.move("2");
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
    Routes routes = serving("1", "2");
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
  void swap_underARunningCall_lettsItFinishOnItsVersion() throws Exception {
    keepWarm = Duration.ZERO;
    Semaphore inside = new Semaphore(0);
    Routes routes = serving("1", "2");
    Semaphore gate = engine.hold("1", inside);
    ModelHandle<Row, Row> model = model(routes);
    Future<Prediction<Row>> running = others.submit(() -> model.predict(ONE));
    inside.acquire();
    store.move("2");
    routes.refresh(ROUTE);
    assertThat(model.predict(ONE).version()).isEqualTo(MemoryStore.version("2"));
    assertThat(engine.closed.get()).isZero();
    gate.release(1000);
    assertThat(running.get().version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void close_underACallThatDoesNotEnd_tellsItToStopAndNeverClosesUnderIt() throws Exception {
    Semaphore inside = new Semaphore(0);
    Routes routes = serving("1");
    engine.hold("1", inside);
    ModelHandle<Row, Row> model = model(routes);
    Future<Prediction<Row>> running = others.submit(() -> model.predict(ONE));
    inside.acquire();
    routes.close(Duration.ofMillis(30));
    assertThatThrownBy(running::get)
        .hasCauseInstanceOf(OverloadedException.class)
        .hasMessageContaining("closed while it ran, as its drain time was over");
    assertThat(engine.closed.get()).isOne();
  }

  @Test
  void close_thenAnything_isATypedError() {
    Routes routes = serving("1");
    ModelHandle<Row, Row> model = model(routes);
    routes.close(Duration.ofSeconds(1));
    routes.close(Duration.ofSeconds(1));
    assertThatThrownBy(() -> model.predict(ONE))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("the runtime is closed; m@champion answers no more calls");
    assertThatThrownBy(() -> model(routes)).isInstanceOf(OverloadedException.class);
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(OverloadedException.class);
    assertThat(routes.health().ready()).isFalse();
  }

  @Test
  void predict_allSlotsInUse_limitZeroNeverWaits() throws Exception {
    slots = 1;
    Semaphore inside = new Semaphore(0);
    Routes routes = serving("1");
    Semaphore gate = engine.hold("1", inside);
    ModelHandle<Row, Row> model = model(routes);
    Future<Prediction<Row>> running = others.submit(() -> model.predict(ONE));
    inside.acquire();
    assertThatThrownBy(() -> model.predict(ONE, Call.with().within(Duration.ZERO)))
        .isInstanceOf(OverloadedException.class)
        .hasMessageStartingWith("no slot of m:1 came free within 0 ms: all 1 are in use");
    assertThatThrownBy(() -> model.predict(ONE, Call.with().within(Duration.ofMillis(5))))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("within 5 ms");
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> model.predict(ONE)).isInstanceOf(DeadlineException.class);
    assertThat(Thread.interrupted()).isTrue();
    gate.release(1000);
    running.get();
  }

  @Test
  void predictAll_empty_isRefused() {
    assertThatThrownBy(() -> model(serving("1")).predictAll(List.of()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("the batch is empty; wanted at least one input");
  }

  @Test
  void predictAll_overSeveralChunks_isInOrderAndOfOneVersion() {
    Routes routes = serving("1");
    List<Prediction<Row>> answers = model(routes).predictAll(Collections.nCopies(2500, ONE));
    assertThat(answers).hasSize(2500);
    assertThat(answers).extracting(a -> a.version().number()).containsOnly("1");
    assertThat(answers).extracting(a -> Receipt.parse(a.receipt()).id()).doesNotHaveDuplicates();
  }

  // --- observers ---

  private static final class Seen implements VersionObserver {
    final List<String> rows = Collections.synchronizedList(new ArrayList<>());
    final AtomicInteger closed = new AtomicInteger();

    @Override
    public void observed(Observation seen) {
      for (int row = 0; row < seen.rows(); row++) {
        rows.add(
            seen.number(row, 0)
                + "->"
                + seen.score(row)
                + " "
                + seen.key().orElse("-")
                + " "
                + seen.receipt(row));
      }
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  @Test
  void observer_isToldOfPredictionsAndOfNothingElse() {
    Seen seen = new Seen();
    observers.add((route, version, count) -> Optional.of(seen));
    Routes routes = serving("1");
    assertThat(seen.rows).as("warm-up and gates").isEmpty();
    Prediction<Row> one = model(routes).predict(Row.of("x", 3), Call.with().key("k"));
    model(routes).predict(ONE, Call.with().unrecorded());
    List<Prediction<Row>> two = model(routes).predictAll(List.of(ONE, Row.of("x", 2)));
    assertThat(seen.rows)
        .containsExactly(
            "3.0->1.0 k " + one.receipt(),
            "1.0->1.0 - " + two.get(0).receipt(),
            "2.0->1.0 - " + two.get(1).receipt());
    routes.close(Duration.ofSeconds(1));
    assertThat(seen.closed.get()).isOne();
  }

  @Test
  void observer_thatThrows_harmsNoPrediction() {
    observers.add(
        (route, version, count) ->
            Optional.of(
                new VersionObserver() {
                  @Override
                  public void observed(Observation seen) {
                    throw new StackOverflowError("deep");
                  }

                  @Override
                  public void close() {
                    throw new IllegalStateException("cannot");
                  }
                }));
    assertThat(model(serving("1")).predict(ONE).value().number("y")).isEqualTo(1);
  }

  @Test
  void observer_thatPredictsOrSwaps_isToldNotTo() {
    AtomicReference<Routes> routes = new AtomicReference<>();
    List<Throwable> thrown = new ArrayList<>();
    observers.add(
        (route, version, count) ->
            Optional.of(
                new VersionObserver() {
                  @Override
                  public void observed(Observation seen) {
                    for (Runnable forbidden :
                        List.<Runnable>of(
                            () -> routes.get().refresh(ROUTE),
                            () -> routes.get().close(Duration.ZERO),
                            () -> handle().predict(ONE),
                            () -> handle().predictAll(List.of(ONE)))) {
                      try {
                        forbidden.run();
                      } catch (IllegalStateException e) {
                        thrown.add(e);
                      }
                    }
                  }

                  private ModelHandle<Row, Row> handle() {
                    return handles.get(0);
                  }

                  @Override
                  public void close() {}
                }));
    routes.set(serving("1"));
    handles.add(model(routes.get()));
    model(routes.get()).predict(ONE);
    assertThat(thrown).hasSize(4);
    assertThat(thrown.get(2)).hasMessageStartingWith("predict was called from within an observer");
    assertThat(model(routes.get()).predict(ONE).value().number("y")).isEqualTo(1);
  }

  private final List<ModelHandle<Row, Row>> handles = new ArrayList<>();

  @Test
  void gate_thatPredictsThroughAHandle_decidesNothing() {
    gates.add(
        gate(
            "mine",
            true,
            c -> {
              handles.get(0).predict(ONE);
              return Gate.Outcome.PASS;
            }));
    Routes routes = serving("1", "2");
    handles.add(model(routes));
    store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("mine UNDECIDED")
        .hasMessageContaining("predict was called from within");
  }

  @Test
  void gate_sees_bothVersions() {
    List<String> seen = new ArrayList<>();
    gates.add(
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
    Routes routes = serving("1", "2");
    store.move("2");
    routes.refresh(ROUTE);
    assertThat(seen).containsExactly("m:2 2.0 against m:1 1.0");
  }

  @Test
  void gatesOf_aModel_areItsOwnAndThoseOfAll() {
    Gate mine = gate("mine", false, c -> Gate.Outcome.PASS);
    Gate everyones = gate("everyone's", false, c -> Gate.Outcome.PASS);
    Settings settings =
        new Settings(
            store,
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

  // --- the start ---

  private Gate refusing(String number) {
    return gate(
        "quality",
        true,
        c -> c.version().version().number().equals(number) ? Gate.Outcome.FAIL : Gate.Outcome.PASS);
  }

  @Test
  void start_headRefusedByComparison_servesTheNewestThatPasses() {
    gates.add(refusing("3"));
    for (String number : List.of("1", "2", "3")) {
      store.put(number, ScriptedEngine.SCHEMA);
      store.move(number);
    }
    Routes routes = routes();
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("2"));
    assertThat(only(routes).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("m:3 was refused: quality FAIL"));
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
  }

  @Test
  void start_afterARefusalAndARestart_isRefusedAgain(@TempDir Path folder) {
    state = Optional.of(folder);
    gates.add(refusing("2"));
    Routes before = serving("1", "2");
    store.move("2");
    assertThatThrownBy(() -> before.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    before.close(Duration.ofSeconds(1));
    Routes after = routes();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("m:2 was refused"));
  }

  @Test
  void start_headThatPassedBefore_isNotComparedAgain(@TempDir Path folder) {
    state = Optional.of(folder);
    AtomicReference<Gate.Outcome> outcome = new AtomicReference<>(Gate.Outcome.PASS);
    gates.add(gate("quality", true, c -> outcome.get()));
    Routes before = serving("1", "2");
    store.move("2");
    before.refresh(ROUTE);
    before.close(Duration.ofSeconds(1));
    outcome.set(Gate.Outcome.FAIL);
    assertThat(model(routes()).version()).isEqualTo(MemoryStore.version("2"));
  }

  @Test
  void start_headThatDoesNotLoad_servesTheOneBefore() {
    for (String number : List.of("1", "2")) {
      store.put(number, ScriptedEngine.SCHEMA);
      store.move(number);
    }
    engine.failAtLoad("2", "no memory");
    Routes routes = routes();
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(routes).problem()).hasValueSatisfying(p -> assertThat(p).contains("no memory"));
  }

  @Test
  void start_nothingLoads_throwsWhatIsWrongWithTheHead() {
    for (String number : List.of("1", "2")) {
      store.put(number, ScriptedEngine.SCHEMA);
      store.move(number);
      engine.failAtLoad(number, "no memory for " + number);
    }
    assertThatThrownBy(() -> model(routes()))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("no memory for 2");
  }

  @Test
  void start_afterARollback_keepsIt(@TempDir Path folder) {
    state = Optional.of(folder);
    Routes before = serving("1", "2", "3");
    store.move("2");
    before.refresh(ROUTE);
    before.rollback(ROUTE, "precision fell");
    before.close(Duration.ofSeconds(1));
    Routes after = routes();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).overridden()).isTrue();
    assertThat(only(after).problem()).contains("rolled back to m:1: precision fell");
    assertThat(after.refresh(ROUTE).swapped()).isFalse();
    store.move("3");
    assertThat(after.refresh(ROUTE).to()).isEqualTo(MemoryStore.version("3"));
  }

  @Test
  void start_afterARollback_keepsItBesideANewerRevisionThatIsRefused(@TempDir Path folder) {
    state = Optional.of(folder);
    gates.add(
        gate(
            "mine",
            false,
            c ->
                c.version().version().number().equals("3")
                    ? Gate.Outcome.FAIL
                    : Gate.Outcome.PASS));
    Routes before = serving("1", "2", "3");
    store.move("2");
    before.refresh(ROUTE);
    before.rollback(ROUTE, "precision fell");
    store.move("3");
    assertThatThrownBy(() -> before.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    before.close(Duration.ofSeconds(1));
    Routes after = routes();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).overridden()).isTrue();
    assertThatThrownBy(() -> after.rollback(ROUTE, "again"))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void start_versionThatPassedOnceAndWasRefusedSince_isComparedAgain(@TempDir Path folder) {
    state = Optional.of(folder);
    gates.add(
        gate(
            "quality",
            true,
            c ->
                c.active().orElseThrow().number().equals("3")
                    ? Gate.Outcome.FAIL
                    : Gate.Outcome.PASS));
    Routes before = serving("1", "2", "3");
    for (String number : List.of("2", "3")) {
      store.move(number);
      before.refresh(ROUTE);
    }
    store.move("2");
    assertThatThrownBy(() -> before.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    before.close(Duration.ofSeconds(1));
    Routes after = routes();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("3"));
    assertThat(only(after).problem())
        .hasValueSatisfying(
            p -> assertThat(p).contains("m:2 was refused", "An earlier revision is tried"));
  }

  @Test
  void start_evidenceMissing_fallsBackByOneAndNotToTheOldest() {
    gates.add(gate("quality", true, c -> Gate.Outcome.UNDECIDED));
    for (String number : List.of("1", "2", "3", "4")) {
      store.put(number, ScriptedEngine.SCHEMA);
      store.move(number);
    }
    assertThat(model(routes()).version()).isEqualTo(MemoryStore.version("3"));
  }

  @Test
  void start_rolledBackVersionIsGone_servesWhatIsThere(@TempDir Path folder) {
    state = Optional.of(folder);
    Routes before = serving("1", "2", "3");
    for (String number : List.of("2", "3")) {
      store.move(number);
      before.refresh(ROUTE);
    }
    before.rollback(ROUTE, "precision fell");
    before.close(Duration.ofSeconds(1));
    store.remove("2");
    assertThat(model(routes()).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void start_overriddenWithAVersionThatIsGone_saysSo(@TempDir Path folder) {
    state = Optional.of(folder);
    Routes before = serving("1", "2");
    before.override(ROUTE, "2", "precision fell");
    before.close(Duration.ofSeconds(1));
    store.remove("2");
    Routes after = routes();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).overridden()).isFalse();
    assertThat(only(after).problem())
        .contains("m@champion was overridden with m:2, which the store no longer holds");
  }

  @Test
  void start_newerRevisionNamesWhatServedLast_isAcceptedAsItIs(@TempDir Path folder) {
    state = Optional.of(folder);
    AtomicReference<Gate.Outcome> outcome = new AtomicReference<>(Gate.Outcome.FAIL);
    gates.add(gate("quality", true, c -> outcome.get()));
    store.put("1", ScriptedEngine.SCHEMA);
    store.move("1");
    Routes before = serving("1", "2");
    store.move("2");
    assertThatThrownBy(() -> before.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    before.close(Duration.ofSeconds(1));
    store.move("1");
    outcome.set(Gate.Outcome.UNDECIDED); // what it compares by is not there
    assertThat(model(routes()).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void start_comparisonUndecidedForAFallback_stillAsksTheGatesBehindIt() {
    gates.add(gate("quality", true, c -> Gate.Outcome.UNDECIDED));
    gates.add(
        gate(
            "mine",
            false,
            c ->
                c.version().version().number().equals("2")
                    ? Gate.Outcome.FAIL
                    : Gate.Outcome.PASS));
    for (String number : List.of("1", "2", "3")) {
      store.put(number, ScriptedEngine.SCHEMA);
      store.move(number);
    }
    assertThat(model(routes()).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void override_comparisonFails_stillObeysTheGatesBehindIt() {
    gates.add(gate("quality", true, c -> Gate.Outcome.FAIL));
    gates.add(
        gate(
            "mine",
            false,
            c ->
                c.version().version().number().equals("2")
                    ? Gate.Outcome.FAIL
                    : Gate.Outcome.PASS));
    Routes routes = serving("1", "2");
    assertThatThrownBy(() -> routes.override(ROUTE, "2", "why"))
        .isInstanceOf(VersionRefusedException.class);
  }

  @Test
  void rollback_toAVersionThatWasRefusedMeanwhile_refusesItNoMore() {
    gates.add(
        gate(
            "quality",
            true,
            c ->
                c.active().orElseThrow().number().equals("2")
                    ? Gate.Outcome.FAIL
                    : Gate.Outcome.PASS));
    Routes routes = serving("1", "2");
    store.move("2");
    routes.refresh(ROUTE);
    store.move("1");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    routes.rollback(ROUTE, "precision fell");
    assertThat(only(routes).versions())
        .extracting(loaded -> loaded.version().number() + " " + loaded.state())
        .containsExactlyInAnyOrder("1 ACTIVE", "2 RETAINED", "2 BANNED");
  }

  @Test
  void start_storeWentBack_saysSo(@TempDir Path folder) {
    state = Optional.of(folder);
    Routes before = serving("1", "2");
    store.move("2");
    before.refresh(ROUTE);
    before.close(Duration.ofSeconds(1));
    store.backTo(1);
    Routes after = routes();
    assertThat(model(after).version()).isEqualTo(MemoryStore.version("1"));
    assertThat(only(after).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("the store went back in time"));
  }

  @Test
  void handle_firstLoadFailsWhileASecondCallerWaits_bothSeeOneRoute() throws Exception {
    store.put("1", ScriptedEngine.SCHEMA);
    store.move("1");
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger checks = new AtomicInteger();
    gates.add(
        gate(
            "mine",
            false,
            c -> {
              if (checks.getAndIncrement() > 0) {
                return Gate.Outcome.PASS;
              }
              loading.countDown();
              try {
                go.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return Gate.Outcome.FAIL;
            }));
    Routes routes = routes();
    Future<ModelHandle<Row, Row>> first = others.submit(() -> model(routes));
    loading.await();
    AtomicReference<Thread> waiting = new AtomicReference<>();
    Future<ModelHandle<Row, Row>> second =
        others.submit(
            () -> {
              waiting.set(Thread.currentThread());
              return model(routes);
            });
    while (waiting.get() == null || waiting.get().getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    go.countDown();
    assertThatThrownBy(first::get).hasCauseInstanceOf(VersionRefusedException.class);
    assertThat(second.get()).isSameAs(model(routes));
    assertThat(routes.health().routes()).hasSize(1);
  }

  @Test
  void refresh_refusedRevision_isSeenAllTheSame() {
    gates.add(refusing("2"));
    Routes routes = serving("1", "2");
    store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    store.backTo(1);
    routes.refresh(ROUTE);
    assertThat(only(routes).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("the store went back in time"));
  }

  @Test
  void refresh_refusedByComparison_isAskedAgainByANewRevisionOrBesideAnotherVersion() {
    gates.add(
        gate(
            "quality",
            true,
            c ->
                c.active().orElseThrow().number().equals("2")
                    ? Gate.Outcome.FAIL
                    : Gate.Outcome.PASS));
    Routes routes = serving("1", "2", "3");
    store.move("2");
    routes.refresh(ROUTE);
    store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    routes.rollback(ROUTE, "precision fell");
    assertThat(routes.refresh(ROUTE).to()).isEqualTo(MemoryStore.version("3"));
  }

  @Test
  void refresh_gateRunsOutOfStack_leavesNothingOpen() {
    gates.add(
        gate(
            "mine",
            true,
            c -> {
              throw new StackOverflowError("deep");
            }));
    Routes routes = serving("1", "2");
    store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(StackOverflowError.class);
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void refresh_columnsInAnotherOrder_areBoundAnew() {
    store.put("1", two("x", "z"));
    store.put("2", two("z", "x"));
    store.move("1");
    List<Double> seen = new ArrayList<>();
    observers.add(
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
    Routes routes = routes();
    Row row = Row.of("x", 5, "z", 7);
    model(routes).predict(row);
    store.move("2");
    routes.refresh(ROUTE);
    model(routes).predict(row);
    assertThat(seen).containsExactly(5.0, 7.0);
  }

  private static ModelSchema two(String first, String second) {
    return ModelSchema.builder()
        .input("in", ElementType.FLOAT, first, second)
        .output("y", ElementType.FLOAT)
        .score("y")
        .build();
  }

  @Test
  void start_noEngineForTheFormat_saysWhatThereIs() {
    store.put("1", ScriptedEngine.SCHEMA);
    store.move("1");
    Routes routes =
        new Routes(
            new Settings(
                store,
                List.of(),
                observers,
                List.of(),
                gates.stream().map(g -> new Settings.ModelGate(Optional.empty(), g)).toList(),
                new Settings.Limits(1, Duration.ofSeconds(1), keepWarm, Duration.ofSeconds(10)),
                TestUpkeep.NOTHING,
                state,
                Instant::now,
                0));
    built.add(routes);
    assertThatThrownBy(() -> model(routes))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageStartingWith("no engine runs m:1, which is fake");
  }

  @Test
  void retention_zero_endsTheOldVersionOnTheLifecycleThread() throws Exception {
    endsOnTheLifecycleThread(Duration.ZERO);
  }

  @Test
  void retention_over_endsTheOldVersionOnTheLifecycleThread() throws Exception {
    endsOnTheLifecycleThread(Duration.ofMillis(1));
  }

  private void endsOnTheLifecycleThread(Duration retention) throws Exception {
    keepWarm = retention;
    CountDownLatch ended = new CountDownLatch(1);
    AtomicReference<String> thread = new AtomicReference<>();
    observers.add(
        (String route, StoredVersion version, int count) ->
            Optional.of(
                new VersionObserver() {
                  @Override
                  public void observed(Observation seen) {}

                  @Override
                  public void close() {
                    thread.compareAndSet(null, Thread.currentThread().getName());
                    ended.countDown();
                  }
                }));
    Routes routes = serving("1", "2");
    store.move("2");
    routes.refresh(ROUTE);
    ended.await();
    assertThat(thread.get()).isEqualTo("mlops-lifecycle");
    assertThatThrownBy(() -> routes.rollback(ROUTE, "too late"))
        .isInstanceOf(IllegalStateException.class);
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("2"));
  }
}
