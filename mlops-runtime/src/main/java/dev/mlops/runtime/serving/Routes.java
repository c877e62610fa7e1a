package dev.mlops.runtime.serving;

import dev.mlops.inference.Codec;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelUnavailableException;
import dev.mlops.inference.OverloadedException;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.observe.Health;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.codec.BoundCodec;
import dev.mlops.runtime.codec.Codecs;
import dev.mlops.runtime.jfr.JfrListener;
import dev.mlops.runtime.memory.ProcessMemory;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The routes of one runtime. Public for the front door alone, which documents what each call does.
 */
public final class Routes {
  private static final Duration LONGEST_DRAIN = Duration.ofDays(1);

  /** What a close waits for beyond the drain time: that calls stop, and what comes after them. */
  private static final Duration AFTER_DRAIN = Lifecycle.GRACE.multipliedBy(3);

  /** What listeners have to take in what they were not told yet. */
  private static final Duration FLUSH = Duration.ofSeconds(1);

  /** How long a load waits for the memory of versions that were kept warm. */
  private static final Duration RELIEF = Duration.ofSeconds(5);

  private final CallbackGuard guard = new CallbackGuard();
  private final ProcessMemory memory;
  private final FailureLog failures = new FailureLog();
  private final Watch watch;
  private final Events events;
  private final Lifecycle lifecycle;
  private final Follower follower;
  private final Route.Shared shared;
  private final Map<ModelRef, Route> routes = new ConcurrentHashMap<>();
  private final ReentrantLock changing = new ReentrantLock();
  private final Condition changed = changing.newCondition();
  private volatile boolean closed; // written under the lock
  private final CountDownLatch ended = new CountDownLatch(1);

  /** Routes of a runtime with these settings; none yet. */
  public Routes(Settings settings) {
    this(settings, new StateFolder(settings.state()));
  }

  Routes(Settings settings, StateFolder folder) {
    JfrListener jfr = new JfrListener();
    Recorder recorder = new Recorder(jfr);
    this.memory = ProcessMemory.ofThisProcess(new NanoClock(), settings.upkeep().trim());
    this.watch = new Watch(new EachLook(recorder, failures));
    this.events = new Events(settings.listeners(), jfr, guard);
    Sessions sessions = new Sessions(new Loader(settings, watch, memory, new Relief()));
    this.lifecycle = new Lifecycle(sessions, guard, events, memory, settings.clock());
    this.follower = new Follower(settings.upkeep().follow(), guard, new Random(settings.firstId()));
    this.shared =
        new Route.Shared(
            settings, sessions, lifecycle, folder, guard, events, recorder, failures, this);
    if (!settings.listeners().isEmpty()) {
      events.started(this::health);
    }
  }

  /** A handle for records or rows. */
  public <I, O> ModelHandle<I, O> handle(String ref, Class<I> in, Class<O> out) {
    return handle(ref, List.of(in, out), new ByTypes<>(in, out));
  }

  /** A handle for a codec of the user's. */
  public <I, O> ModelHandle<I, O> handle(String ref, Codec<I, O> codec) {
    return handle(ref, codec, new ByCodec<>(codec));
  }

  private <I, O> ModelHandle<I, O> handle(
      String text, Object key, Function<ModelSchema, BoundCodec<I, O>> binder) {
    ModelRef ref = parse(text);
    boolean[] inside = guard.enter("model");
    try {
      while (true) {
        Route route = join(ref);
        ModelHandle<I, O> handle = begin(route, key, binder);
        if (handle != null) {
          return handle;
        }
      }
    } finally {
      inside[0] = false;
    }
  }

  /* Under the lock: whoever closes sees each route that is there, and none comes after it. */
  private Route join(ModelRef ref) {
    changing.lock();
    try {
      requireOpen();
      Route route = routes.get(ref);
      if (route == null) {
        route = new Route(ref, shared);
        routes.put(ref, route);
      }
      return route;
    } finally {
      changing.unlock();
    }
  }

  private <I, O> @Nullable ModelHandle<I, O> begin(
      Route route, Object key, Function<ModelSchema, BoundCodec<I, O>> binder) {
    try {
      ModelHandle<I, O> handle = route.handle(key, binder);
      if (handle != null && route.firstSeen()) {
        follower.follow(route);
      }
      return handle;
    } catch (VersionRefusedException e) {
      requireOpen(); // else no gate refused it: the close did not let one look
      throw e;
    } finally {
      if (route.changes.dead()) {
        routes.remove(route.ref(), route); // who waited for it asks a new one
      }
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new OverloadedException("the runtime is closed; build another one");
    }
  }

  /** Serves what the alias names now. */
  public SwapReport refresh(String route) {
    return change("refresh", route, r -> r.changes.refresh());
  }

  /** Serves the version kept warm. */
  public SwapReport rollback(String route, String reason) {
    return change("rollback", route, r -> r.rollback(reason));
  }

  /** Serves a version of a person's choice. */
  public SwapReport override(String route, String number, String reason) {
    return change("override", route, r -> r.changes.override(number, reason));
  }

  /** Ends an override. */
  public SwapReport clearOverride(String route) {
    return change("clearOverride", route, r -> r.changes.clearOverride());
  }

  /** How each route is. */
  public Health health() {
    Map<String, Health.Route> sorted = new TreeMap<>();
    routes.values().forEach(route -> sorted.put(route.name(), route.health()));
    boolean ready =
        !closed && sorted.values().stream().allMatch(route -> route.serving().isPresent());
    return new Health(ready, List.copyOf(sorted.values()), events.dropped());
  }

