package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.observe.Health;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.store.PackageCorruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Four threads do to one route whatever a person may do to it, in any order and at the same time.
 * Whenever all have stopped, the route is in one of the states that the calls could have led to one
 * after the other: whether a rollback during a load comes before or behind it is not looked at.
 */
final class LifecycleStormTest {
  private static final String ROUTE = "m@champion";
  private static final int THREADS = 4;
  private static final int CALLS = 12;

  /**
   * The first four are good; the fifth does not load, the sixth is corrupt, the seventh refused.
   */
  private static final List<String> NUMBERS = List.of("1", "2", "3", "4", "5", "6", "7");

  private static final int GOOD = 4;

  private record In(float x) {}

  private record Out(float y) {}

  @TempDir private Path folder;
  private final MemoryStore store = new MemoryStore();
  private final ScriptedEngine engine = new ScriptedEngine();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final ConcurrentHashMap<String, AtomicInteger> outcomes = new ConcurrentHashMap<>();
  private Duration keepWarm = Duration.ofHours(1);

  @ParameterizedTest
  @ValueSource(longs = 1)
  void calls_fromFourThreadsAtRandom_leaveOneVersionServingAndNoSessionLost(long seed)
      throws Exception {
    storm(seed, 25);
  }

  @ParameterizedTest
  @ValueSource(longs = {42, 1976})
  @Tag("proof")
  void calls_fromFourThreadsAtRandomForLong_leaveOneVersionServingAndNoSessionLost(long seed)
      throws Exception {
    storm(seed, 120);
  }

