package dev.mlops.runtime.metrics;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.model.MlopsException.Kind;
import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.LifecycleEvent.Cause;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.SwapReport;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.ref.WeakReference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Meters by what the listener is told; the names are held by {@link MetricsPageTest}. */
final class RuntimeMetricsTest {
  private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
  private static final String ROUTE = "storms@champion";
  private static final Version ONE = version("1.0.0", '1');
  private static final Version TWO = version("2.0.0", '2');

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final AtomicLong nanos = new AtomicLong();
  private final RuntimeMetrics metrics =
      new RuntimeMetrics(Tags.empty(), () -> OptionalLong.of(123_456_789), nanos::get);

  private static Version version(String number, char id) {
    return new Version("storms", number, "sha256:" + String.valueOf(id).repeat(64));
  }

  private static Health health(long dropped, Health.Loaded... versions) {
    return new Health(
        true,
        List.of(
            new Health.Route(
                "rain@champion",
                Optional.of(ONE),
                false,
                Optional.empty(),
                List.of(new Health.Loaded(ONE, VersionState.ACTIVE, 5))),
            new Health.Route(ROUTE, Optional.of(ONE), false, Optional.empty(), List.of(versions))),
        dropped);
  }

  private CallListener calls(Version version) {
    return metrics.calls(ROUTE, version).orElseThrow();
  }

  private static LifecycleEvent swapped(Cause cause) {
    return new LifecycleEvent.Swapped(
        NOW,
        ROUTE,
        cause,
        new SwapReport(ROUTE, Optional.of(ONE), TWO, "tabular", List.of(), Map.of()));
  }

  private static double count(MeterRegistry registry, String name, String... tags) {
    return registry.get(name).tags(tags).functionCounter().count();
  }

  private Timer timer(String name, Version version) {
    return registry.get(name).tag("version", version.number()).timer();
  }

  private Set<String> namesOf(Version version) {
    return registry.getMeters().stream()
        .filter(meter -> version.number().equals(meter.getId().getTag("version")))
        .map(meter -> meter.getId().getName())
        .collect(toCollection(TreeSet::new));
  }

  // ---------------------------------------------------------------- what is counted

  @Test
  void calls_areCountedForTheirVersion() {
    metrics.bindTo(registry);
    CallListener one = calls(ONE);
    CallListener two = calls(TWO);
    one.answered(TimeUnit.MILLISECONDS.toNanos(2), 64);
    one.answered(TimeUnit.MILLISECONDS.toNanos(4), 1);
    two.answered(TimeUnit.MILLISECONDS.toNanos(8), 1);
    one.waited(TimeUnit.MILLISECONDS.toNanos(3));
    one.unobserved();

    assertThat(count(registry, "mlops.predictions", "version", "1.0.0")).isEqualTo(65);
    assertThat(count(registry, "mlops.predictions", "version", "2.0.0")).isEqualTo(1);
    assertThat(timer("mlops.calls", ONE).count()).isEqualTo(2);
    assertThat(timer("mlops.calls", ONE).totalTime(TimeUnit.MILLISECONDS)).isEqualTo(6);
    assertThat(timer("mlops.calls", TWO).totalTime(TimeUnit.MILLISECONDS)).isEqualTo(8);
    assertThat(timer("mlops.slot.waits", ONE).totalTime(TimeUnit.MILLISECONDS)).isEqualTo(3);
    assertThat(timer("mlops.slot.waits", TWO).count()).isZero();
    assertThat(count(registry, "mlops.observations.lost", "version", "1.0.0")).isEqualTo(1);
    assertThat(timer("mlops.calls", ONE).getId().getTags())
        .isEqualTo(
            Tags.of("model", "storms", "route", ROUTE, "version", "1.0.0").stream().toList());
  }

  @Test
  void failures_areCountedByKindAndCode() {
    metrics.bindTo(registry);
    CallListener calls = calls(ONE);
    calls.failed(Kind.RETRY, "overloaded");
    calls.failed(Kind.RETRY, "overloaded");
    calls.failed(Kind.INPUT, "invalid-input");
    calls.failed(Kind.RETRY, "other");
    calls.failed(Kind.FAULT, "other");

    assertThat(count(registry, "mlops.errors", "kind", "retry", "code", "overloaded")).isEqualTo(2);
    assertThat(count(registry, "mlops.errors", "kind", "input", "code", "invalid-input"))
        .isEqualTo(1);
    assertThat(count(registry, "mlops.errors", "kind", "retry", "code", "other")).isEqualTo(1);
    assertThat(count(registry, "mlops.errors", "kind", "fault", "code", "other")).isEqualTo(1);
  }

