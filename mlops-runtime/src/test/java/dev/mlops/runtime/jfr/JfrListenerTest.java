package dev.mlops.runtime.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.LifecycleEvent.Cause;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events as a recording of this process has them. */
final class JfrListenerTest {
  private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
  private static final String ROUTE = "storms@champion";
  private static final Version ONE = version("1.0.0", '1');
  private static final Version TWO = version("2.0.0", '2');
  private static final Gate.Result GOLDEN =
      new Gate.Result("golden", Gate.Outcome.PASS, "20 rows within 1e-5");
  private static final Gate.Result QUALITY =
      new Gate.Result("quality", Gate.Outcome.FAIL, "worse by 0.02");

  @TempDir Path folder;

  private final JfrListener listener = new JfrListener();

  private static Version version(String number, char id) {
    return new Version("storms", number, "sha256:" + String.valueOf(id).repeat(64));
  }

  private static Recording started(String... slowerThan) {
    Recording recording = new Recording();
    for (String time : slowerThan) {
      recording.enable("mlops.SlowPrediction").with("slowerThan", time);
    }
    recording.start();
    return recording;
  }

  /** The events of ours, in the order of their time. */
  private List<RecordedEvent> stop(Recording recording) throws IOException {
    recording.stop();
    Path file = folder.resolve("recording.jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().startsWith("mlops."))
        .sorted((one, other) -> one.getStartTime().compareTo(other.getStartTime()))
        .toList();
  }

  private static LifecycleEvent swapped(Cause cause, Gate.Result gate, String... phases) {
    Map<String, Duration> took = new LinkedHashMap<>();
    for (String phase : phases) {
      took.put(phase, Duration.ofMillis(took.size() + 1));
    }
    return new LifecycleEvent.Swapped(
        NOW,
        ROUTE,
        cause,
        new SwapReport(ROUTE, Optional.of(ONE), TWO, "tabular", List.of(GOLDEN, gate), took));
  }

  private static Duration time(RecordedEvent event, String field) {
    return event.getDuration(field);
  }

  // ---------------------------------------------------------------- versions

  @Test
  void swap_isRecordedWithItsLoad() throws IOException {
    try (Recording recording = started()) {
      listener.happened(
          swapped(Cause.ALIAS, GOLDEN, "open", "load", "warm", "gates", "state", "publish"));

      List<RecordedEvent> events = stop(recording);

      assertThat(events)
          .extracting(event -> event.getEventType().getName())
          .containsExactly("mlops.Load", "mlops.Swap");
      RecordedEvent load = events.get(0);
      assertThat(load.getString("route")).isEqualTo(ROUTE);
      assertThat(load.getString("version")).isEqualTo("2.0.0");
      assertThat(time(load, "open")).isEqualTo(Duration.ofMillis(1));
      assertThat(time(load, "load")).isEqualTo(Duration.ofMillis(2));
      assertThat(time(load, "warm")).isEqualTo(Duration.ofMillis(3));
      assertThat(time(load, "gates")).isEqualTo(Duration.ofMillis(4));
      RecordedEvent swap = events.get(1);
      assertThat(swap.getString("route")).isEqualTo(ROUTE);
      assertThat(swap.getString("cause")).isEqualTo("alias");
      assertThat(swap.getString("from")).isEqualTo("1.0.0");
      assertThat(swap.getString("to")).isEqualTo("2.0.0");
      assertThat(time(swap, "took")).isEqualTo(Duration.ofMillis(21));
      assertThat(time(swap, "publish")).isEqualTo(Duration.ofMillis(6));
      assertThat(swap.getString("gates"))
          .isEqualTo("golden PASS: 20 rows within 1e-5; golden PASS: 20 rows within 1e-5");
      assertThat(swap.getBoolean("forced")).isFalse();
      assertThat(swap.getStackTrace()).isNull();
    }
  }

  @Test
  void rollback_toAVersionThatIsStillLoaded_isASwapWithoutALoad() throws IOException {
    try (Recording recording = started()) {
      listener.happened(swapped(Cause.ROLLBACK, GOLDEN, "publish"));

      assertThat(stop(recording))
          .singleElement()
          .satisfies(
              swap -> {
                assertThat(swap.getEventType().getName()).isEqualTo("mlops.Swap");
                assertThat(swap.getString("cause")).isEqualTo("rollback");
              });
    }
  }

  @Test
  void override_againstAGate_isRecordedAsForced() throws IOException {
    try (Recording recording = started()) {
      listener.happened(swapped(Cause.OVERRIDE, QUALITY, "publish"));
      assertThat(stop(recording).get(0).getBoolean("forced")).isTrue();
    }
  }

  @Test
  void refusalAndFailure_areRecordedWithCodeAndReason() throws IOException {
    try (Recording recording = started()) {
      listener.happened(new LifecycleEvent.Refused(NOW, ROUTE, TWO, List.of(GOLDEN, QUALITY)));
      listener.happened(
          new LifecycleEvent.Failed(
              NOW, ROUTE, Optional.empty(), "store-unavailable", "the store is down"));

      List<RecordedEvent> events = stop(recording);

      assertThat(events)
          .extracting(event -> event.getEventType().getName())
          .containsExactly("mlops.Refused", "mlops.Refused");
      RecordedEvent refused = events.get(0);
      assertThat(refused.getString("version")).isEqualTo("2.0.0");
      assertThat(refused.getString("code")).isEqualTo("version-refused");
      assertThat(refused.getString("reason"))
          .isEqualTo("golden PASS: 20 rows within 1e-5; quality FAIL: worse by 0.02");
      RecordedEvent failed = events.get(1);
      assertThat(failed.getString("route")).isEqualTo(ROUTE);
      assertThat(failed.getString("version")).isEmpty();
      assertThat(failed.getString("code")).isEqualTo("store-unavailable");
      assertThat(failed.getString("reason")).isEqualTo("the store is down");
    }
  }

  @Test
  void closedVersion_isRecordedAsDrain() throws IOException {
    try (Recording recording = started()) {
      listener.happened(
          new LifecycleEvent.Closed(
              NOW,
              ROUTE,
              ONE,
              Duration.ofMillis(12),
              3_000_000_000L,
              Optional.of(Duration.ofMillis(9)),
              OptionalLong.of(700 << 20),
              OptionalLong.of(600 << 20),
              true,
              false));

      RecordedEvent drain = stop(recording).get(0);

      assertThat(drain.getEventType().getName()).isEqualTo("mlops.Drain");
      assertThat(drain.getString("route")).isEqualTo(ROUTE);
      assertThat(drain.getString("version")).isEqualTo("1.0.0");
      assertThat(time(drain, "drain")).isEqualTo(Duration.ofMillis(12));
      assertThat(drain.getLong("predictions")).isEqualTo(3_000_000_000L);
      assertThat(time(drain, "slowest")).isEqualTo(Duration.ofMillis(9));
      assertThat(drain.getLong("residentBefore")).isEqualTo(700 << 20);
      assertThat(drain.getLong("residentAfter")).isEqualTo(600 << 20);
      assertThat(drain.getBoolean("terminated")).isTrue();
      assertThat(drain.getBoolean("shared")).isFalse();
    }
  }

  @Test
  void parkedVersion_isRecordedWithTheReason() throws IOException {
    try (Recording recording = started()) {
      listener.happened(new LifecycleEvent.Parked(NOW, ROUTE, ONE, "a call runs on"));

      RecordedEvent parked = stop(recording).get(0);

      assertThat(parked.getEventType().getName()).isEqualTo("mlops.Parked");
      assertThat(parked.getEventType().getCategoryNames()).containsExactly("mlops");
      assertThat(parked.getString("route")).isEqualTo(ROUTE);
      assertThat(parked.getString("version")).isEqualTo("1.0.0");
      assertThat(parked.getString("reason")).isEqualTo("a call runs on");
      assertThat(parked.getStackTrace()).isNull();
    }
  }

  @Test
  void expiredLease_isRecordedWithWhoTookIt() throws IOException {
    Throwable taken = new Throwable("the lease was taken here");
    try (Recording recording = started()) {
      listener.happened(
          new LifecycleEvent.LeaseExpired(NOW, ROUTE, ONE, "worker-1", Optional.of(taken)));
      listener.happened(
          new LifecycleEvent.LeaseExpired(NOW, ROUTE, TWO, "worker-2", Optional.empty()));

      List<RecordedEvent> events = stop(recording);

      assertThat(events)
          .extracting(event -> event.getEventType().getName())
          .containsExactly("mlops.LeaseExpired", "mlops.LeaseExpired");
      RecordedEvent kept = events.get(0);
      assertThat(kept.getString("route")).isEqualTo(ROUTE);
      assertThat(kept.getString("version")).isEqualTo("1.0.0");
      assertThat(kept.getString("thread")).isEqualTo("worker-1");
      assertThat(kept.getString("acquired").lines().findFirst().orElseThrow())
          .contains("JfrListenerTest.expiredLease_isRecordedWithWhoTookIt(");
      assertThat(events.get(1).getString("thread")).isEqualTo("worker-2");
      assertThat(events.get(1).getString("acquired")).isEmpty();
    }
  }

  // ---------------------------------------------------------------- calls

  private CallListener calls() {
    return listener.calls(ROUTE, TWO).orElseThrow();
  }

  private static void answerInMillis(CallListener calls, long... millis) {
    for (long each : millis) {
      calls.answered(TimeUnit.MILLISECONDS.toNanos(each), 3);
    }
  }

  private List<Long> slow(Recording recording) throws IOException {
    return stop(recording).stream().map(event -> time(event, "took").toMillis()).toList();
  }

  @Test
  void prediction_ofMoreThan20Ms_isRecordedUnlessSaidOtherwise() throws IOException {
    try (Recording recording = started()) {
      answerInMillis(calls(), 1, 20, 21, 400);

      List<RecordedEvent> events = stop(recording);

      assertThat(events).hasSize(2);
      RecordedEvent slow = events.get(0);
      assertThat(slow.getEventType().getName()).isEqualTo("mlops.SlowPrediction");
      assertThat(time(slow, "took")).isEqualTo(Duration.ofMillis(21));
      assertThat(slow.getString("route")).isEqualTo(ROUTE);
      assertThat(slow.getString("version")).isEqualTo("2.0.0");
      assertThat(slow.getInt("rows")).isEqualTo(3);
      assertThat(slow.getStackTrace().getFrames())
          .as("who asked")
          .anySatisfy(frame -> assertThat(frame.getMethod().getName()).isEqualTo("answerInMillis"));
    }
  }

  @Test
  void prediction_bySlowerThanOfTheRecording_isRecorded() throws IOException {
    try (Recording recording = started("100 ms")) {
      answerInMillis(calls(), 21, 99, 101);
      assertThat(slow(recording)).containsExactly(101L);
    }
  }

  @Test
  void prediction_underTwoRecordings_isRecordedByTheShorterTime() throws IOException {
    try (Recording other = started("3 s");
        Recording recording = started("100 ms")) {
      answerInMillis(calls(), 99, 101);
      assertThat(slow(recording)).containsExactly(101L);
      other.stop();
    }
  }

  @Test
  void slowerThan_thatIsNoTime_isIgnored() throws IOException {
    try (Recording recording = started("soon")) {
      answerInMillis(calls(), 20, 21);
      assertThat(slow(recording)).containsExactly(21L);
    }
  }

  @Test
  void slowPredictions_areWantedWhileARecordingHasThem() {
    assertThat(listener.slowPredictionsWanted()).isFalse();
    assertThat(listener.calls(ROUTE, ONE)).isEmpty();
    try (Recording recording = started()) {
      assertThat(listener.slowPredictionsWanted()).isTrue();
      assertThat(listener.calls(ROUTE, ONE)).isPresent();
      recording.disable("mlops.SlowPrediction");
      assertThat(listener.slowPredictionsWanted()).isFalse();
      assertThat(listener.calls(ROUTE, ONE)).isEmpty();
    }
    assertThat(listener.slowPredictionsWanted()).isFalse();
  }

  @Test
  void callListener_afterTheRecording_writesNothingAndHarmsNothing() throws IOException {
    Recording before = started();
    CallListener calls = calls();
    before.close();
    answerInMillis(calls, 400);
    calls.close();
    try (Recording recording = started()) {
      assertThat(stop(recording)).isEmpty();
    }
  }
}
