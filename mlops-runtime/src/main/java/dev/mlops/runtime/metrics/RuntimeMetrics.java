package dev.mlops.runtime.metrics;

import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.observe.VersionState;
import dev.mlops.runtime.memory.ProcessMemory;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A runtime's predictions, waits, errors, swaps and memory as meters of Micrometer; {@code
 * docs/metrics.md} lists them. Give it to the runtime as a listener and bind it to a registry, in
 * either order, and to as many registries as are wanted; binding twice is harmless.
 *
 * <p>The meters of a version leave the registry when the version is closed, and all others when the
 * runtime is. A registry that is bound late knows all that was counted before, but of calls and
 * waits only those that came after.
 *
 * <p>One for each runtime. Where two runtimes share a registry, give the metrics of each a tag that
 * tells them apart. Safe for all threads.
 */
public final class RuntimeMetrics implements RuntimeListener, MeterBinder {
  /*
   * The lock is held to register and to remove, never to record. Registries read the gauges without
   * it, so the runtime may hold locks of its own when it calls us.
   */
  private final Tags tags;
  private final Supplier<OptionalLong> resident;
  private final Set<MeterRegistry> registries =
      Collections.newSetFromMap(new IdentityHashMap<>()); // guarded by this
  private final Map<Tags, VersionMeters> versions = new HashMap<>(); // guarded by this
  private final Map<String, RouteMeters> routes = new HashMap<>(); // guarded by this
  private MeterGroup runtime; // guarded by this
  private volatile Optional<Supplier<Health>> health = Optional.empty();

  /** Meters with no tags but their own. */
  public RuntimeMetrics() {
    this(Tags.empty());
  }

  /** Meters that all have these tags too. */
  public RuntimeMetrics(Iterable<Tag> tags) {
    this(tags, ProcessMemory.ofThisProcess()::resident);
  }

  RuntimeMetrics(Iterable<Tag> tags, Supplier<OptionalLong> resident) {
    this.tags = Tags.of(tags);
    this.resident = resident;
    this.runtime = new MeterGroup(this.tags);
  }

  @Override
  public synchronized void bindTo(MeterRegistry registry) {
    registries.add(registry);
    if (health.isPresent()) {
      runtime.bindTo(registry);
    }
    routes.values().forEach(route -> route.group.bindTo(registry));
    versions.values().forEach(version -> version.group.bindTo(registry));
  }

  /**
   * Begins to count for a runtime.
   *
   * @throws IllegalStateException if another runtime is counted already
   */
  @Override
  public synchronized void started(Supplier<Health> health) {
    if (this.health.isPresent()) {
      throw new IllegalStateException(
          "these metrics count another runtime already; give each runtime RuntimeMetrics of its own,"
              + " with a tag that tells them apart");
    }
    this.health = Optional.of(health);
    runtime = new MeterGroup(tags);
    runtime.gauge(
        "mlops.memory.resident",
        "bytes",
        "Memory of the process, as the operating system counts it.",
        () -> {
          OptionalLong bytes = resident.get();
          return bytes.isPresent() ? bytes.getAsLong() : Double.NaN;
        });
    runtime.counter(
        "mlops.events.dropped",
        "events",
        "Events that listeners were not told of, as they were too slow.",
        health,
        seen -> seen.get().droppedEvents());
    registries.forEach(runtime::bindTo);
  }

  @Override
  public synchronized Optional<CallListener> calls(String route, Version version) {
    meters(route);
    Tags key = tags.and("route", route, "model", version.model(), "version", version.number());
    VersionMeters meters = versions.get(key);
    if (meters == null) {
      meters = new VersionMeters(new MeterGroup(key), closed -> closed(key, closed));
      versions.put(key, meters);
      registries.forEach(meters.group::bindTo);
    }
    // a version that is loaded anew while it still ends has the same meters as before
    meters.users++;
    return Optional.of(meters);
  }

  private synchronized void closed(Tags key, VersionMeters meters) {
    meters.users--;
    if (meters.users == 0 && versions.remove(key, meters)) {
      meters.group.remove();
    }
  }

  @Override
  public synchronized void happened(LifecycleEvent event) {
    meters(event.route()).happened(event);
  }

  private RouteMeters meters(String route) {
    RouteMeters meters = routes.get(route);
    if (meters == null) {
      MeterGroup group =
          new MeterGroup(tags.and("route", route, "model", ModelRef.parse(route).model()));
      meters = new RouteMeters(group, state -> count(route, state));
      routes.put(route, meters);
      registries.forEach(group::bindTo);
    }
    return meters;
  }

  private long count(String route, VersionState state) {
    return health.stream()
        .flatMap(seen -> seen.get().routes().stream())
        .filter(one -> one.route().equals(route))
        .flatMap(one -> one.versions().stream())
        .filter(version -> version.state() == state)
        .count();
  }

  /** Takes all meters out of all registries, and keeps none of them. */
  @Override
  public synchronized void closed() {
    runtime.remove();
    routes.values().forEach(route -> route.group.remove());
    versions.values().forEach(version -> version.group.remove());
    routes.clear();
    versions.clear();
    registries.clear();
    health = Optional.empty();
  }
}
