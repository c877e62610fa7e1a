package dev.mlops.drift;

import static dev.mlops.drift.TestVersion.ROUTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.Recorder;
import dev.mlops.inference.Traffic;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Windows, and what is kept of them; the monitor's looks are called by hand. */
@Timeout(60)
class DriftMonitorTest {
  private static final Instant NOON = Instant.parse("2026-03-29T12:00:00Z");

  @TempDir Path folder;
  private Instant now = NOON;
  private final List<DriftReport> told = new ArrayList<>();

  private DriftMonitor.Builder monitor() {
    return DriftMonitor.builder().delta(0.2).clock(() -> now).onReport(told::add);
  }

  private static VersionObserver open(DriftMonitor monitor, TestVersion version, int slots) {
    return monitor.open(ROUTE, version, slots).orElseThrow();
  }

  private static void look(DriftMonitor monitor) {
    monitor.look(false);
    monitor.tellAll();
  }

  @Test
  void windowByRows_atLeastSoMany_endsAtTheNextLook() {
    DriftMonitor monitor = monitor().window(Window.rows(1_000)).unstarted();
    TestVersion version = TestVersion.of("1", folder);
    VersionObserver observer = open(monitor, version, 1);

    observer.observed(TestRows.of(999));
    look(monitor);
    assertThat(told).isEmpty();

    observer.observed(TestRows.of(3));
    now = NOON.plusSeconds(60);
    look(monitor);
    DriftReport report = told.get(0);
    assertThat(report.rows()).isEqualTo(1_002);
    assertThat(report.complete()).isTrue();
    assertThat(report.from()).isEqualTo(NOON);
    assertThat(report.to()).isEqualTo(now);
    assertThat(report.route()).isEqualTo(ROUTE);
    assertThat(report.version()).isEqualTo(version.version());
    assertThat(report.baseline()).hasValueSatisfying(id -> assertThat(id).startsWith("sha256:"));
    assertThat(report.verdicts())
        .extracting(Verdict::column)
        .containsExactly("price", "size", "weight", "kind");
    assertThat(report.verdict("size").level()).isEqualTo(Verdict.Level.STABLE);
    assertThat(report.verdict("kind").level()).isEqualTo(Verdict.Level.STABLE);
    assertThat(report.verdict("kind").rows()).isEqualTo(1_002);
    assertThat(report.verdict("kind").baselineRows()).isEqualTo(1_000);
    assertThat(report.verdict("price").reason()).contains("holds no scores").contains("handle");

    observer.observed(TestRows.of(10)); // the next window begins empty
    assertThat(monitor.report(ROUTE, version.version()).rows()).isEqualTo(10);
    assertThat(monitor.history(ROUTE, version.version())).containsExactly(report);
  }

  @Test
  void windowByTime_endsAtTheWholeHour_andTheFirstIsPartial() {
    DriftMonitor monitor = monitor().window(Window.every(Duration.ofHours(1))).unstarted();
    now = NOON.plusSeconds(600);
    VersionObserver observer = open(monitor, TestVersion.of("1", folder), 1);
    observer.observed(TestRows.of(7));
    look(monitor);
    assertThat(told).isEmpty();

    now = NOON.plusSeconds(3_601);
    look(monitor);
    assertThat(told).hasSize(1);
    assertThat(told.get(0).rows()).isEqualTo(7);
    assertThat(told.get(0).complete()).isFalse();
    assertThat(told.get(0).to()).isEqualTo(NOON.plusSeconds(3_600));

    observer.observed(TestRows.of(8));
    now = NOON.plusSeconds(7_200);
    look(monitor); // no prediction is needed for the window to end
    assertThat(told).hasSize(2);
    assertThat(told.get(1).rows()).isEqualTo(8);
    assertThat(told.get(1).complete()).isTrue();
    assertThat(told.get(1).from()).isEqualTo(NOON.plusSeconds(3_600));

    now = NOON.plus(Duration.ofHours(9)); // hours without a prediction say nothing
    look(monitor);
    assertThat(told).hasSize(2);
    observer.observed(TestRows.of(1));
    now = NOON.plus(Duration.ofHours(10));
    look(monitor);
    assertThat(told.get(2).from()).isEqualTo(NOON.plus(Duration.ofHours(9)));
    assertThat(told.get(2).complete()).isTrue();
  }

  @Test
  void look_thatComesHoursLate_saysSoInTheWindowItEnds() {
    DriftMonitor monitor = monitor().window(Window.every(Duration.ofHours(1))).unstarted();
    VersionObserver observer = open(monitor, TestVersion.of("1", folder), 1);
    observer.observed(TestRows.of(7));
    now = NOON.plus(Duration.ofMinutes(200));
    look(monitor);
    assertThat(told).hasSize(1);
    assertThat(told.get(0).complete()).isFalse();
    assertThat(told.get(0).from()).isEqualTo(NOON);
    assertThat(told.get(0).to()).isEqualTo(NOON.plus(Duration.ofHours(3)));
    observer.observed(TestRows.of(1));
    now = NOON.plus(Duration.ofHours(4));
    look(monitor);
    assertThat(told.get(1).complete()).isTrue();
    assertThat(told.get(1).from()).isEqualTo(NOON.plus(Duration.ofHours(3)));
  }