  /** All that support would ask for. */
  public String describe() {
    List<Route> sorted =
        routes.values().stream().sorted(Comparator.comparing(Route::name)).toList();
    return Description.of(shared.settings(), sorted, health(), events, memory);
  }

  /** Waits until every route serves. */
  public void awaitReady(Duration atMost) {
    boolean[] inside = guard.enter("awaitReady");
    changing.lock();
    try {
      long left = atMost.isNegative() ? 0 : shorter(atMost, LONGEST_DRAIN).toNanos();
      while (!closed && !routes.values().stream().allMatch(Route::serves)) {
        if (left <= 0) {
          throw notReady(atMost);
        }
        left = changed.awaitNanos(left);
      }
      requireOpen();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DeadlineException("the thread was interrupted while it waited for a version", e);
    } finally {
      changing.unlock();
      inside[0] = false;
    }
  }

  /**
   * Memory is short: ends what is kept for rollbacks, and waits a little for it. Not in vain: a
   * version that would not fit even so takes no rollback away.
   */
  private final class Relief implements LongPredicate {
    @Override
    public boolean test(long needed) {
      long kept = routes.values().stream().mapToLong(Route::retained).sum();
      if (memory.refusal(needed - kept).isPresent()) {
        return false;
      }
      boolean any = false;
      for (Route route : routes.values()) {
        any |= route.endRetention();
      }
      return any && lifecycle.settle(RELIEF);
    }
  }

  /** What is done at each look of the watch. */
  private record EachLook(Recorder recorder, FailureLog failures) implements Runnable {
    @Override
    public void run() {
      recorder.look();
      failures.write();
    }
  }

  /** Binds records or rows. */
  private record ByTypes<I, O>(Class<I> in, Class<O> out)
      implements Function<ModelSchema, BoundCodec<I, O>> {
    @Override
    public BoundCodec<I, O> apply(ModelSchema schema) {
      return Codecs.bind(schema, in, out);
    }
  }

  /** Binds a codec of the user's. */
  private record ByCodec<I, O>(Codec<I, O> codec)
      implements Function<ModelSchema, BoundCodec<I, O>> {
    @Override
    public BoundCodec<I, O> apply(ModelSchema schema) {
      return Codecs.bind(codec);
    }
  }

  private ModelUnavailableException notReady(Duration atMost) {
    String missing =
        routes.values().stream()
            .filter(route -> !route.serves())
            .map(route -> route.name() + route.problem().map(why -> " (" + why + ")").orElse(""))
            .sorted()
            .collect(Collectors.joining(", "));
    return new ModelUnavailableException(
        "no version serves on " + missing + " after " + atMost + "; loading goes on", null);
  }

  void signalChange() {
    changing.lock();
    try {
      changed.signalAll();
    } finally {
      changing.unlock();
    }
  }

  /** Ends every version; waits for it, or for another close that is under way. */
  public void close(Duration drain) {
    if (drain.isNegative()) {
      throw new IllegalArgumentException("drain was " + drain + " but must be zero or more");
    }
    Duration bounded = shorter(drain, LONGEST_DRAIN);
    boolean[] inside = guard.enter("close");
    try {
      if (firstToClose()) {
        try {
          end(bounded);
        } finally {
          ended.countDown();
        }
      } else {
        var unused = Uninterrupted.await(bounded.plus(AFTER_DRAIN), this::awaitEnd);
      }
    } finally {
      inside[0] = false;
    }
  }

  private boolean awaitEnd(long nanos) throws InterruptedException {
    long begin = System.nanoTime();
    return ended.await(nanos, TimeUnit.NANOSECONDS)
        && lifecycle.ended(nanos - (System.nanoTime() - begin), false);
  }

  private boolean firstToClose() {
    changing.lock();
    try {
      boolean first = !closed;
      closed = true;
      changed.signalAll();
      return first;
    } finally {
      changing.unlock();
    }
  }

  private void end(Duration drain) {
    follower.close();
    watch.endTrials();
    routes.values().forEach(route -> route.close(drain)); // no call begins from here on
    long begin = System.nanoTime();
    boolean settled = true;
    for (Route route : routes.values()) {
      Duration left = drain.plus(Lifecycle.GRACE).minusNanos(System.nanoTime() - begin);
      settled &= route.changes.settle(left);
    }
    if (!lifecycle.finish(drain.plus(AFTER_DRAIN).minusNanos(System.nanoTime() - begin))
        || !settled) {
      log()
          .log(
              Level.WARNING,
              "a load or a call goes on after the drain time; its session stays open until it ends");
    }
    boolean interrupted = Thread.interrupted(); // the last is told all the same
    try {
      watch.close();
      failures.write();
      events.close(FLUSH);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private SwapReport change(String what, String text, Function<Route, SwapReport> change) {
    Route route = route(text, what);
    boolean[] inside = guard.enter(what);
    try {
      return change.apply(route);
    } catch (VersionRefusedException e) {
      requireOpen(); // as above
      throw e;
    } finally {
      inside[0] = false;
    }
  }

  /** A route somebody asked for before. */
  Route route(String text, String what) {
    Route route = routes.get(parse(text));
    if (route == null) {
      throw new InvalidSettingsException(
          "no route "
              + text
              + " to "
              + what
              + "; the routes are "
              + routes.keySet()
              + ". Ask for its model first");
    }
    return route;
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static ModelRef parse(String text) {
    try {
      return ModelRef.parse(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidSettingsException(String.valueOf(e.getMessage()));
    }
  }

  private static System.Logger log() {
    return System.getLogger(Routes.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