  private void storm(long seed, int rounds) throws Exception {
    for (String number : NUMBERS) {
      store.put(number, ScriptedEngine.SCHEMA);
    }
    engine.failAtLoad("5", "a test wants it so");
    store.corrupt("6");
    store.move("1");
    Random random = new Random(seed);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      ModelRuntime runtime = runtime();
      for (int round = 0; round < rounds; round++) {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
          long own = random.nextLong();
          ModelRuntime now = runtime;
          running.add(threads.submit(() -> calls(now, new Random(own))));
        }
        for (Future<?> each : running) {
          each.get();
        }
        quiescent(runtime, random);
        if (random.nextInt(5) == 0) {
          runtime = restarted(runtime);
        }
        assertThat(wrong).as("seed %d, round %d", seed, round).isEmpty();
      }
      runtime.close();
    } finally {
      threads.shutdownNow();
    }
    assertThat(engine.crashes).isEmpty();
    assertThat(engine.live()).isZero();
    assertThat(store.open()).isZero();
    System.out.printf(
        "seed %d: %d rounds of %d calls, %d sessions, %s%n",
        seed, rounds, THREADS * CALLS, engine.opened.get(), new TreeMap<>(outcomes));
    for (String outcome :
        List.of("refresh swapped", "rollback swapped", "clearOverride swapped", "refused")) {
      assertThat(outcomes).containsKey(outcome);
    }
  }

  private ModelRuntime runtime() {
    ModelRuntime runtime =
        ModelRuntime.builder()
            .store(store)
            .follow(Duration.ZERO)
            .engine(engine)
            .gate(new NotTheSeventh())
            .slots(2)
            .within(Duration.ofSeconds(20))
            .keepWarm(keepWarm)
            .state(folder)
            .build();
    runtime.model(ROUTE);
    return runtime;
  }

  private void calls(ModelRuntime runtime, Random random) {
    for (int i = 0; i < CALLS; i++) {
      int what = random.nextInt(20);
      try {
        if (what < 5) {
          store.move(NUMBERS.get(random.nextInt(NUMBERS.size())));
        } else if (what < 10) {
          told("refresh", runtime.refresh(ROUTE));
        } else if (what < 13) {
          told("rollback", runtime.rollback(ROUTE, "a test wants it so"));
        } else if (what < 15) {
          told("clearOverride", runtime.clearOverride(ROUTE));
        } else if (what < 17) {
          health(runtime.health());
        } else {
          answers(runtime, random);
        }
      } catch (VersionRefusedException | ModelFailedException | PackageCorruptException e) {
        count("refused");
        expect(
            e.getMessage().contains("m:5") || e.getMessage().contains("m:6") || seventh(e),
            "a good version was refused: " + e);
      } catch (IllegalStateException e) {
        count("nothing to roll back to");
        expect(
            e.getMessage().contains("nothing is kept warm")
                || e.getMessage().contains("was rolled back before"),
            "not what a rollback says: " + e);
      } catch (RuntimeException | Error e) {
        wrong.add("not foreseen: " + e);
      }
    }
  }

  private static boolean seventh(RuntimeException e) {
    return e instanceof VersionRefusedException && e.getMessage().contains("m:7");
  }

  private void answers(ModelRuntime runtime, Random random) {
    Prediction<?> answer;
    double y;
    if (random.nextBoolean()) {
      Prediction<Row> row = runtime.model(ROUTE).predict(Row.of("x", 1));
      answer = row;
      y = row.value().number("y");
    } else {
      Prediction<Out> record = runtime.model(ROUTE, In.class, Out.class).predict(new In(1));
      answer = record;
      y = record.value().y();
    }
    String number = answer.version().number();
    expect(y == Double.parseDouble(number), number + " answered " + y);
    expect(Integer.parseInt(number) <= GOOD, "answered by " + answer.version());
  }

  private void told(String what, SwapReport report) {
    count(what + (report.swapped() ? " swapped" : " unchanged"));
    expect(Integer.parseInt(report.to().number()) <= GOOD, what + " went to " + report.to());
  }

  private void health(Health health) {
    expect(health.ready(), "not ready: " + health);
    expect(health.routes().size() == 1, "routes: " + health);
    expect(health.routes().get(0).serving().isPresent(), "serves nothing: " + health);
  }

  /** Nobody calls. One version serves, and what is not warm beside it ends. */
  private void quiescent(ModelRuntime runtime, Random random) {
    health(runtime.health());
    Health.Route route = runtime.health().routes().get(0);
    ModelHandle<Row, Row> model = runtime.model(ROUTE);
    expect(route.serving().equals(Optional.of(model.version())), "health " + route);
    if (!route.versions().isEmpty()) {
      List<Health.Loaded> active =
          route.versions().stream().filter(v -> v.state() == VersionState.ACTIVE).toList();
      expect(active.size() == 1, "active: " + active);
      expect(active.get(0).version().equals(model.version()), "active: " + active);
    }
    answers(runtime, random);
    awaitLive(1, 2);

    // what a person does next does what it says, whatever happened before
    String good = NUMBERS.get(random.nextInt(GOOD));
    store.move(good);
    SwapReport forward = runtime.refresh(ROUTE);
    expect(forward.to().number().equals(good), "moved to " + good + ": " + forward);
    expect(model.version().number().equals(good), "serves " + model.version());
    expect(!runtime.health().routes().get(0).overridden(), "overridden after a newer revision");
    if (forward.swapped() && random.nextBoolean()) {
      SwapReport back = runtime.rollback(ROUTE, "a test wants it so");
      expect(forward.from().equals(Optional.of(back.to())), "rolled back by " + back);
      expect(runtime.health().routes().get(0).overridden(), "not overridden: " + back);
      expect(!runtime.refresh(ROUTE).swapped(), "a refresh ended a rollback");
      awaitLive(2, 2);
      if (random.nextBoolean()) {
        SwapReport cleared = runtime.clearOverride(ROUTE);
        expect(cleared.to().number().equals(good), "cleared by " + cleared);
        expect(!runtime.health().routes().get(0).overridden(), "overridden: " + cleared);
      }
    }
    answers(runtime, random);
    awaitLive(1, 2);
  }

  /** The same runtime after a restart serves what it served. */
  private ModelRuntime restarted(ModelRuntime runtime) {
    String serving = runtime.model(ROUTE).version().number();
    boolean overridden = runtime.health().routes().get(0).overridden();
    runtime.close();
    expect(engine.live() == 0, engine.live() + " sessions after close");
    expect(store.open() == 0, store.open() + " packages after close");
    ModelRuntime next = runtime();
    expect(
        next.model(ROUTE).version().number().equals(serving),
        "served " + serving + " before a restart and " + next.model(ROUTE).version() + " after");
    expect(
        next.health().routes().get(0).overridden() == overridden,
        "overridden was " + overridden + " before a restart");
    count("restarts");
    return next;
  }

  private void awaitLive(int least, int most) {
    long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
    while ((engine.live() < least || engine.live() > most || store.open() != engine.live())
        && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    int live = engine.live();
    expect(live >= least && live <= most, live + " sessions, wanted " + least + " to " + most);
    expect(store.open() == live, store.open() + " packages for " + live + " sessions");
  }

  private void count(String outcome) {
    outcomes.computeIfAbsent(outcome, o -> new AtomicInteger()).incrementAndGet();
  }

  private void expect(boolean holds, String what) {
    if (!holds) {
      wrong.add(what);
    }
  }

  /** Takes a moment, as gates do, and lets all but one version pass. */
  private static final class NotTheSeventh implements Gate {
    @Override
    public String name() {
      return "taste";
    }

    @Override
    public Result check(Candidate candidate) {
      LockSupport.parkNanos(50_000);
      candidate.predict(List.of(Row.of("x", 1)));
      return candidate.version().version().number().equals("7")
          ? fail("it is the seventh")
          : pass("it is not the seventh");
    }
  }
}