  @Test
  void clock_thatWasAhead_endsWindowsAgainOnceItIsPutRight() {
    DriftMonitor monitor = monitor().window(Window.every(Duration.ofHours(1))).unstarted();
    VersionObserver observer = open(monitor, TestVersion.of("1", folder), 1);
    now = NOON.plus(Duration.ofDays(400));
    look(monitor);
    now = NOON.plusSeconds(10);
    observer.observed(TestRows.of(3));
    look(monitor);
    now = NOON.plusSeconds(3_600);
    look(monitor);
    assertThat(told).hasSize(1);
    assertThat(told.get(0).rows()).isEqualTo(3);
    assertThat(told.get(0).complete()).isFalse();
  }

  @Test
  void predictions_thatAllCannotBeRead_areToldAtTheEndOfTheWindow() {
    DriftMonitor monitor = monitor().window(Window.rows(100)).unstarted();
    VersionObserver observer = open(monitor, TestVersion.of("1", folder), 1);
    for (int i = 0; i < 100; i++) {
      observer.observed(broken());
    }
    look(monitor);
    assertThat(told).hasSize(1);
    assertThat(told.get(0).rows()).isZero();
    assertThat(told.get(0).toJson()).contains("\"lost\" : 100,");
  }

  @Test
  void slots_askAfterTheirShareOfAWindow() {
    AtomicInteger asked = new AtomicInteger();
    WatchedVersion version =
        new WatchedVersion(
            ROUTE, TestVersion.of("1", folder), Window.rows(400), new Rule(0.01, 0.05), NOON);
    Recorder recorder = version.record(4, asked::incrementAndGet, NOON);
    recorder.record(TestRows.of(99));
    assertThat(asked).hasValue(0);
    recorder.record(TestRows.of(1));
    assertThat(asked).hasValue(1);
  }

  @Test
  void look_byTime_saysHowLongToWait() {
    DriftMonitor monitor = monitor().window(Window.every(Duration.ofHours(1))).unstarted();
    assertThat(monitor.look(false)).isEqualTo(Long.MAX_VALUE);
    open(monitor, TestVersion.without("1"), 1);
    assertThat(monitor.look(false)).isEqualTo(Duration.ofSeconds(1).toNanos());
    now = NOON.plus(Duration.ofHours(1)).minusMillis(5);
    assertThat(monitor.look(false)).isEqualTo(Duration.ofMillis(5).toNanos());
  }

  @Test
  void clock_setBack_losesNothingAndNoWindowEndsBeforeItBegan() {
    DriftMonitor monitor = monitor().window(Window.rows(10)).unstarted();
    VersionObserver observer = open(monitor, TestVersion.of("1", folder), 1);
    observer.observed(TestRows.of(10));
    now = NOON.minusSeconds(3_600);
    look(monitor);
    assertThat(told.get(0).rows()).isEqualTo(10);
    assertThat(told.get(0).to()).isEqualTo(told.get(0).from());
  }

  @Test
  void rotate_inMidWindow_endsItAndTellsTheListener() {
    DriftMonitor monitor = monitor().unstarted();
    TestVersion version = TestVersion.of("1", folder);
    VersionObserver observer = open(monitor, version, 2);
    observer.observed(new TestRows(1, 0, 20, Traffic.LIVE));

    DriftReport looked = monitor.report(ROUTE, version.version());
    assertThat(looked.complete()).isFalse();
    DriftReport report = monitor.rotate(ROUTE, version.version());
    assertThat(report.rows()).isEqualTo(20);
    assertThat(report.complete()).isTrue();
    assertThat(told).isEmpty(); // the listener is another thread's to call
    look(monitor);
    assertThat(told).containsExactly(report);
    assertThat(monitor.rotate(ROUTE, version.version()).rows()).isZero();
  }

  @Test
  void version_withoutBaseline_countsRowsAndSaysWhatIsMissing() {
    DriftMonitor monitor = monitor().unstarted();
    TestVersion version = TestVersion.without("1");
    open(monitor, version, 1).observed(TestRows.of(12));
    DriftReport report = monitor.rotate(ROUTE, version.version());
    assertThat(report.rows()).isEqualTo(12);
    assertThat(report.baseline()).isEmpty();
    assertThat(report.level()).isEqualTo(Verdict.Level.INSUFFICIENT);
    assertThat(report.verdicts())
        .hasSize(4)
        .allSatisfy(
            verdict -> {
              assertThat(verdict.level()).isEqualTo(Verdict.Level.INSUFFICIENT);
              assertThat(verdict.effect()).isNaN();
              assertThat(verdict.reason())
                  .isEqualTo(
                      "this version has no baseline; publish it with"
                          + " part(Baseline.fromCsv(csv, schema))");
            });
  }

