package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class FollowerTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void follow_aliasMoved_servesItOnTheLoadersThread() {
    test.follow = Duration.ofMillis(1);
    String[] thread = new String[1];
    test.gates.add(
        new Gate() {
          @Override
          public String name() {
            return "thread";
          }

          @Override
          public Result check(Candidate candidate) {
            thread[0] = Thread.currentThread().getName();
            return pass("");
          }
        });
    Routes routes = test.serving("1", "2");
    test.next(LifecycleEvent.Swapped.class);
    test.store.move("2");
    LifecycleEvent.Swapped swapped = test.next(LifecycleEvent.Swapped.class);
    assertThat(swapped.report().to().number()).isEqualTo("2");
    assertThat(swapped.cause()).isEqualTo(LifecycleEvent.Cause.ALIAS);
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("2");
    assertThat(thread[0]).isEqualTo("mlops-loader");
  }

  @Test
  void follow_handleAskedForAgain_looksNoMoreOften() throws Exception {
    test.follow = Duration.ofMillis(100);
    BlockingQueue<Long> looks = new LinkedBlockingQueue<>();
    test.store.atLook(() -> looks.add(System.nanoTime()));
    Routes routes = test.serving("1");
    model(routes);
    long before = looks.take();
    for (int look = 0; look < 3; look++) {
      long next = looks.take();
      assertThat(next - before).isGreaterThanOrEqualTo(Duration.ofMillis(90).toNanos());
      before = next;
    }
  }

  /** It remembers no refusal while nothing serves, so each look loads all there is. */
  @Test
  @Tag("proof")
  void follow_routeWithoutAVersionWhoseVersionsAreRefused_looksLessAndLess() throws Exception {
    BlockingQueue<Long> looks = new LinkedBlockingQueue<>();
    test.gates.add(
        TestRuntime.gate(
            "mine",
            false,
            candidate -> {
              looks.add(System.nanoTime());
              return Gate.Outcome.FAIL;
            }));
    test.degraded = true;
    test.put("1");
    test.store.move("1");
    model(test.build());
    long[] at = new long[4];
    for (int look = 0; look < at.length; look++) {
      at[look] = looks.poll(60, TimeUnit.SECONDS);
    }
    for (int look = 1; look < at.length; look++) { // a second, doubled, but for a tenth
      assertThat(at[look] - at[look - 1])
          .as("nanoseconds before look %d", look)
          .isGreaterThanOrEqualTo(900_000_000L << (look - 1));
    }
    assertThat(test.events).hasSize(1); // told once
  }

  @Test
  void follow_versionRolledBack_isNotBroughtBack() throws Exception {
    test.follow = Duration.ofMillis(1);
    Routes routes = test.serving("1", "2");
    test.next(LifecycleEvent.Swapped.class);
    test.store.move("2");
    test.next(LifecycleEvent.Swapped.class);
    routes.rollback(ROUTE, "because");
    CountDownLatch looks = test.store.looks(100);
    looks.await();
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("1");
    assertThat(only(routes).overridden()).isTrue();
  }

  @Test
  void follow_versionRefused_isLoadedOnceAndToldOnce() throws Exception {
    test.follow = Duration.ofMillis(1);
    Routes routes = test.serving("1", "2");
    test.store.corrupt("2");
    test.store.move("2");
    LifecycleEvent.Failed failed = test.next(LifecycleEvent.Failed.class);
    assertThat(failed.code()).isEqualTo("package-corrupt");
    test.store.looks(5).await();
    assertThat(test.events).isEmpty();
    assertThat(only(routes).problem()).isPresent();
  }

  @Test
  void follow_versionThatAGateFails_isNoReasonToLookMoreRarely() throws Exception {
    test.follow = Duration.ofMillis(1);
    test.gates.add(
        new Gate() {
          @Override
          public String name() {
            return "mine";
          }

          @Override
          public Result check(Candidate candidate) {
            return candidate.version().version().number().equals("2") ? fail("bad") : pass("good");
          }
        });
    test.serving("1", "2");
    test.store.move("2");
    test.next(LifecycleEvent.Refused.class);
    assertThat(test.store.looks(30).await(20, TimeUnit.SECONDS)) // doubling, it would take weeks
        .isTrue();
  }

  @Test
  void pause_failures_doublesUpToFiveMinutesWithinATenth() {
    Duration usual = Duration.ofSeconds(30);
    assertThat(Follower.pause(usual, 0, 0.5)).isEqualTo(usual);
    assertThat(Follower.pause(usual, 0, 0)).isEqualTo(Duration.ofSeconds(27));
    assertThat(Follower.pause(usual, 0, 1)).isEqualTo(Duration.ofSeconds(33));
    assertThat(Follower.pause(usual, 2, 0.5)).isEqualTo(Duration.ofMinutes(2));
    assertThat(Follower.pause(usual, 4, 0.5)).isEqualTo(Duration.ofMinutes(5));
    assertThat(Follower.pause(usual, 1_000, 0.5)).isEqualTo(Duration.ofMinutes(5));
    assertThat(Follower.pause(Duration.ofHours(1), 3, 0.5)).isEqualTo(Duration.ofHours(1));
  }
}
