package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelRef;
import dev.mlops.rollout.SwapReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A disk that does not answer holds whoever has something decided, and nobody else. */
@Timeout(60)
class HungStateFolderTest {
  private static final ModelRef REF = ModelRef.parse(ROUTE);

  @RegisterExtension final TestRuntime test = new TestRuntime();
  @TempDir private Path temp;
  private HungFolder folder;
  private Routes routes;
  private ModelHandle<Row, Row> model;

  /** Writes one at a time, as it is let. */
  private static final class HungFolder extends StateFolder {
    final Semaphore inside = new Semaphore(0);
    final Semaphore let = new Semaphore(Integer.MAX_VALUE);

    HungFolder(Path folder) {
      super(Optional.of(folder));
    }

    @Override
    void write(ModelRef route, RouteState state) {
      inside.release();
      let.acquireUninterruptibly();
      super.write(route, state);
    }

    void hang() {
      let.drainPermits();
      inside.drainPermits();
    }

    void answer() {
      let.release(Integer.MAX_VALUE / 2);
    }
  }

  @BeforeEach
  void serve() {
    test.released("1");
    test.put("2", "3");
    folder = new HungFolder(temp);
    routes = test.build(folder);
    model = model(routes);
    test.store.move("2");
    routes.refresh(ROUTE);
  }

  @AfterEach
  void answer() {
    folder.answer();
  }

  /** A swap to version 3, whose decision is being written. */
  private Future<SwapReport> refreshThatHangs() throws InterruptedException {
    test.store.move("3");
    folder.hang();
    Future<SwapReport> refresh = test.others.submit(() -> routes.refresh(ROUTE));
    folder.inside.acquire();
    return refresh;
  }

  /** The same behind the writing of what was seen. */
  private Future<SwapReport> publishThatHangs() throws InterruptedException {
    Future<SwapReport> refresh = refreshThatHangs();
    folder.let.release();
    folder.inside.acquire();
    return refresh;
  }

  @Test
  void refresh_beingWritten_callsAndHealthGoOn() throws Exception {
    Future<SwapReport> refresh = refreshThatHangs();
    assertThat(routes.health().ready()).isTrue();
    assertThat(model.predict(ONE).version().number()).isEqualTo("2");
    folder.let.release();
    folder.inside.acquire();
    assertThat(only(routes).versions()).hasSize(3);
    assertThat(routes.describe()).contains("serving m:2");
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("2");
    folder.answer();
    assertThat(refresh.get().to().number()).isEqualTo("3");
    only3();
  }

  /** What a restart will find: the newest revision, and nothing held against any. */
  private void only3() {
    RouteState state = folder.read(REF);
    assertThat(state.decided()).isEqualTo(3);
    assertThat(state.override()).isEmpty();
    assertThat(state.banned()).isEmpty();
  }

  @Test
  void rollback_whileASwapIsWritten_isSoAtOnceAndTheSwapBeginsAnew() throws Exception {
    Future<SwapReport> refresh = publishThatHangs();
    Future<SwapReport> rollback = test.others.submit(() -> routes.rollback(ROUTE, "fell"));
    while (!model.version().number().equals("1")) {
      Thread.onSpinWait();
    }
    assertThat(only(routes).overridden()).isTrue();
    assertThat(only(routes).problem().orElseThrow()).contains("a restart will not know of it");
    folder.answer();
    assertThat(rollback.get().to().number()).isEqualTo("1");
    assertThat(refresh.get().from().orElseThrow().number()).isEqualTo("1");
    assertThat(model.version().number()).isEqualTo("3");
    assertThat(only(routes).problem()).isEmpty();
    only3();
  }

  @Test
  void rollback_whileWhatWasSeenIsWritten_isSoAtOnceAndTheLookIsTakenAgain() throws Exception {
    Future<SwapReport> refresh = refreshThatHangs();
    Future<SwapReport> rollback = test.others.submit(() -> routes.rollback(ROUTE, "fell"));
    while (!model.version().number().equals("1")) {
      Thread.onSpinWait();
    }
    folder.answer();
    rollback.get();
    assertThat(refresh.get().from().orElseThrow().number()).isEqualTo("1");
    only3();
  }

  @Test
  void close_whileASwapIsWritten_takesItsTimeAndKeepsWhatWasDecidedBefore() throws Exception {
    Future<SwapReport> refresh = publishThatHangs();
    routes.close(Duration.ZERO);
    assertThat(routes.health().ready()).isFalse();
    folder.answer();
    assertThatThrownBy(refresh::get).hasCauseInstanceOf(OverloadedException.class);
    assertThat(folder.read(REF).decided()).isEqualTo(2);
    assertThat(model(test.build(folder)).version().number()).isEqualTo("3"); // now it may
  }

  @Test
  void rollback_beingWritten_doesNotOverwriteWhatFollowsIt() throws Exception {
    folder.hang();
    Future<SwapReport> rollback = test.others.submit(() -> routes.rollback(ROUTE, "fell"));
    folder.inside.acquire();
    test.store.move("3");
    Future<SwapReport> refresh = test.others.submit(() -> routes.refresh(ROUTE));
    folder.answer();
    rollback.get();
    assertThat(refresh.get().to().number()).isEqualTo("3");
    only3();
  }
}
