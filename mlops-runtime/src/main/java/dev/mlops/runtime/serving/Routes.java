package dev.mlops.runtime.serving;

import dev.mlops.inference.Codec;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.observe.Health;
import dev.mlops.rollout.SwapReport;
import dev.mlops.runtime.codec.BoundCodec;
import dev.mlops.runtime.codec.Codecs;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/**
 * The routes of one runtime. Public for the front door alone, which documents what each call does.
 */
public final class Routes {
  private static final System.Logger LOG = System.getLogger(Routes.class.getName());

  /** After the drain time running calls are told to stop; this is for them to do so. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private static final Duration LONGEST_DRAIN = Duration.ofDays(1);

  private final Settings settings;
  private final Loader loader;
  private final StateFolder folder;
  private final CallbackGuard guard = new CallbackGuard();
  private final Lifecycle lifecycle = new Lifecycle(guard);
  private final Map<ModelRef, Route> routes = new ConcurrentHashMap<>();

  /* A load holds the read lock, closing takes the write lock: none begins once it has begun. */
  private final ReentrantReadWriteLock opening = new ReentrantReadWriteLock();
  private volatile boolean closed;

  /** Routes of a runtime with these settings; none yet. */
  public Routes(Settings settings) {
    this.settings = settings;
    this.loader = new Loader(settings);
    this.folder = new StateFolder(settings.state());
  }

  /** A handle for records or rows. */
  public <I, O> ModelHandle<I, O> handle(String ref, Class<I> in, Class<O> out) {
    return handle(ref, List.of(in, out), schema -> Codecs.bind(schema, in, out));
  }

  /** A handle for a codec of the user's. */
  public <I, O> ModelHandle<I, O> handle(String ref, Codec<I, O> codec) {
    return handle(ref, codec, schema -> Codecs.bind(schema, codec));
  }

  private <I, O> ModelHandle<I, O> handle(
      String text, Object key, Function<ModelSchema, BoundCodec<I, O>> binder) {
    ModelRef ref = parse(text);
    boolean[] inside = guard.enter("model");
    opening.readLock().lock();
    try {
      if (closed) {
        throw new OverloadedException("the runtime is closed; build another one");
      }
      while (true) {
        Route route =
            routes.computeIfAbsent(
                ref, r -> new Route(r, settings, loader, lifecycle, folder, guard));
        try {
          ModelHandle<I, O> handle = route.handle(key, binder);
          if (handle != null) {
            return handle;
          }
        } finally {
          if (route.dead()) {
            routes.remove(ref, route); // who waited for it asks a new one
          }
        }
      }
    } finally {
      opening.readLock().unlock();
      inside[0] = false;
    }
  }

  /** Serves what the alias names now. */
  public SwapReport refresh(String route) {
    return change("refresh", route, Route::refresh);
  }

  /** Serves the version kept warm. */
  public SwapReport rollback(String route, String reason) {
    return change("rollback", route, r -> r.rollback(reason));
  }

  /** Ends an override. */
  public SwapReport clearOverride(String route) {
    return change("clearOverride", route, Route::clearOverride);
  }

  /** How each route is. */
  public Health health() {
    Map<String, Health.Route> sorted = new TreeMap<>();
    routes.values().forEach(route -> sorted.put(route.name(), route.health()));
    boolean ready =
        !closed && sorted.values().stream().allMatch(route -> route.serving().isPresent());
    return new Health(ready, List.copyOf(sorted.values()), 0);
  }

  /** Ends every version; waits for it. */
  public void close(Duration drain) {
    Duration bounded = drain.compareTo(LONGEST_DRAIN) > 0 ? LONGEST_DRAIN : drain;
    boolean[] inside = guard.enter("close");
    try {
      opening.writeLock().lock();
      try {
        closed = true;
      } finally {
        opening.writeLock().unlock();
      }
      routes.values().forEach(route -> route.close(bounded));
      if (!lifecycle.finish(bounded.plus(GRACE))) {
        LOG.log(
            Level.WARNING,
            "a call still runs in the engine after the drain time; its session stays open until it ends");
      }
    } finally {
      inside[0] = false;
    }
  }

  private SwapReport change(String what, String text, Function<Route, SwapReport> change) {
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
    boolean[] inside = guard.enter(what);
    try {
      return change.apply(route);
    } finally {
      inside[0] = false;
    }
  }

  private static ModelRef parse(String text) {
    try {
      return ModelRef.parse(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidSettingsException(String.valueOf(e.getMessage()));
    }
  }
}