  @Test
  void swaps_areCountedByCause_andEveryCauseIsThereFromTheBeginning() {
    metrics.bindTo(registry);
    metrics.happened(swapped(Cause.START));
    for (String cause : List.of("alias", "override", "rollback", "cleared")) {
      assertThat(count(registry, "mlops.swaps", "route", ROUTE, "cause", cause)).isZero();
    }
    metrics.happened(swapped(Cause.ROLLBACK));
    metrics.happened(swapped(Cause.ROLLBACK));
    assertThat(count(registry, "mlops.swaps", "route", ROUTE, "cause", "start")).isEqualTo(1);
    assertThat(count(registry, "mlops.swaps", "route", ROUTE, "cause", "rollback")).isEqualTo(2);
  }

  @Test
  void refusalsFailuresAndExpiredLeases_areCounted() {
    metrics.bindTo(registry);
    metrics.happened(swapped(Cause.START));
    metrics.happened(new LifecycleEvent.Refused(NOW, ROUTE, TWO, List.of()));
    metrics.happened(failed("store-unavailable"));
    metrics.happened(failed("store-unavailable"));
    metrics.happened(failed("package-corrupt"));
    metrics.happened(new LifecycleEvent.LeaseExpired(NOW, ROUTE, ONE, "main", Optional.empty()));

    assertThat(count(registry, "mlops.swap.refusals")).isEqualTo(1);
    assertThat(count(registry, "mlops.swap.failures", "code", "store-unavailable")).isEqualTo(2);
    assertThat(count(registry, "mlops.swap.failures", "code", "package-corrupt")).isEqualTo(1);
    assertThat(count(registry, "mlops.leases.expired", "model", "storms")).isEqualTo(1);
  }

  private static LifecycleEvent failed(String code) {
    return new LifecycleEvent.Failed(NOW, ROUTE, Optional.empty(), code, "no answer");
  }

  @Test
  void versions_areCountedByStateAsHealthSees() {
    metrics.bindTo(registry);
    metrics.started(
        () ->
            health(
                7,
                new Health.Loaded(ONE, VersionState.ACTIVE, 12),
                new Health.Loaded(TWO, VersionState.BANNED, 0),
                new Health.Loaded(version("3.0.0", '3'), VersionState.BANNED, 0)));
    calls(ONE);
    assertThat(gauge("mlops.versions", "active")).isEqualTo(1);
    assertThat(gauge("mlops.versions", "banned")).isEqualTo(2);
    assertThat(gauge("mlops.versions", "parked")).isZero();
    assertThat(count(registry, "mlops.events.dropped")).isEqualTo(7);
    assertThat(registry.get("mlops.memory.resident").gauge().value()).isEqualTo(123_456_789);
  }

  @Test
  void gauges_ofManyRoutes_askTheRuntimeOnceASecond() {
    AtomicInteger asked = new AtomicInteger();
    metrics.bindTo(registry);
    metrics.started(
        () -> health(asked.incrementAndGet(), new Health.Loaded(ONE, VersionState.ACTIVE, 12)));
    for (String route : List.of(ROUTE, "rain@champion")) {
      assertThat(metrics.calls(route, ONE)).isPresent();
    }
    scrape();
    assertThat(asked).hasValue(1);
    nanos.addAndGet(999_999_999);
    scrape();
    assertThat(asked).hasValue(1);
    nanos.addAndGet(1);
    scrape();
    assertThat(asked).hasValue(2);
    assertThat(count(registry, "mlops.events.dropped")).isEqualTo(2);
    metrics.happened(new LifecycleEvent.Refused(NOW, ROUTE, TWO, List.of()));
    int before = asked.get();
    scrape();
    assertThat(asked).as("after an event").hasValue(before + 1);
  }

  private void scrape() {
    registry.getMeters().forEach(meter -> meter.measure().forEach(Measurement::getValue));
  }

  private double gauge(String name, String state) {
    return registry.get(name).tags("route", ROUTE, "state", state).gauge().value();
  }

  @Test
  void memory_whereTheOperatingSystemDoesNotSay_isNotANumber() {
    RuntimeMetrics blind = new RuntimeMetrics(Tags.empty(), OptionalLong::empty, nanos::get);
    blind.bindTo(registry);
    blind.started(() -> health(0));
    assertThat(registry.get("mlops.memory.resident").gauge().value()).isNaN();
  }

  @Test
  void registry_boundLate_knowsTheCountsOfBefore_andTimesFromThenOn() {
    metrics.started(() -> health(3));
    CallListener calls = calls(ONE);
    calls.answered(5, 1);
    calls.failed(Kind.RETRY, "overloaded");
    metrics.happened(swapped(Cause.START));

    metrics.bindTo(registry);
    calls.answered(5, 1);

    assertThat(count(registry, "mlops.predictions")).isEqualTo(2);
    assertThat(count(registry, "mlops.errors")).isEqualTo(1);
    assertThat(count(registry, "mlops.swaps", "cause", "start")).isEqualTo(1);
    assertThat(count(registry, "mlops.events.dropped")).isEqualTo(3);
    assertThat(timer("mlops.calls", ONE).count()).isEqualTo(1);
  }

