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
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.store.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
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
    private static final int MANY = 1_000;

    final Semaphore inside = new Semaphore(0);
    final Semaphore let = new Semaphore(MANY);
    volatile boolean full;
    volatile boolean fullAfter;
    final AtomicBoolean lost = new AtomicBoolean();

    HungFolder(Path folder) {
      super(Optional.of(folder));
    }

    @Override
    void write(ModelRef route, RouteState state, Open last) {
      inside.release();
      let.acquireUninterruptibly();
      if (full) {
        throw new StoreUnavailableException("the disk is full", null);
      }
      super.write(route, state, last);
      full = fullAfter;
      if (lost.getAndSet(false)) {
        throw new StoreUnavailableException("the answer was lost", null);
      }
    }

    void hang() {
      let.drainPermits();
      inside.drainPermits();
    }

    void answer() {
      let.release(MANY);
    }
  }

  record In(float x) {}

  record Two(float y, float z) {}

  @BeforeEach
  void serve() {
    test.released("1");
    test.store.put("2", ScriptedEngine.TWO_OUTPUTS);
    test.store.put("3", ScriptedEngine.TWO_OUTPUTS);
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
  void close_whileASwapIsWritten_takesItsTimeAndNothingIsWrittenAnyMore() throws Exception {
    Future<SwapReport> refresh = publishThatHangs();
    routes.close(Duration.ZERO);
    assertThat(routes.health().ready()).isFalse();
    RouteState before = folder.read(REF);
    folder.let.release(); // the disk is back
    assertThatThrownBy(refresh::get).hasCauseInstanceOf(OverloadedException.class);
    assertThat(folder.read(REF)).isEqualTo(before);
    assertThat(before.decided()).isEqualTo(2);
    assertThat(folder.inside.tryAcquire()).as("another write").isFalse();
    folder.answer();
    assertThat(model(test.build(folder)).version().number()).isEqualTo("3"); // now it may
  }

  /** A start that is overtaken by a close decides nothing: what is banned stays so. */
  @Test
  void close_whileAStartIsWritten_keepsTheRollbackBefore() throws Exception {
    routes.rollback(ROUTE, "fell");
    routes.close(Duration.ofSeconds(10));
    test.store.move("3");
    RouteState before = folder.read(REF);
    Routes next = test.build(folder);
    folder.hang();
    Future<ModelHandle<Row, Row>> asked = test.others.submit(() -> model(next));
    folder.inside.acquire();
    next.close(Duration.ZERO);
    folder.answer();
    assertThatThrownBy(asked::get).hasCauseInstanceOf(OverloadedException.class);
    assertThat(folder.read(REF)).isEqualTo(before);
    test.engine.failAtLoad("3", "too large for this machine");
    assertThat(model(test.build(folder)).version().number()).isEqualTo("1");
  }

  @Test
  void override_ofNothingThatServesOvertakenByClose_isForgotten() throws Exception {
    routes.close(Duration.ofSeconds(10));
    RouteState before = folder.read(REF);
    test.degraded = true;
    test.engine.failAtLoad("1", "broken");
    test.engine.failAtLoad("2", "broken");
    Routes next = test.build(folder);
    model(next);
    folder.hang();
    Future<SwapReport> override = test.others.submit(() -> next.override(ROUTE, "3", "mine"));
    folder.inside.acquire();
    next.close(Duration.ZERO);
    folder.answer();
    assertThatThrownBy(override::get).hasCauseInstanceOf(OverloadedException.class);
    assertThat(folder.read(REF)).isEqualTo(before);
  }

  /** An override of version 1 is written, and then a handle is there that it does not fit. */
  private Future<SwapReport> overrideThatHangsAndWillNotFit() throws InterruptedException {
    folder.hang();
    Future<SwapReport> override = test.others.submit(() -> routes.override(ROUTE, "1", "mine"));
    folder.inside.acquire();
    routes.handle(ROUTE, In.class, Two.class);
    return override;
  }

  @Test
  void override_refusedBehindItsWriting_isTakenBack() throws Exception {
    RouteState before = folder.read(REF);
    Future<SwapReport> override = overrideThatHangsAndWillNotFit();
    folder.answer();
    assertThatThrownBy(override::get).hasCauseInstanceOf(VersionRefusedException.class);
    assertThat(folder.read(REF)).isEqualTo(before);
    assertThat(only(routes).problem().orElseThrow()).doesNotContain("restart");
  }

  @Test
  void override_writtenAndTheAnswerLost_isTakenBack() {
    RouteState before = folder.read(REF);
    folder.lost.set(true);
    assertThatThrownBy(() -> routes.override(ROUTE, "1", "mine"))
        .isInstanceOf(StoreUnavailableException.class);
    assertThat(model.version().number()).isEqualTo("2");
    assertThat(folder.read(REF)).isEqualTo(before);
    assertThat(routes.override(ROUTE, "1", "mine").to().number()).isEqualTo("1");
  }

  @Test
  void override_cannotBeTakenBack_isToldUntilItIs() throws Exception {
    RouteState before = folder.read(REF);
    Future<SwapReport> override = overrideThatHangsAndWillNotFit();
    folder.fullAfter = true;
    folder.answer();
    assertThatThrownBy(override::get).hasCauseInstanceOf(VersionRefusedException.class);
    assertThat(only(routes).problem().orElseThrow())
        .endsWith("; a restart will not know of it: the disk is full");
    routes.refresh(ROUTE);
    assertThat(only(routes).problem())
        .contains(
            "what was decided is not in the state folder; a restart will not know of it: the disk"
                + " is full");
    folder.fullAfter = false;
    folder.full = false;
    routes.refresh(ROUTE);
    assertThat(only(routes).problem()).isEmpty();
    assertThat(folder.read(REF)).isEqualTo(before);
  }

  @Test
  void rollback_whileAnotherDecisionIsTakenBack_isToldAsUnwrittenUntilItIs() throws Exception {
    Future<SwapReport> override = overrideThatHangsAndWillNotFit();
    folder.let.release();
    folder.inside.acquire(); // what was so is being written again
    test.store.move("3");
    folder.let.release();
    assertThatThrownBy(override::get).hasCauseInstanceOf(VersionRefusedException.class);
    folder.answer();
    routes.refresh(ROUTE);
    Future<SwapReport> again = overrideThatHangsAndWillNotFit();
    folder.let.release();
    folder.inside.acquire();
    Future<SwapReport> rollback = test.others.submit(() -> routes.rollback(ROUTE, "fell"));
    while (!only(routes).overridden()) {
      Thread.onSpinWait();
    }
    folder.let.release(); // what was so before the rollback
    folder.inside.acquire(); // and now the rollback
    assertThat(folder.read(REF).override()).isEmpty();
    assertThat(only(routes).problem().orElseThrow())
        .endsWith("a restart will not know of it: it is being written");
    folder.answer();
    rollback.get();
    assertThatThrownBy(again::get).hasCauseInstanceOf(VersionRefusedException.class);
    assertThat(folder.read(REF).override()).contains("2");
    assertThat(only(routes).problem().orElseThrow()).doesNotContain("restart");
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
