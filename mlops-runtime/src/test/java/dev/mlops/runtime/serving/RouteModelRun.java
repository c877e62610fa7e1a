package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.Version;
import dev.mlops.observe.Health;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A runtime and its model side by side: each step is done to both, and then they must agree on what
 * was answered or thrown, what serves, what health says and which sessions are open.
 */
final class RouteModelRun implements AutoCloseable {
  /** Two routes of one model, which follow the same alias each at its own pace. */
  static final List<String> ROUTES = List.of("m@champion", "m@shadow");

  static final List<String> VERSIONS = List.of("1", "2", "3");

  private static final Row ONE = Row.of("x", 1);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** A route that serves nothing is tried again by the runtime itself after 0.9 s or more. */
  private static final long ALONE_NANOS = TimeUnit.MILLISECONDS.toNanos(800);

  /** How the runtime is built. */
  record Setup(boolean folder, boolean retains, boolean degraded, boolean comparesFirst) {}

  /** One thing that happens, to the store or to a route. */
  interface Step {
    void takenBy(RouteModelRun run);
  }

  final RouteModel.World world;
  private final Map<String, ModelHandle<Row, Row>> handles = new TreeMap<>();
  private final MemoryStore store = new MemoryStore();
  final ScriptedEngine engine = new ScriptedEngine();
  private final Optional<Path> folder;
  Routes routes;
  private long built;

  /**
   * A runtime whose first route serves version 1.
   *
   * @param folder empty, for a setup that keeps its state
   * @param model makes what each route is compared with
   */
  RouteModelRun(Setup setup, Path folder, Function<RouteModel.World, RouteModel> model) {
    this.world =
        new RouteModel.World(
            setup.folder(), setup.retains(), setup.degraded(), setup.comparesFirst());
    this.folder = setup.folder() ? Optional.of(folder) : Optional.empty();
    ROUTES.forEach(route -> world.routes.add(model.apply(world)));
    VERSIONS.forEach(version -> store.put(version, ScriptedEngine.SCHEMA));
    move("1");
    routes = build();
    ask(ROUTES.get(0));
  }

  private Routes build() {
    built = System.nanoTime();
    Gate plain = gate("mine", false, c -> world.plain(number(c.version().version())));
    Gate comparison =
        gate(
            "quality",
            true,
            c ->
                world.comparison(
                    number(c.version().version()),
                    c.active().map(RouteModelRun::number).orElse(null)));
    List<Gate> gates =
        world.comparesFirst ? List.of(comparison, plain) : List.of(plain, comparison);
    return new Routes(
        new Settings(
            store,
            TestRuntime.forAll(List.of(engine)),
            List.of(),
            List.of(),
            gates.stream().map(gate -> new Settings.ModelGate(Optional.empty(), gate)).toList(),
            new Settings.Limits(
                1, PATIENCE, world.retains ? Duration.ofHours(1) : Duration.ZERO, PATIENCE),
            new Settings.Upkeep(Duration.ZERO, world.degraded, false, false, false),
            folder,
            () -> Instant.EPOCH,
            7));
  }

  private static String number(Version version) {
    return version.number();
  }