  @Test
  void version_withABrokenBaseline_servesAndSaysWhy() {
    DriftMonitor monitor = monitor().unstarted();
    TestVersion version = TestVersion.of("1", "{\"form\":");
    open(monitor, version, 1).observed(TestRows.of(3));
    DriftReport report = monitor.rotate(ROUTE, version.version());
    assertThat(report.rows()).isEqualTo(3);
    assertThat(report.verdict("size").reason()).startsWith("the version's baseline cannot be read");
  }

  @Test
  void shadowTraffic_isLeftOut() {
    DriftMonitor monitor = monitor().unstarted();
    TestVersion version = TestVersion.of("1", folder);
    VersionObserver observer = open(monitor, version, 1);
    observer.observed(new TestRows(0, 0, 5, Traffic.SHADOW));
    observer.observed(new TestRows(0, 0, 2, Traffic.CANARY));
    assertThat(monitor.report(ROUTE, version.version()).rows()).isEqualTo(2);
  }

  private static Observation broken() {
    return (Observation)
        Proxy.newProxyInstance(
            Observation.class.getClassLoader(),
            new Class<?>[] {Observation.class},
            (proxy, method, values) -> {
              throw new IllegalStateException("a codec of odd shapes");
            });
  }

  @Test
  void predictionThatCannotBeRead_isToldAsLostAndThrowsNothing() {
    DriftMonitor monitor = monitor().unstarted();
    TestVersion version = TestVersion.of("1", folder);
    VersionObserver observer = open(monitor, version, 1);
    observer.observed(broken());
    observer.observed(TestRows.of(2));
    DriftReport report = monitor.rotate(ROUTE, version.version());
    assertThat(report.rows()).isEqualTo(2);
    assertThat(report.toJson()).contains("\"lost\" : 1,");
    Path page = folder.resolve("drift.html");
    report.writeHtml(page);
    assertThat(page).content().contains("prediction whose values could not be read");
  }

  @Test
  void observerClosed_itsWindowEndsAsFarAsItCame() {
    DriftMonitor monitor = monitor().unstarted();
    TestVersion version = TestVersion.of("1", folder);
    VersionObserver first = open(monitor, version, 1);
    VersionObserver second = open(monitor, version, 1);
    first.observed(TestRows.of(4));
    second.observed(TestRows.of(5));
    first.close();
    first.observed(TestRows.of(100)); // counts no more
    look(monitor);
    assertThat(told).isEmpty(); // another copy goes on
    second.close();
    look(monitor);
    assertThat(told).hasSize(1);
    assertThat(told.get(0).rows()).isEqualTo(9);
    assertThat(told.get(0).complete()).isFalse();

    now = NOON.plusSeconds(99);
    open(monitor, version, 1).observed(TestRows.of(1)); // served again: its reports are still there
    assertThat(monitor.rotate(ROUTE, version.version()).from()).isEqualTo(now);
    assertThat(monitor.history(ROUTE, version.version())).hasSize(2);
  }

  @Test
  void reports_ofOneVersionAndOfClosedOnes_areBounded() {
    DriftMonitor monitor = monitor().unstarted();
    TestVersion version = TestVersion.without("a");
    VersionObserver champion = open(monitor, version, 1);
    champion.observed(TestRows.of(1));
    for (int i = 0; i < 105; i++) {
      now = NOON.plusSeconds(i);
      monitor.rotate(ROUTE, version.version());
    }
    List<DriftReport> kept = monitor.history(ROUTE, version.version());
    assertThat(kept).hasSize(100);
    assertThat(kept.get(99).to()).isEqualTo(now);

    for (String number : List.of("b", "c", "d", "e", "f", "1", "2", "3", "4", "5", "6", "7", "8")) {
      open(monitor, TestVersion.without(number), 1).close();
      look(monitor);
    }
    assertThat(monitor.history(ROUTE, version.version())).hasSize(100); // it is still open
    assertThatThrownBy(() -> monitor.history(ROUTE, TestVersion.without("b").version()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(TestVersion.without("b").version().toString())
        .hasMessageContaining("is not watched on " + ROUTE);
    assertThat(monitor.history(ROUTE, TestVersion.without("8").version())).isEmpty();

    champion.close(); // the last one closed, though the first one opened
    look(monitor);
    open(monitor, TestVersion.without("9"), 1);
    assertThat(monitor.history(ROUTE, version.version())).hasSize(100);
  }

  @Test
  void build_wrongSettings_tellsAll() {
    assertThatThrownBy(() -> DriftMonitor.builder().alpha(0).delta(1).build())
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "2 problems: alpha is 0.0; wanted a chance above 0 and at most 0.5, such as 0.01;"
                + " delta is 1.0; wanted a share between 0 and 1, such as 0.05");
    assertThatThrownBy(() -> Window.rows(0))
        .hasMessage("a window of 0 rows; wanted from 1 to 2^40, such as 2_000");
    assertThatThrownBy(() -> Window.every(Duration.ofMillis(10)))
        .hasMessage("a window of PT0.01S; wanted from a second to 366 days, such as PT1H");
  }
}
