package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.gate;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.Call;
import dev.mlops.inference.Row;
import dev.mlops.model.MlopsException;
import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.LifecycleEvent.Cause;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.VersionRefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventsTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void swap_isTold_withReportThenCloseAndCounts() {
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    model(routes).predict(ONE);
    model(routes).predictAll(Collections.nCopies(3, ONE));
    test.next(LifecycleEvent.Swapped.class);
    test.store.move("2");
    var report = routes.refresh(ROUTE);
    // in this order, though the old one may end at once
    assertThat(((LifecycleEvent.Swapped) test.next(LifecycleEvent.class)).report())
        .isEqualTo(report);
    LifecycleEvent.Closed closed = (LifecycleEvent.Closed) test.next(LifecycleEvent.class);
    assertThat(closed.version().number()).isEqualTo("1");
    assertThat(closed.predictions()).isEqualTo(4);
    assertThat(closed.terminated()).isFalse();
    assertThat(closed.shared()).isFalse();
  }

  @Test
  void swap_ofEachKind_isToldWithItsCauseAndItsPhases() {
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    routes.rollback(ROUTE, "because");
    routes.clearOverride(ROUTE);
    routes.override(ROUTE, "1", "because");
    routes.refresh(ROUTE);
    routes.close(Duration.ofSeconds(10));
    List<LifecycleEvent.Swapped> swaps = test.told(LifecycleEvent.Swapped.class);
    assertThat(swaps)
        .extracting(LifecycleEvent.Swapped::cause)
        .containsExactly(Cause.START, Cause.ALIAS, Cause.ROLLBACK, Cause.CLEARED, Cause.OVERRIDE);
    assertThat(swaps.get(2).report().phases().keySet()).containsExactly("publish");
    assertThat(swaps.get(2).report().from()).contains(MemoryStore.version("2"));
  }

  @Test
  void close_ofAVersionCalledWhileAnotherWasBroughtIn_tellsOfTheSlowestSuchCall() {
    test.keepWarm = Duration.ZERO;
    Routes[] routes = new Routes[1];
    test.gates.add(callsMeanwhile(routes, Gate.Outcome.PASS));
    routes[0] = test.serving("1", "2");
    test.store.move("2");
    routes[0].refresh(ROUTE);
    assertThat(test.next(LifecycleEvent.Closed.class).slowest())
        .hasValueSatisfying(slowest -> assertThat(slowest).isPositive());
  }

  @Test
  void close_ofAVersionThatServedOnAfterARefusal_tellsOfNoSlowestCall() {
    Routes[] routes = new Routes[1];
    test.gates.add(callsMeanwhile(routes, Gate.Outcome.FAIL));
    routes[0] = test.serving("1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> routes[0].refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    routes[0].close(Duration.ofSeconds(10));
    assertThat(test.next(LifecycleEvent.Closed.class).slowest()).isEmpty();
  }

  @Test
  void close_ofAVersionThatServedAgainAfterARollback_tellsOfNoSlowestCall() {
    Routes[] routes = new Routes[1];
    test.gates.add(callsMeanwhile(routes, Gate.Outcome.PASS));
    routes[0] = test.serving("1", "2");
    test.store.move("2");
    routes[0].refresh(ROUTE);
    routes[0].rollback(ROUTE, "because");
    routes[0].close(Duration.ofSeconds(10));
    assertThat(test.told(LifecycleEvent.Closed.class))
        .filteredOn(closed -> closed.version().number().equals("1"))
        .singleElement()
        .satisfies(closed -> assertThat(closed.slowest()).isEmpty());
  }

  /** Another thread calls the version in force while a candidate is checked. */
  private Gate callsMeanwhile(Routes[] routes, Gate.Outcome outcome) {
    return gate(
        "quality",
        true,
        c -> {
          Caller.resultOf(test.others.submit(() -> model(routes[0]).predict(ONE)));
          return outcome;
        });
  }

  @Test
  void listener_blocked_delaysNobodyAndLosesNothingItHasRoomFor() throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch all = new CountDownLatch(41);
    test.listeners.add(
        event -> {
          awaitQuietly(blocked);
          if (event instanceof LifecycleEvent.Swapped swapped) {
            told.add(swapped.report().to().number());
            all.countDown();
          }
        });
    Routes routes = test.serving("1", "2");
    for (int i = 0; i < 40; i++) {
      test.store.move(i % 2 == 0 ? "2" : "1");
      routes.refresh(ROUTE);
      model(routes).predict(ONE);
    }
    blocked.countDown();
    all.await();
    assertThat(told).hasSize(41).startsWith("1", "2", "1").endsWith("1");
    assertThat(routes.health().droppedEvents()).isZero();
  }

  @Test
  void listener_blockedForTooLong_losesEventsAndTheyAreCounted() {
    CountDownLatch blocked = new CountDownLatch(1);
    test.listeners.add(event -> awaitQuietly(blocked));
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    for (int i = 0; i < 1_100; i++) {
      test.store.move(i % 2 == 0 ? "2" : "1");
      routes.refresh(ROUTE);
    }
    assertThat(routes.health().droppedEvents()).isPositive();
    blocked.countDown();
  }

  @Test
  void listener_thatThrowsOrSwaps_harmsNothing() throws Exception {
    Routes[] routes = new Routes[1];
    BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
    test.listeners.add(
        0,
        event -> {
          try {
            routes[0].refresh(ROUTE);
          } catch (IllegalStateException e) {
            thrown.add(e);
            throw e;
          }
        });
    test.put("1", "2");
    test.store.move("1");
    routes[0] = test.build();
    model(routes[0]);
    test.store.move("2");
    routes[0].refresh(ROUTE);
    test.next(LifecycleEvent.Swapped.class);
    test.next(LifecycleEvent.Swapped.class);
    assertThat(thrown.poll(20, TimeUnit.SECONDS)).isNotNull(); // on a thread of its own
  }

  @Test
  void listener_besideABlockedOne_isToldEverythingAndTheEnd() {
    CountDownLatch blocked = new CountDownLatch(1);
    List<String> told = new CopyOnWriteArrayList<>();
    test.listeners.add(0, event -> awaitQuietly(blocked));
    test.listeners.add(recordingEvents(told));
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    for (int i = 1; i <= 1_500; i++) {
      test.store.move(i % 2 == 0 ? "1" : "2");
      routes.refresh(ROUTE);
      if (i % 100 == 0) { // or a busy machine would let more wait than is kept
        awaitCount(i + 1, () -> Collections.frequency(told, "Swapped"));
        awaitCount(i + 1, () -> test.told(LifecycleEvent.Swapped.class).size());
        awaitCount(i, () -> Collections.frequency(told, "Closed"));
        awaitCount(i, () -> test.told(LifecycleEvent.Closed.class).size());
      }
    }
    routes.close(Duration.ofSeconds(10));
    long offered = test.events.size();
    assertThat(test.told(LifecycleEvent.Swapped.class)).hasSize(1_501);
    assertThat(told).hasSize((int) offered + 1).endsWith("closed");
    // it was given up, so that all it was not told is dropped: but the one in its hands
    assertThat(routes.health().droppedEvents()).isEqualTo(offered - 1);
    blocked.countDown();
  }

  private static void awaitCount(int wanted, IntSupplier told) {
    long begin = System.nanoTime();
    while (told.getAsInt() < wanted) {
      assertThat(System.nanoTime() - begin).isLessThan(20_000_000_000L);
      Thread.onSpinWait();
    }
  }

  @Test
  void listener_blockedUntilTheCloseGaveUp_isToldTheEndAndNoMore() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    RuntimeListener recording = recordingEvents(told);
    test.listeners.add(
        new RuntimeListener() {
          @Override
          public void happened(LifecycleEvent event) {
            entered.countDown();
            awaitDeaf(blocked);
            recording.happened(event);
          }

          @Override
          public void closed() {
            recording.closed();
            closed.countDown();
          }
        });
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
    routes.close(Duration.ofSeconds(10));
    blocked.countDown();
    assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(told).containsExactly("Swapped", "closed");
  }

  @Test
  void close_severalListenersBlocked_takesThePatienceOnce() {
    CountDownLatch blocked = new CountDownLatch(1);
    for (int i = 0; i < 20; i++) {
      test.listeners.add(event -> awaitDeaf(blocked));
    }
    Routes routes = test.serving("1");
    long start = System.nanoTime();
    routes.close(Duration.ofSeconds(10));
    long took = System.nanoTime() - start;
    blocked.countDown();
    assertThat(Duration.ofNanos(took)).isLessThan(Duration.ofSeconds(15)); // in a row they take 20
  }

  @Test
  void close_beforeAnyEvent_tellsTheEnd_andDoesNotWaitForOneThatBlocks() {
    CountDownLatch blocked = new CountDownLatch(1);
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    test.listeners.add(
        new RuntimeListener() {
          @Override
          public void happened(LifecycleEvent event) {}

          @Override
          public void closed() {
            awaitQuietly(blocked);
          }
        });
    test.listeners.add(recordingEvents(told));
    test.build().close(Duration.ofSeconds(10));
    assertThat(told).containsExactly("closed");
    blocked.countDown();
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        OutOfMemoryError.class,
        AssertionError.class,
        InternalError.class,
        Exception.class
      })
  void listener_thatThrows_isToldTheNextOnesAndTheEnd(Class<? extends Throwable> kind) {
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    RuntimeListener recording = recordingEvents(told);
    test.listeners.add(
        new RuntimeListener() {
          @Override
          public void happened(LifecycleEvent event) {
            recording.happened(event);
            throw sneaky(kind);
          }

          @Override
          public void closed() {
            recording.closed();
          }
        });
    Logger log = Logger.getLogger(Delivery.class.getName());
    List<LogRecord> records = Collections.synchronizedList(new ArrayList<>());
    Handler handler = new RecordsInto(records);
    log.setLevel(java.util.logging.Level.ALL);
    log.setUseParentHandlers(false);
    log.addHandler(handler);
    try {
      Routes routes = test.serving("1", "2");
      for (String next : List.of("2", "1", "2")) {
        test.store.move(next);
        routes.refresh(ROUTE);
      }
      routes.close(Duration.ofSeconds(10));
    } finally {
      log.removeHandler(handler);
      log.setUseParentHandlers(true);
      log.setLevel(null);
    }
    assertThat(told).filteredOn("Swapped"::equals).hasSize(4);
    assertThat(told).endsWith("closed");
    assertThat(records)
        .extracting(LogRecord::getLevel)
        .startsWith(java.util.logging.Level.WARNING)
        .hasSize(told.size() - 1);
    assertThat(records.subList(1, records.size()))
        .extracting(LogRecord::getLevel)
        .containsOnly(java.util.logging.Level.FINE);
    assertThat(records.get(0).getMessage()).contains("listens to events and failed");
    assertThat(records.get(0).getThrown()).isInstanceOf(kind);
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> RuntimeException sneaky(Class<? extends Throwable> kind)
      throws E {
    try {
      throw (E) kind.getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static final class RecordsInto extends Handler {
    private final List<LogRecord> records;

    RecordsInto(List<LogRecord> records) {
      this.records = records;
    }

    @Override
    public void publish(LogRecord record) {
      records.add(record);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void listener_thatLeavesItsThreadInterrupted_isToldTheNextOnes() {
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    RuntimeListener recording = recordingEvents(told);
    test.listeners.add(
        event -> {
          recording.happened(event);
          Thread.currentThread().interrupt();
        });
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    routes.close(Duration.ofSeconds(10));
    assertThat(told).filteredOn("Swapped"::equals).hasSize(2);
  }

  /** Names what it is told. */
  private static RuntimeListener recordingEvents(List<String> told) {
    return new RuntimeListener() {
      @Override
      public void happened(LifecycleEvent event) {
        told.add(event.getClass().getSimpleName());
      }

      @Override
      public void closed() {
        told.add("closed");
      }
    };
  }

  @Test
  void calls_areToldOfAnswersFailuresAndTheEnd() {
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    test.listeners.add(recording(told));
    Routes routes = test.serving("1");
    model(routes).predict(ONE);
    model(routes).predictAll(Collections.nCopies(3, ONE));
    try {
      model(routes).predict(Row.of("nonsense", 1));
    } catch (MlopsException e) {
      told.add("thrown " + e.code());
    }
    routes.close(Duration.ofSeconds(10));
    assertThat(told)
        .containsExactly(
            "started",
            "calls of m:1 on m@champion",
            "answered 1",
            "answered 3",
            "failed INPUT invalid-input",
            "thrown invalid-input",
            "close",
            "closed");
  }

  @Test
  void calls_slotsBusy_areToldOfTheWait() throws Exception {
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    test.slots = 1;
    test.listeners.add(recording(told));
    Routes routes = test.serving("1");
    var inside = new java.util.concurrent.Semaphore(0);
    var gate = test.engine.hold("1", inside);
    var running = test.others.submit(() -> model(routes).predict(ONE));
    inside.acquire();
    try {
      model(routes).predict(ONE, Call.with().within(Duration.ofMillis(1)));
    } catch (MlopsException e) {
      told.add("thrown " + e.code());
    }
    gate.release(1_000);
    running.get();
    assertThat(told).contains("waited", "failed RETRY overloaded", "thrown overloaded");
  }

  private static RuntimeListener recording(List<String> told) {
    return new RuntimeListener() {
      @Override
      public void happened(LifecycleEvent event) {}

      @Override
      public void started(Supplier<Health> health) {
        told.add("started");
        assertThat(health.get().routes()).isEmpty();
      }

      @Override
      public Optional<CallListener> calls(String route, Version version) {
        told.add("calls of " + version + " on " + route);
        return Optional.of(
            new CallListener() {
              @Override
              public void answered(long nanos, int rows) {
                assertThat(nanos).isPositive();
                told.add("answered " + rows);
              }

              @Override
              public void failed(MlopsException.Kind kind, String code) {
                told.add("failed " + kind + " " + code);
              }

              @Override
              public void waited(long nanos) {
                told.add("waited");
              }

              @Override
              public void unobserved() {
                told.add("unobserved");
              }

              @Override
              public void close() {
                told.add("close");
              }
            });
      }

      @Override
      public void closed() {
        told.add("closed");
      }
    };
  }

  /** Not even an interrupt ends it. */
  private static void awaitDeaf(CountDownLatch latch) {
    while (latch.getCount() > 0) {
      LockSupport.parkNanos(1_000_000); // or so many would take the processors
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
