package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import dev.mlops.store.StoredVersion;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
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
  void retention_zero_endsTheOldVersionOnTheLifecycleThread() throws Exception {
    endsOnTheLifecycleThread(Duration.ZERO);
  }

  @Test
  void retention_over_endsTheOldVersionOnTheLifecycleThread() throws Exception {
    endsOnTheLifecycleThread(Duration.ofMillis(1));
  }

  private void endsOnTheLifecycleThread(Duration retention) throws Exception {
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
    assertThat(thread.get()).isEqualTo("mlops-lifecycle");
    assertThatThrownBy(() -> routes.rollback(ROUTE, "too late"))
        .isInstanceOf(IllegalStateException.class);
    assertThat(model(routes).version()).isEqualTo(MemoryStore.version("2"));
  }
}