  @Test
  void registries_eachCountEverything() {
    SimpleMeterRegistry other = new SimpleMeterRegistry();
    metrics.bindTo(registry);
    CallListener calls = calls(ONE);
    metrics.bindTo(other);
    calls.answered(7, 2);
    calls.failed(Kind.FAULT, "model-failed");

    for (MeterRegistry each : List.of(registry, other)) {
      assertThat(count(each, "mlops.predictions")).isEqualTo(2);
      assertThat(count(each, "mlops.errors")).isEqualTo(1);
      assertThat(each.get("mlops.calls").timer().totalTime(TimeUnit.NANOSECONDS)).isEqualTo(7);
    }
  }

  @Test
  void registry_boundTwice_countsOnce() {
    metrics.bindTo(registry);
    metrics.started(() -> health(0));
    CallListener calls = calls(ONE);
    metrics.bindTo(registry);
    calls.answered(7, 2);
    calls.waited(9);

    assertThat(count(registry, "mlops.predictions")).isEqualTo(2);
    assertThat(timer("mlops.calls", ONE).count()).isEqualTo(1);
    assertThat(timer("mlops.slot.waits", ONE).count()).isEqualTo(1);
  }

  @Test
  void counters_areHeldByTheMetrics() {
    metrics.bindTo(registry);
    calls(ONE).answered(7, 2);
    metrics.started(() -> health(4));
    WeakReference<Object> witness = new WeakReference<>(new Object());
    for (int i = 0; i < 50 && witness.get() != null; i++) {
      System.gc();
    }
    assertThat(witness.get()).as("something was collected").isNull();

    assertThat(count(registry, "mlops.predictions")).isEqualTo(2);
    assertThat(count(registry, "mlops.events.dropped")).isEqualTo(4);
    assertThat(gauge("mlops.versions", "active")).isZero();
    assertThat(registry.get("mlops.memory.resident").gauge().value()).isEqualTo(123_456_789);
  }

  // ---------------------------------------------------------------- routes that never began

  private static LifecycleEvent failed(String route, String code) {
    return new LifecycleEvent.Failed(NOW, route, Optional.empty(), code, "no answer");
  }

  private void scrapeLater() {
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    scrape();
  }

  @Test
  void route_thatFailedAndIsGone_leavesNoMeters() {
    metrics.bindTo(registry);
    metrics.started(() -> health(0));
    int before = registry.getMeters().size();
    for (int i = 0; i < 1_000; i++) {
      metrics.happened(failed("m:nope" + i, "model-not-found"));
    }
    assertThat(registry.getMeters()).hasSize(before);
    scrapeLater();
    metrics.bindTo(new SimpleMeterRegistry());
    assertThat(registry.getMeters()).hasSize(before);
  }

  @Test
  void route_thatFailedAndWasSeenBeforeItWasGone_leavesNoMeters() {
    List<Health.Route> routes = new ArrayList<>(health(0).routes());
    metrics.bindTo(registry);
    metrics.started(() -> new Health(true, routes, 0));
    int before = registry.getMeters().size();
    routes.add(
        new Health.Route("m:nope", Optional.empty(), false, Optional.of("no answer"), List.of()));
    metrics.happened(failed("m:nope", "model-not-found"));
    scrapeLater();
    routes.remove(routes.size() - 1);
    scrapeLater();
    assertThat(registry.getMeters()).hasSize(before);
  }

  @Test
  void route_thatBeganWithoutAVersion_hasItsMetersAndWhatFailedBefore() {
    metrics.bindTo(registry);
    metrics.started(() -> health(0));
    metrics.happened(failed(ROUTE, "store-unavailable"));
    scrapeLater();
    metrics.happened(failed(ROUTE, "store-unavailable"));
    assertThat(count(registry, "mlops.swap.failures", "route", ROUTE)).isEqualTo(2);
    assertThat(gauge("mlops.versions", "active")).isZero();

    metrics.happened(swapped(Cause.START));
    assertThat(count(registry, "mlops.swaps", "route", ROUTE, "cause", "start")).isEqualTo(1);
  }

  @Test
  void route_thatFailsAndLaterServes_hasCountedItsFailures() {
    metrics.bindTo(registry);
    metrics.started(() -> health(0));
    metrics.happened(failed(ROUTE, "store-unavailable"));
    assertThat(calls(ONE)).isNotNull();
    metrics.happened(swapped(Cause.START));
    assertThat(count(registry, "mlops.swap.failures", "route", ROUTE)).isEqualTo(1);
  }

