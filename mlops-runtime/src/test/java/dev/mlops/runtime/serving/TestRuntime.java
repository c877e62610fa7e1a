package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.observe.VersionObserver;
import dev.mlops.rollout.Gate;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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
  int slots = 2;
  Duration within = Duration.ofSeconds(20);
  Duration keepWarm = Duration.ofHours(1);
  Duration drain = Duration.ofSeconds(10);
  Duration follow = Duration.ZERO;
  boolean degraded;
  boolean leaseStacks;
  Optional<Path> state = Optional.empty();
  private final List<Routes> built = new ArrayList<>();

  TestRuntime() {
    listeners.add(events::add);
  }

  Settings settings() {
    return new Settings(
        store,
        List.of(engine),
        observers,
        listeners,
        gates.stream().map(g -> new Settings.ModelGate(Optional.empty(), g)).toList(),
        new Settings.Limits(slots, within, keepWarm, drain),
        new Settings.Upkeep(follow, degraded, leaseStacks, false, false),
        state,
        () -> Instant.parse("2026-01-02T03:04:05.678Z"),
        7);
  }

  Routes build() {
    Routes routes = new Routes(settings());
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

  static ModelHandle<Row, Row> model(Routes routes) {
    return routes.handle(ROUTE, Row.class, Row.class);
  }

  static Health.Route only(Routes routes) {
    return routes.health().routes().get(0);
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
    others.shutdownNow();
    assertThat(engine.crashes).isEmpty();
    assertThat(engine.live()).isZero();
    assertThat(store.open()).isZero();
  }
}
