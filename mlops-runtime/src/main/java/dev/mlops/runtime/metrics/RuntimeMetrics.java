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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A runtime's predictions, waits, errors, swaps and memory as meters of Micrometer; {@code
 * docs/metrics.md} lists them. Give it to the runtime as a listener and bind it to a registry, in
 * either order, and to as many registries as are wanted; binding twice is harmless.
 *
 * <p>The meters of a version leave the registry when the version is closed, and all others when the
 * runtime is. A route that could not begin to serve leaves none; one that began without a version
 * has its meters, with what it failed at before, from the second scrape on. A registry that is
 * bound late knows all that was counted before, but of calls and waits only those that came after.
 *
 * <p>The gauges tell of the runtime as it was within the last second, and after the last event.
 *
 * <p>One for each runtime. Where two runtimes share a registry, give the metrics of each a tag that
 * tells them apart. Safe for all threads.
 */
public final class RuntimeMetrics implements RuntimeListener, MeterBinder {
  /*
   * The lock is held to register and to remove, never to record, and never to ask for the health,
   * so the runtime may hold locks of its own when it calls us. Registries read the gauges without
   * it: a scrape that looks anew tries the lock, and waits for nobody.
   *
   * A route that fails before it ever served may be one that begins without a version, or one that
   * is gone a moment later: the health that comes after says which. Until then it is unproven, and
   * counted in meters that no registry has. A look judges those that were unproven before it began.
   */
  private static final long RECENT_NANOS = 1_000_000_000;

  private final Tags tags;
  private final Supplier<OptionalLong> resident;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<MeterRegistry> registries =
      Collections.newSetFromMap(new IdentityHashMap<>()); // guarded by the lock
  private final Map<Tags, VersionMeters> versions = new HashMap<>(); // guarded by the lock
  private final Map<String, RouteMeters> routes = new HashMap<>(); // guarded by the lock
  private final Set<String> unproven = ConcurrentHashMap.newKeySet(); // written under the lock
  private MeterGroup runtime; // guarded by the lock
  private volatile Optional<Supplier<Health>> health = Optional.empty();
  private volatile Optional<Look> last = Optional.empty();

  /** Meters with no tags but their own. */
  public RuntimeMetrics() {
    this(Tags.empty());
  }

  /** Meters that all have these tags too. */
  public RuntimeMetrics(Iterable<Tag> tags) {
    this(tags, ProcessMemory.ofThisProcess()::resident, System::nanoTime);
  }

  RuntimeMetrics(Iterable<Tag> tags, Supplier<OptionalLong> resident, LongSupplier nanoTime) {
    this.tags = Tags.of(tags);
    this.resident = resident;
    this.nanoTime = nanoTime;
    this.runtime = new MeterGroup(this.tags);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    lock.lock();
    try {
      registries.add(registry);
      if (health.isPresent()) {
        runtime.bindTo(registry);
      }
      routes.forEach(
          (route, meters) -> {
            if (!unproven.contains(route)) {
              meters.group.bindTo(registry);
            }
          });
      versions.values().forEach(version -> version.group.bindTo(registry));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Begins to count for a runtime.
   *
   * @throws IllegalStateException if another runtime is counted already
   */
  @Override
  public void started(Supplier<Health> health) {
    lock.lock();
    try {
      if (this.health.isPresent()) {
        throw new IllegalStateException(
            "these metrics count another runtime already; give each runtime RuntimeMetrics of its"
                + " own, with a tag that tells them apart");
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
          this,
          metrics -> metrics.recent().map(Look::dropped).orElse(0L));
      registries.forEach(runtime::bindTo);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<CallListener> calls(String route, Version version) {
    lock.lock();
    try {
      registries.forEach(meters(route).group::bindTo);
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
    } finally {
      lock.unlock();
    }
  }

  private void closed(Tags key, VersionMeters meters) {
    lock.lock();
    try {
      meters.users--;
      if (meters.users == 0 && versions.remove(key, meters)) {
        meters.group.remove();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void happened(LifecycleEvent event) {
    if (!unproven.isEmpty()) {
      look(); // so that no more are kept than fail at the same time
    }
    last = Optional.empty(); // what it knew, the event may have changed
    lock.lock();
    try {
      RouteMeters meters = meters(event.route());
      meters.happened(event);
      if (event instanceof LifecycleEvent.Swapped && unproven.remove(event.route())) {
        registries.forEach(meters.group::bindTo);
      }
    } finally {
      lock.unlock();
    }
  }

  private RouteMeters meters(String route) {
    RouteMeters meters = routes.get(route);
    if (meters == null) {
      MeterGroup group =
          new MeterGroup(tags.and("route", route, "model", ModelRef.parse(route).model()));
      meters = new RouteMeters(group, state -> count(route, state));
      routes.put(route, meters);
      unproven.add(route);
    }
    return meters;
  }

  private long count(String route, VersionState state) {
    return recent().map(look -> look.count(route, state)).orElse(0L);
  }

  private Optional<Look> recent() {
    Optional<Look> before = last;
    return before.isPresent() && nanoTime.getAsLong() - before.get().nanos() < RECENT_NANOS
        ? before
        : look();
  }

  private Optional<Look> look() {
    Set<String> suspects = Set.copyOf(unproven);
    long nanos = nanoTime.getAsLong();
    Optional<Look> now = health.map(seen -> Look.at(nanos, seen.get()));
    last = now;
    if (now.isPresent() && !suspects.isEmpty() && lock.tryLock()) {
      try {
        suspects.forEach(route -> judge(route, now.get()));
      } finally {
        lock.unlock();
      }
    }
    return now;
  }

  private void judge(String route, Look now) {
    RouteMeters meters = routes.get(route);
    if (meters == null || !unproven.contains(route)) {
      return; // it began to serve meanwhile
    }
    if (now.has(route)) {
      registries.forEach(meters.group::bindTo);
    } else {
      routes.remove(route);
      unproven.remove(route);
      meters.group.remove();
    }
  }

  /** Takes all meters out of all registries, and keeps none of them. */
  @Override
  public void closed() {
    lock.lock();
    try {
      runtime.remove();
      routes.values().forEach(route -> route.group.remove());
      versions.values().forEach(version -> version.group.remove());
      routes.clear();
      unproven.clear();
      versions.clear();
      registries.clear();
      health = Optional.empty();
      last = Optional.empty();
    } finally {
      lock.unlock();
    }
  }
}