  @Test
  void scrape_whileAnotherThreadRegisters_doesNotWaitForIt() throws Exception {
    CountDownLatch registering = new CountDownLatch(1);
    CountDownLatch scraped = new CountDownLatch(1);
    metrics.bindTo(registry);
    metrics.started(() -> health(0));
    metrics.happened(failed("m:nope", "model-not-found"));
    SimpleMeterRegistry slow = new SimpleMeterRegistry();
    slow.config()
        .onMeterAdded(
            meter -> {
              registering.countDown();
              try {
                assertThat(scraped.await(20, TimeUnit.SECONDS)).isTrue();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    Thread binder = new Thread(() -> metrics.bindTo(slow));
    binder.start();
    registering.await();
    scrapeLater();
    scraped.countDown();
    binder.join();
    assertThat(slow.getMeters()).hasSameSizeAs(registry.getMeters());
  }

  // ---------------------------------------------------------------- what goes

  @Test
  void version_closed_takesItsMetersAlong_andNoOthers() {
    metrics.bindTo(registry);
    CallListener one = calls(ONE);
    calls(TWO).answered(5, 1);
    one.failed(Kind.RETRY, "overloaded");
    assertThat(namesOf(ONE))
        .containsExactly(
            "mlops.calls",
            "mlops.errors",
            "mlops.observations.lost",
            "mlops.predictions",
            "mlops.slot.waits");

    one.close();

    assertThat(namesOf(ONE)).isEmpty();
    assertThat(count(registry, "mlops.predictions", "version", "2.0.0")).isEqualTo(1);
    assertThat(registry.find("mlops.swaps").functionCounters()).hasSize(Cause.values().length);
  }

  @Test
  void version_closed_isNotThereForALateRegistry() {
    CallListener one = calls(ONE);
    one.close();
    metrics.bindTo(registry);
    one.failed(Kind.RETRY, "overloaded");
    assertThat(namesOf(ONE)).isEmpty();
  }

  @Test
  void version_servingAgain_countsFromZero() {
    metrics.bindTo(registry);
    CallListener before = calls(ONE);
    before.answered(5, 3);
    before.close();
    CallListener again = calls(ONE);
    assertThat(count(registry, "mlops.predictions")).isZero();
    again.answered(5, 1);
    assertThat(count(registry, "mlops.predictions")).isEqualTo(1);
    assertThat(timer("mlops.calls", ONE).count()).isEqualTo(1);
  }

  @Test
  void version_loadedAnewWhileItStillEnds_keepsItsMeters() {
    metrics.bindTo(registry);
    CallListener old = calls(ONE);
    CallListener anew = calls(ONE);
    old.answered(5, 1);
    old.close();
    anew.answered(5, 1);
    assertThat(count(registry, "mlops.predictions")).isEqualTo(2);
    anew.close();
    assertThat(namesOf(ONE)).isEmpty();
  }

  @Test
  void runtime_closed_leavesNothingInAnyRegistry_andNothingComesBack() {
    SimpleMeterRegistry other = new SimpleMeterRegistry();
    other.counter("of.the.application").increment();
    metrics.bindTo(registry);
    metrics.bindTo(other);
    MetricsPageTest.everything(metrics);
    CallListener parked = calls(TWO);

    metrics.closed();
    parked.answered(5, 1);
    parked.failed(Kind.RETRY, "overloaded");
    parked.close();
    calls(TWO).answered(5, 1);

    assertThat(registry.getMeters()).isEmpty();
    assertThat(other.getMeters()).hasSize(1);
  }

  @Test
  void runtime_ofMetricsThatHadAnotherOneBefore_isCounted() {
    metrics.bindTo(registry);
    metrics.started(() -> health(4));
    metrics.closed();
    metrics.bindTo(registry);
    metrics.started(() -> health(5));
    assertThat(count(registry, "mlops.events.dropped")).isEqualTo(5);
  }

  @Test
  void started_forASecondRuntime_isRefused() {
    metrics.started(() -> health(0));
    assertThatThrownBy(() -> metrics.started(() -> health(0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "these metrics count another runtime already; give each runtime RuntimeMetrics of its"
                + " own, with a tag that tells them apart");
  }

  // ---------------------------------------------------------------- threads

  @Test
  void failure_metFirstByManyThreads_isCountedOnceEach() throws InterruptedException {
    metrics.bindTo(registry);
    for (int round = 0; round < 200; round++) {
      CallListener calls = calls(ONE);
      CountDownLatch go = new CountDownLatch(1);
      Thread[] threads = new Thread[4];
      for (int i = 0; i < threads.length; i++) {
        threads[i] =
            new Thread(
                () -> {
                  try {
                    go.await();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                  calls.failed(Kind.RETRY, "overloaded");
                });
        threads[i].start();
      }
      go.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(registry.find("mlops.errors").functionCounters())
          .singleElement()
          .extracting(FunctionCounter::count)
          .isEqualTo(4.0);
      calls.close();
    }
  }
}
