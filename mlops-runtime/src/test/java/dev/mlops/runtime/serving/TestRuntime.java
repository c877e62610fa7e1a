package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.Engine;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.Observation;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.observe.VersionObserver;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Routes over a store in memory and an engine that does as told. After each test all is closed, and
 * nothing may be left open or would have crashed.
 */
final class TestRuntime implements AfterEachCallback {
  static final String ROUTE = "m@champion";
  static final Row ONE = Row.of("x", 1);

  final MemoryStore store = new MemoryStore();
  final ScriptedEngine engine = new ScriptedEngine();
  final List<Gate> gates = new ArrayList<>();
  final List<VersionObserver.Factory> observers = new ArrayList<>();
  final List<RuntimeListener> listeners = new ArrayList<>();
  final LinkedBlockingQueue<LifecycleEvent> events = new LinkedBlockingQueue<>();
  final ExecutorService others = Executors.newCachedThreadPool();
  List<Engine> engines = List.of(engine);
  int slots = 2;
  Duration within = Duration.ofSeconds(20);
  Duration keepWarm = Duration.ofHours(1);
  Duration drain = Duration.ofSeconds(10);
  Duration follow = Duration.ZERO;
  boolean degraded;
  boolean leaseStacks;
  boolean memoryCheck;
  Optional<Path> state = Optional.empty();
  InstantSource clock = () -> Instant.parse("2026-01-02T03:04:05.678Z");

  /** Whether a session may fail before it serves: then it is closed by who loaded it. */
  boolean loadFailed;

  private final List<Routes> built = new ArrayList<>();

  TestRuntime() {
    listeners.add(events::add);
  }

  /** Engines that are asked for every model. */
  static List<Settings.ModelEngine> forAll(List<Engine> engines) {
    return engines.stream()
        .map(engine -> new Settings.ModelEngine(Optional.empty(), engine))
        .toList();
  }

  Settings settings() {
    return new Settings(
        store,
        forAll(engines),
        observers,
        listeners,
        gates.stream().map(g -> new Settings.ModelGate(Optional.empty(), g)).toList(),
        new Settings.Limits(slots, within, keepWarm, drain),
        new Settings.Upkeep(follow, degraded, leaseStacks, memoryCheck, false),
        state,
        clock,
        7);
  }

  Routes build() {
    return build(new StateFolder(state));
  }

  Routes build(StateFolder folder) {
    Routes routes = new Routes(settings(), folder);
    built.add(routes);
    return routes;
  }

  /** Built, with these versions in the store, the alias on the first, and it serves. */
  Routes serving(String... numbers) {
    put(numbers);
    store.move(numbers[0]);
    Routes routes = build();
    model(routes);
    return routes;
  }

  void put(String... numbers) {
    for (String number : numbers) {
      store.put(number, ScriptedEngine.SCHEMA);
    }
  }

  /** In the store, and the alias moved to each in turn. */
  void released(String... numbers) {
    for (String number : numbers) {
      put(number);
      store.move(number);
    }
  }

  /** Observes each version; answers how many observers are open. */
  AtomicInteger observe() {
    AtomicInteger open = new AtomicInteger();
    observers.add(
        (route, version, count) -> {
          open.incrementAndGet();
          return Optional.of(
              new VersionObserver() {
                @Override
                public void observed(Observation seen) {}

                @Override
                public void close() {
                  open.decrementAndGet();
                }
              });
        });
    return open;
  }

  static ModelHandle<Row, Row> model(Routes routes) {
    return routes.handle(ROUTE, Row.class, Row.class);
  }

  static Health.Route only(Routes routes) {
    return routes.health().routes().get(0);
  }

  /** The versions of the route, such as {@code 1 ACTIVE}. */
  static List<String> states(Routes routes) {
    return only(routes).versions().stream()
        .map(loaded -> loaded.version().number() + " " + loaded.state())
        .toList();
  }

  /** Returns when a thread, once it is named, waits for another. */
  static void awaitWaiting(AtomicReference<Thread> thread) {
    long begin = System.nanoTime();
    while (!waits(thread.get())) {
      if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(20)) {
        throw new AssertionError("it does not wait: " + thread);
      }
      Thread.onSpinWait();
    }
  }

  private static boolean waits(@Nullable Thread thread) {
    return thread != null
        && (thread.getState() == Thread.State.WAITING
            || thread.getState() == Thread.State.TIMED_WAITING);
  }

  /** The events of a kind, of all that were told and not taken. */
  <E extends LifecycleEvent> List<E> told(Class<E> kind) {
    return events.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** A gate; one that compares is skipped where nothing is active. */
  static Gate gate(String name, boolean compares, Function<Candidate, Gate.Outcome> rule) {
    return new Gate() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public boolean compares() {
        return compares;
      }

      @Override
      public Result check(Candidate candidate) {
        if (compares && candidate.active().isEmpty()) {
          return skipped("nothing is active");
        }
        return new Result(name, rule.apply(candidate), "because the test says so");
      }
    };
  }

  /** Fails one version: "quality" if it compares, else "mine". */
  static Gate refuses(String number, boolean compares) {
    return gate(
        compares ? "quality" : "mine",
        compares,
        c -> failIf(c.version().version().number().equals(number)));
  }

  /** Fails whatever is compared with this version. */
  static Gate refusesBeside(String number) {
    return gate("quality", true, c -> failIf(c.active().orElseThrow().number().equals(number)));
  }

  private static Gate.Outcome failIf(boolean bad) {
    return bad ? Gate.Outcome.FAIL : Gate.Outcome.PASS;
  }

  /** The next event of a kind; others before it are skipped. */
  <E extends LifecycleEvent> E next(Class<E> kind) {
    try {
      while (true) {
        LifecycleEvent event = events.poll(20, TimeUnit.SECONDS);
        if (event == null) {
          throw new AssertionError("no " + kind.getSimpleName() + " came");
        }
        if (kind.isInstance(event)) {
          return kind.cast(event);
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    built.forEach(routes -> routes.close(Duration.ofSeconds(10)));
    built.forEach(routes -> routes.close(Duration.ofSeconds(10))); // for what was parked till now
    others.shutdownNow();
    assertThat(engine.crashes).isEmpty();
    assertThat(engine.live()).isZero();
    assertThat(store.open()).isZero();
    if (!loadFailed && !built.isEmpty()) {
      assertThat(engine.closers).allMatch("mlops-lifecycle"::equals);
    }
  }
}
