package dev.mlops.runtime.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Meters that come and go together, in every registry that is bound to. Counts are kept here and
 * read by the registries, so one that is bound late misses none. Registries hold what is counted
 * weakly; this holds it for them.
 */
final class MeterGroup {
  private final Tags tags;
  private final List<Function<MeterRegistry, Meter>> meters = new ArrayList<>();
  private final IdentityHashMap<MeterRegistry, List<Meter>> registered = new IdentityHashMap<>();

  MeterGroup(Tags tags) {
    this.tags = tags;
  }

  LongAdder counter(String name, String unit, String description, String... more) {
    LongAdder count = new LongAdder();
    counter(name, unit, description, count, LongAdder::sum, more);
    return count;
  }

  <T> void counter(
      String name,
      String unit,
      String description,
      T counted,
      ToDoubleFunction<T> count,
      String... more) {
    add(
        registry ->
            FunctionCounter.builder(name, counted, count)
                .baseUnit(unit)
                .description(description)
                .tags(tags.and(more))
                .register(registry));
  }

  HeldTimer timer(String name, String description) {
    HeldTimer held = new HeldTimer();
    add(
        registry -> {
          Timer timer = Timer.builder(name).description(description).tags(tags).register(registry);
          held.add(timer);
          return timer;
        });
    return held;
  }

  void gauge(String name, String unit, String description, Supplier<Number> value, String... more) {
    add(
        registry ->
            Gauge.builder(name, value)
                .baseUnit(unit)
                .description(description)
                .tags(tags.and(more))
                .register(registry));
  }

  private synchronized void add(Function<MeterRegistry, Meter> meter) {
    meters.add(meter);
    registered.forEach((registry, into) -> into.add(meter.apply(registry)));
  }

  /** Registers all that is there and all that comes; once, however often asked. */
  synchronized void bindTo(MeterRegistry registry) {
    if (!registered.containsKey(registry)) {
      List<Meter> into = new ArrayList<>();
      registered.put(registry, into);
      meters.forEach(meter -> into.add(meter.apply(registry)));
    }
  }

  /** Takes all of it out of every registry. */
  synchronized void remove() {
    registered.forEach((registry, from) -> from.forEach(registry::remove));
    registered.clear();
  }
}
