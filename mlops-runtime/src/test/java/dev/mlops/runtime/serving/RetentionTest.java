package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static dev.mlops.runtime.serving.TestRuntime.states;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.inference.Row;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.memory.ProcessMemory;
import dev.mlops.store.StoredVersion;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How long the version that served before stays loaded. */
class RetentionTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void rollback_retentionZero_throws() {
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThatThrownBy(() -> routes.rollback(ROUTE, "why not"))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void retention_zero_closesTheOldVersionsObserversOnAThreadOfTheirOwn() throws Exception {
    closesOnAThreadOfTheirOwn(Duration.ZERO);
  }

  @Test
  void retention_over_closesTheOldVersionsObserversOnAThreadOfTheirOwn() throws Exception {
    closesOnAThreadOfTheirOwn(Duration.ofMillis(1));
  }

  private void closesOnAThreadOfTheirOwn(Duration retention) throws Exception {
    test.keepWarm = retention;
    CountDownLatch ended = new CountDownLatch(1);
    AtomicReference<String> thread = new AtomicReference<>();
    test.observers.add(
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
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    ended.await();
    assertThat(thread.get()).isEqualTo("mlops-observers");
    assertThatThrownBy(() -> routes.rollback(ROUTE, "too late"))
        .isInstanceOf(IllegalStateException.class);
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("2"));
  }

  @Test
  void retention_ofALaterSwap_isCountedFromThatSwap() {
    Duration warm = Duration.ofMillis(300);
    test.keepWarm = warm;
    Routes routes = test.serving("1", "2", "3");
    test.store.move("2");
    routes.refresh(ROUTE);
    model(routes).lease(warm.dividedBy(2));
    test.next(LifecycleEvent.LeaseExpired.class); // half the time is over
    test.store.move("3");
    long begin = System.nanoTime();
    routes.refresh(ROUTE);
    assertThat(test.next(LifecycleEvent.Closed.class).version().number()).isEqualTo("1");
    assertThat(test.next(LifecycleEvent.Closed.class).version().number()).isEqualTo("2");
    assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(warm.toNanos());
    assertThat(states(routes)).containsExactly("3 ACTIVE");
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(test.next(LifecycleEvent.Closed.class).version().number())
        .as("looked at again, after nothing was warm")
        .isEqualTo("3");
  }

  @Test
  void retention_memoryIsShortByLessThanItHolds_isEndedForTheLoad() {
    long half = 512L << 20; // much more than what is free changes by in a moment
    assumeTrue(free() > 4 * half, "needs 2 GB of free memory");
    test.memoryCheck = true;
    test.engine.needs("1", 2 * half); // as it says; it takes nothing
    Routes routes = test.serving("1", "2", "3");
    test.store.move("2");
    routes.refresh(ROUTE);
    test.engine.needs("3", free() + half);
    test.store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("memory UNDECIDED");
    assertThat(test.next(LifecycleEvent.Closed.class).version().number()).isEqualTo("1");
    assertThat(states(routes)).containsExactly("2 ACTIVE");
    test.engine.needs("3", 1);
    assertThat(routes.refresh(ROUTE).gates().get(0).gate()).isEqualTo("memory");
    Caller.resultOf(test.others.submit(routes::health));
  }

  @Test
  void retention_versionThatWouldNotFitWithoutItEither_staysForARollback() {
    test.memoryCheck = true;
    Routes routes = test.serving("1", "2", "3");
    test.store.move("2");
    routes.refresh(ROUTE);
    test.engine.needs("3", Long.MAX_VALUE / 2);
    test.store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(states(routes)).containsExactly("2 ACTIVE", "1 RETAINED");
    assertThat(routes.rollback(ROUTE, "in a test").to().number()).isEqualTo("1");
  }

  @Test
  void retention_anotherRouteServesTheVersion_staysAsItsEndWouldFreeNothing() {
    long half = 512L << 20;
    assumeTrue(free() > 4 * half, "needs 2 GB of free memory");
    test.memoryCheck = true;
    test.engine.needs("1", 2 * half);
    Routes routes = test.serving("1", "2", "3");
    routes.handle("m:1", Row.class, Row.class);
    test.store.move("2");
    routes.refresh(ROUTE);
    test.engine.needs("3", free() + half);
    test.store.move("3");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(VersionRefusedException.class);
    assertThat(routes.rollback(ROUTE, "in a test").to().number()).isEqualTo("1");
  }

  private static long free() {
    return ProcessMemory.ofThisProcess().room().map(ProcessMemory.Room::free).orElse(0L);
  }

  @Test
  void refresh_toWhatIsWarm_servesItWithItsObserversAndItsCount() {
    AtomicInteger opened = new AtomicInteger();
    AtomicInteger observing = test.observe();
    test.observers.add(
        (route, version, count) -> {
          opened.incrementAndGet();
          return Optional.empty();
        });
    Routes routes = test.serving("1", "2");
    model(routes).predict(ONE);
    test.store.move("2");
    routes.refresh(ROUTE);
    test.store.move("1");
    assertThat(routes.refresh(ROUTE).phases()).containsKeys("gates", "publish");
    assertThat(opened.get()).isEqualTo(2);
    assertThat(observing.get()).isEqualTo(2);
    assertThat(only(routes).versions().get(0))
        .isEqualTo(new Health.Loaded(MemoryStore.version("1"), VersionState.ACTIVE, 1));
    assertThat(states(routes)).containsExactly("1 ACTIVE", "2 RETAINED");
  }
}
