package dev.mlops.benchmarks;

import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.runtime.metrics.RuntimeMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What it costs to time a call that does nothing and to count its rows: as the runtime does it, and
 * as others do. All write to one registry, which the threads share.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class MetricsBenchmark {
  private static final String ROUTE = "storms@champion";
  private static final Version VERSION = new Version("storms", "1.0.0", "sha256:" + "0".repeat(64));

  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final CallListener listener;
  private final Timer timer;
  private final ObservationRegistry observations = ObservationRegistry.create();

  /** Binds everything to the one registry. */
  public MetricsBenchmark() {
    RuntimeMetrics metrics = new RuntimeMetrics();
    metrics.bindTo(registry);
    listener = metrics.calls(ROUTE, VERSION).orElseThrow();
    timer = Timer.builder("held").tag("route", ROUTE).register(registry);
    observations
        .observationConfig()
        .observationHandler(new DefaultMeterObservationHandler(registry));
  }

  /** The floor: the clock, twice. */
  @Benchmark
  public long clock() {
    long began = System.nanoTime();
    return System.nanoTime() - began;
  }

  /** The clock and a timer at hand, and no rows. */
  @Benchmark
  public void heldTimer() {
    long began = System.nanoTime();
    timer.record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
  }

  /** What a runtime with {@link RuntimeMetrics} does for each call. */
  @Benchmark
  public void metrics() {
    long began = System.nanoTime();
    listener.answered(System.nanoTime() - began, 1);
  }

  /** The same, with each meter asked for by its name and tags. */
  @Benchmark
  public void lookUp() {
    long began = System.nanoTime();
    long took = System.nanoTime() - began;
    registry
        .counter("lookedUp.rows", "route", ROUTE, "model", "storms", "version", "1.0.0")
        .increment();
    registry
        .timer("lookedUp", "route", ROUTE, "model", "storms", "version", "1.0.0")
        .record(took, TimeUnit.NANOSECONDS);
  }

  /** A timer alone, asked for by its name and tags. */
  @Benchmark
  public void lookUpTimer() {
    long began = System.nanoTime();
    registry
        .timer("lookedUp", "route", ROUTE, "model", "storms", "version", "1.0.0")
        .record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
  }

  /** An observation, which is a timer and an active task at once, and no rows. */
  @Benchmark
  public void observation() {
    Observation.createNotStarted("observed", observations)
        .lowCardinalityKeyValue("route", ROUTE)
        .lowCardinalityKeyValue("model", "storms")
        .lowCardinalityKeyValue("version", "1.0.0")
        .observe(() -> {});
  }
}
