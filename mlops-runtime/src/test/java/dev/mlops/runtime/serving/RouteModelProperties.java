package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.rollout.Gate.Outcome;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.Tuple.Tuple2;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * A route does what its model does, over any sequence of what can happen to it and to its store.
 */
final class RouteModelProperties {
  private static final AtomicInteger STEPS = new AtomicInteger();
  private static final int MANY = 2_800;
  private static final AtomicInteger RUNS = new AtomicInteger();
  private static final Logger LOG = Logger.getLogger("dev.mlops.runtime.serving");
  private static Path folder = Path.of("");

  /** A step that says what it is when a sequence is printed. */
  private record Named(String name, RouteModelRun.Step step) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** How the runtime is built, and what happens to it. */
  private record Sequence(RouteModelRun.Setup setup, List<Named> steps) {
    @Override
    public String toString() {
      return setup + steps.stream().map(step -> "\n  " + step).collect(Collectors.joining());
    }
  }

  @BeforeContainer
  static void makeFolder() throws IOException {
    folder = Files.createTempDirectory("route-model");
    LOG.setLevel(Level.OFF); // most versions of these tests fail at something
  }

  @AfterContainer
  static void removeFolder() throws IOException {
    LOG.setLevel(null);
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (DirectoryNotEmptyException e) {
      System.out.println(e + ": a failure was still being made smaller");
    }
    System.out.println("route model: " + STEPS + " steps in " + RUNS + " sequences");
    if (RUNS.get() >= MANY) {
      assertThat(STEPS.get()).as("steps that were compared").isGreaterThanOrEqualTo(100_000);
    }
  }

  @Property(
      tries = 80,
      seed = "1201",
      edgeCases = EdgeCasesMode.NONE,
      shrinking = ShrinkingMode.OFF)
  void route_anySequence_doesAsItsModel(@ForAll("sequences") Sequence sequence) {
    agrees(sequence, RouteModel::new);
  }

  @Property(
      tries = MANY,
      seed = "1202",
      edgeCases = EdgeCasesMode.NONE,
      shrinking = ShrinkingMode.OFF)
  @Tag("proof")
  void route_hundredThousandSteps_doesAsItsModel(@ForAll("sequences") Sequence sequence) {
    agrees(sequence, RouteModel::new);
  }

  private static void agrees(Sequence sequence, Function<RouteModel.World, RouteModel> model) {
    Optional<AssertionError> found = run(sequence, model);
    if (found.isPresent()) {
      Sequence smallest = smallest(sequence, model);
      throw new AssertionError(
          found.get().getMessage() + "\nsmallest sequence: " + smallest, found.get());
    }
  }

  /** Where runtime and model differ first. */
  private static Optional<AssertionError> run(
      Sequence sequence, Function<RouteModel.World, RouteModel> model) {
    Path mine = folder.resolve(String.valueOf(RUNS.incrementAndGet()));
    String at = "the start";
    try (RouteModelRun run = new RouteModelRun(sequence.setup(), mine, model)) {
      for (Named each : sequence.steps()) {
        at = each.name();
        try {
          each.step().takenBy(run);
          run.agree();
        } catch (AssertionError e) {
          if (run.alone()) {
            throw e;
          }
        }
        if (!run.alone()) {
          return Optional.empty(); // the machine stood still, and the runtime may have gone on
        }
        STEPS.incrementAndGet();
      }
      at = "the end";
    } catch (AssertionError e) {
      return Optional.of(new AssertionError("after " + at + ": " + e.getMessage(), e));
    }
    return Optional.empty();
  }

  /** The same without the steps that do not matter. */
  private static Sequence smallest(
      Sequence sequence, Function<RouteModel.World, RouteModel> model) {
    Sequence small = sequence;
    for (int length = sequence.steps().size() / 2; length > 0; length /= 2) {
      for (int from = small.steps().size() - length; from >= 0; from--) {
        List<Named> fewer = new ArrayList<>(small.steps());
        fewer.subList(from, Math.min(fewer.size(), from + length)).clear();
        Sequence smaller = new Sequence(small.setup(), fewer);
        if (run(smaller, model).isPresent()) {
          small = smaller;
          from = Math.min(from, small.steps().size() - length + 1);
        }
      }
    }
    return small;
  }

  // --- what may happen ---

  @Provide
  Arbitrary<Sequence> sequences() {
    Arbitrary<Boolean> either = Arbitraries.of(true, false);
    Arbitrary<Boolean> often = Arbitraries.of(true, true, false);
    Arbitrary<RouteModelRun.Setup> setups =
        Combinators.combine(often, often, either, either).as(RouteModelRun.Setup::new);
    Arbitrary<List<Named>> steps =
        Arbitraries.frequency(steps())
            .list()
            .ofMinSize(1)
            .ofMaxSize(80)
            .withSizeDistribution(RandomDistribution.uniform());
    return Combinators.combine(setups, steps).as(Sequence::new);
  }