  private static Gate gate(String name, boolean compares, Function<Candidate, Gate.Outcome> rule) {
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
        return new Result(name, rule.apply(candidate), "because the test says so");
      }
    };
  }

  /**
   * Whether the runtime did nothing by itself yet: one that may begin without a version tries again
   * after a while.
   */
  boolean alone() {
    return !world.degraded || System.nanoTime() - built < ALONE_NANOS;
  }

  // --- what happens to the store ---

  void move(String version) {
    world.revisions.add(version);
    store.move(version);
  }

  /** The store goes back in time, as a replica that is behind does. */
  void back(int revisions) {
    int left = Math.max(0, world.revisions.size() - revisions);
    world.revisions.subList(left, world.revisions.size()).clear();
    store.backTo(left);
  }

  void down(boolean down) {
    world.down = down;
    store.down(down);
  }

  void becomes(String version, RouteModel.Condition condition) {
    world.conditions.put(version, condition);
    store.mend(version);
    store.put(version, ScriptedEngine.SCHEMA);
    engine.loadAgain(version);
    switch (condition) {
      case GONE -> store.remove(version);
      case CORRUPT -> store.corrupt(version);
      case UNLOADABLE -> engine.failAtLoad(version, "the test says so");
      default -> {}
    }
  }

  // --- what happens to a route ---

  void ask(String route) {
    String real =
        thrownOr(
            () -> {
              handles.put(route, routes.handle(route, Row.class, Row.class));
              return "a handle";
            });
    assertThat(real).as("answer").isEqualTo(model(route).ask());
  }

  void calls(String route, Function<Routes, SwapReport> call, Function<RouteModel, String> same) {
    assertThat(answer(call)).as("answer").isEqualTo(same.apply(model(route)));
  }

  /** What a call answers or throws, as a model says it. */
  String answer(Function<Routes, SwapReport> call) {
    return thrownOr(
        () -> {
          SwapReport report = call.apply(routes);
          return report.from().map(Version::number).orElse("nothing")
              + " -> "
              + report.to().number();
        });
  }

  void expire(String route) {
    RouteModel model = model(route);
    if (model.there && !world.closed) {
      assertThat(ended(routes.route(route, "expire")))
          .as("anything expired")
          .isEqualTo(model.warm != null);
      model.expire();
    }
  }

  /** As when its time is over; whether anything was kept. */
  private static boolean ended(Route route) {
    route.lock.lock();
    try {
      boolean any = route.retention.kept().isPresent();
      route.retention.end(Duration.ofSeconds(10));
      return any;
    } finally {
      route.lock.unlock();
    }
  }

  /** The process ends, and a new one asks for the same models. */
  void restart() {
    List<String> there = ROUTES.stream().filter(route -> model(route).there).toList();
    shutDown();
    handles.clear();
    world.closed = false;
    world.routes.forEach(RouteModel::restart);
    routes = build();
    there.forEach(this::ask);
  }

  /** The runtime is closed, and nobody builds another one yet. */
  void shutDown() {
    routes.close(PATIENCE);
    world.closed = true;
  }

  private RouteModel model(String route) {
    return world.routes.get(ROUTES.indexOf(route));
  }

  private static String thrownOr(Supplier<String> call) {
    try {
      return call.get();
    } catch (RuntimeException e) {
      return e.getClass().getSimpleName();
    }
  }

  // --- whether they agree ---

  void agree() {
    agree(world);
  }

  /** With one way it may have gone. */
  void agree(RouteModel.World like) {
    await(this::draining);
    Map<String, Health.Route> told = new TreeMap<>();
    routes.health().routes().forEach(route -> told.put(route.route(), route));
    for (int i = 0; i < ROUTES.size(); i++) {
      String name = ROUTES.get(i);
      agree(name, like.routes.get(i), told.get(name), like.closed);
    }
    int wanted = like.loaded().size();
    await(() -> engine.live() > wanted || store.open() > wanted);
    assertThat(engine.live()).as("sessions of " + like.loaded()).isEqualTo(wanted);
    assertThat(store.open()).as("open packages").isEqualTo(wanted);
    assertThat(engine.crashes).isEmpty();
  }

  private void agree(String name, RouteModel model, Health.@Nullable Route told, boolean closed) {
    assertThat(told != null).as(name + " is there").isEqualTo(model.there);
    if (told == null) {
      return;
    }
    ModelHandle<Row, Row> handle = Objects.requireNonNull(handles.get(name));
    String answered = thrownOr(() -> String.valueOf((int) handle.predict(ONE).value().number("y")));
    if (closed) {
      assertThat(answered).isIn("OverloadedException", "ModelUnavailableException");
      return;
    }
    assertThat(answered)
        .as(name + " answers")
        .isEqualTo(model.serving == null ? "ModelUnavailableException" : model.serving);
    assertThat(told.serving().map(Version::number).orElse(null))
        .as(name + " serves")
        .isEqualTo(model.serving);
    if (model.serving != null) {
      assertThat(told.overridden()).as(name + " overridden").isEqualTo(model.override != null);
    }
    assertThat(told.problem().isPresent())
        .as(name + " has a problem, " + told.problem())
        .isEqualTo(model.problem);
    TreeSet<String> states = new TreeSet<>();
    for (Health.Loaded loaded : told.versions()) {
      states.add(loaded.version().number() + " " + loaded.state());
    }
    assertThat(states).as(name + " versions").isEqualTo(model.states());
    assertThat(told.versions()).as(name + " versions").hasSameSizeAs(states);
  }

  /** What left a route is closed on another thread, so there may be more for a moment. */
  private static void await(BooleanSupplier more) {
    long began = System.nanoTime();
    while (more.getAsBoolean() && System.nanoTime() - began < PATIENCE.toNanos()) {
      Thread.onSpinWait();
    }
  }

  private boolean draining() {
    return routes.health().routes().stream()
        .flatMap(route -> route.versions().stream())
        .anyMatch(version -> version.state() == VersionState.DRAINING);
  }

  @Override
  public void close() {
    routes.close(PATIENCE);
    world.closed = true;
    agree();
  }
}
