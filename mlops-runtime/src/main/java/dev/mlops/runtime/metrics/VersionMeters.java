package dev.mlops.runtime.metrics;

import dev.mlops.model.MlopsException;
import dev.mlops.observe.CallListener;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/** What is counted of the calls of a version on a route. */
final class VersionMeters implements CallListener {
  /** What tells the series of failed calls apart. */
  private record Failure(MlopsException.Kind kind, String code) {}

  final MeterGroup group;
  private final Consumer<VersionMeters> whenClosed;
  private final LongAdder rows;
  private final HeldTimer calls;
  private final HeldTimer waits;
  private final LongAdder lost;
  private final Map<Failure, LongAdder> errors = new ConcurrentHashMap<>();

  /** How often the version serves on the route; guarded by the metrics it belongs to. */
  int users;

  VersionMeters(MeterGroup group, Consumer<VersionMeters> whenClosed) {
    this.group = group;
    this.whenClosed = whenClosed;
    rows = group.counter("mlops.predictions", "rows", "Rows answered.");
    calls = group.timer("mlops.calls", "Calls answered, from the beginning to the answer.");
    waits = group.timer("mlops.slot.waits", "Waits of calls that found no slot free.");
    lost =
        group.counter(
            "mlops.observations.lost",
            "observations",
            "Observations lost to an observer that threw.");
  }

  @Override
  public void answered(long nanos, int count) {
    rows.add(count);
    calls.record(nanos);
  }

  @Override
  public void failed(MlopsException.Kind kind, String code) {
    errors.computeIfAbsent(new Failure(kind, code), this::errors).increment();
  }

  private LongAdder errors(Failure failure) {
    return group.counter(
        "mlops.errors",
        "errors",
        "Calls that failed.",
        "kind",
        RouteMeters.tag(failure.kind),
        "code",
        failure.code);
  }

  @Override
  public void waited(long nanos) {
    waits.record(nanos);
  }

  @Override
  public void unobserved() {
    lost.increment();
  }

  @Override
  public void close() {
    whenClosed.accept(this);
  }
}