  private static List<Tuple2<Integer, Named>> steps() {
    List<Tuple2<Integer, Named>> all = new ArrayList<>();
    for (String version : RouteModelRun.VERSIONS) {
      all.add(step(14, "the alias moves to " + version, run -> run.move(version)));
      for (RouteModel.Condition condition : RouteModel.Condition.values()) {
        int often = condition == RouteModel.Condition.GOOD ? 10 : 3;
        all.add(
            step(often, version + " becomes " + condition, run -> run.becomes(version, condition)));
      }
    }
    all.add(step(3, "the store goes back by one", run -> run.back(1)));
    all.add(step(2, "the store goes back by three", run -> run.back(3)));
    all.add(step(3, "the store goes down", run -> run.down(true)));
    all.add(step(14, "the store comes up", run -> run.down(false)));
    all.add(step(24, "restart", RouteModelRun::restart));
    all.add(step(1, "close", RouteModelRun::shutDown));
    RouteModelRun.ROUTES.forEach(route -> all.addAll(steps(route)));
    return all;
  }

  private static List<Tuple2<Integer, Named>> steps(String route) {
    int often = route.equals(RouteModelRun.ROUTES.get(0)) ? 2 : 1;
    List<Tuple2<Integer, Named>> all = new ArrayList<>();
    all.add(step(2 * often, "ask for " + route, run -> run.ask(route)));
    all.add(
        step(
            20 * often,
            "refresh " + route,
            run -> run.calls(route, r -> r.refresh(route), RouteModel::refresh)));
    all.add(
        step(
            10 * often,
            "roll back " + route,
            run -> run.calls(route, r -> r.rollback(route, "why"), RouteModel::rollback)));
    all.add(
        step(
            6 * often,
            "clear the override of " + route,
            run -> run.calls(route, r -> r.clearOverride(route), RouteModel::clearOverride)));
    all.add(step(2 * often, "expire what " + route + " retains", run -> run.expire(route)));
    for (String version : RouteModelRun.VERSIONS) {
      all.add(
          step(
              3 * often,
              "override " + route + " with " + version,
              run ->
                  run.calls(
                      route,
                      r -> r.override(route, version, "why"),
                      model -> model.override(version))));
    }
    return all;
  }

  private static Tuple2<Integer, Named> step(int often, String name, RouteModelRun.Step step) {
    return Tuple.of(often, new Named(name, step));
  }

  // --- a rule that is broken is found ---

  private record Broken(String rule, Function<RouteModel.World, RouteModel> model) {}

  /** Rules as {@code docs/lifecycle.md} says them, and a model that breaks each. */
  private static final List<Broken> BROKEN =
      List.of(
          new Broken("A newer revision lifts a ban", BanStays::new),
          new Broken("An override ends with it", OverrideStays::new),
          new Broken("Is not followed", LowerFollowed::new),
          new Broken("A refusal is told again without a load", RefusalForgotten::new),
          new Broken("A rollback does not go twice", RollbackTwice::new),
          new Broken(
              "An override obeys every gate that does not compare", OverrideObeysNothing::new),
          new Broken("A restart keeps a rollback", RestartForgets::new));

  static List<String> rules() {
    return BROKEN.stream().map(Broken::rule).toList();
  }

  /** Within how many steps. */
  private static final int ENOUGH = 10_000;

  @Property(tries = 1, seed = "1203")
  void route_modelWithOneRuleBroken_isFoundToDiffer() {
    BROKEN.forEach(
        broken -> {
          int before = STEPS.get();
          Optional<Sequence> found =
              sequences()
                  .sampleStream()
                  .takeWhile(sequence -> STEPS.get() - before < ENOUGH)
                  .filter(sequence -> run(sequence, broken.model()).isPresent())
                  .findFirst();
          int steps = STEPS.get() - before;
          assertThat(found).as(broken.rule()).isPresent();
          System.out.println("found after " + steps + " steps without: " + broken.rule());
        });
  }

  private static final class BanStays extends RouteModel {
    BanStays(World world) {
      super(world);
    }

    @Override
    void follows(long head) {
      String ban = banned;
      super.follows(head);
      banned = ban;
    }
  }

  private static final class OverrideStays extends RouteModel {
    OverrideStays(World world) {
      super(world);
    }

    @Override
    void follows(long head) {
      String mine = override;
      super.follows(head);
      override = mine;
    }
  }

  private static final class LowerFollowed extends RouteModel {
    LowerFollowed(World world) {
      super(world);
    }

    @Override
    boolean lower(long head, long highest) {
      return false;
    }
  }

  private static final class RefusalForgotten extends RouteModel {
    RefusalForgotten(World world) {
      super(world);
    }

    @Override
    boolean told(String version, long head) {
      return false;
    }
  }

  private static final class RollbackTwice extends RouteModel {
    RollbackTwice(World world) {
      super(world);
    }

    @Override
    boolean turnedAway(String version) {
      return false;
    }
  }

  private static final class OverrideObeysNothing extends RouteModel {
    OverrideObeysNothing(World world) {
      super(world);
    }

    @Override
    Outcome obeyed(String version) {
      return Outcome.PASS;
    }
  }

  private static final class RestartForgets extends RouteModel {
    RestartForgets(World world) {
      super(world);
    }

    @Override
    void restart() {
      override = null;
      super.restart();
    }
  }
}
