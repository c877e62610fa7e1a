package dev.mlops.runtime.serving;

import dev.mlops.engine.Engine;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.observe.VersionObserver;
import dev.mlops.rollout.Gate;
import dev.mlops.runtime.rollout.Gates;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a runtime was built with, checked by its builder. Public for the front door alone.
 *
 * @param store where versions come from
 * @param engines asked in turn, those for one model only for that
 * @param observers opened for each version a route serves
 * @param listeners told of events and of how calls went
 * @param gates those of the user, after the standard ones
 * @param limits how many and how long
 * @param upkeep what the runtime does by itself
 * @param state where decisions of this process outlive it
 * @param clock what receipts, events and logs are dated by
 * @param firstId the id of the first prediction
 */
public record Settings(
    ModelStore store,
    List<ModelEngine> engines,
    List<VersionObserver.Factory> observers,
    List<RuntimeListener> listeners,
    List<ModelGate> gates,
    Limits limits,
    Upkeep upkeep,
    Optional<Path> state,
    InstantSource clock,
    long firstId) {
  /**
   * A gate of the user's.
   *
   * @param model the model whose versions it checks; empty for all
   */
  public record ModelGate(Optional<String> model, Gate gate) {}

  /**
   * An engine.
   *
   * @param model the model whose versions it is asked for; empty for all
   */
  public record ModelEngine(Optional<String> model, Engine engine) {}

  /**
   * How many and how long.
   *
   * @param slots how many calls of one version run at once
   * @param within the limit of a call that says none
   * @param keepWarm how long a version that was replaced stays loaded
   * @param drain how long calls of a version that ends may go on
   */
  public record Limits(int slots, Duration within, Duration keepWarm, Duration drain) {}

  /**
   * What the runtime does by itself.
   *
   * @param follow how often it looks at the aliases; zero for never
   * @param startDegraded whether a route may begin without a version
   * @param leaseStacks whether a lease keeps the stack that took it
   * @param memoryCheck whether a load is refused that does not fit into memory
   * @param trim whether freed native memory is given back to the system
   */
  public record Upkeep(
      Duration follow,
      boolean startDegraded,
      boolean leaseStacks,
      boolean memoryCheck,
      boolean trim) {}

  /** Copies the lists. */
  public Settings {
    engines = List.copyOf(engines);
    observers = List.copyOf(observers);
    listeners = List.copyOf(listeners);
    gates = List.copyOf(gates);
  }

  /** The engines that are asked for a model, in order. */
  List<Engine> engines(String model) {
    List<Engine> asked = new ArrayList<>();
    for (ModelEngine each : engines) {
      if (concerns(each.model(), model)) {
        asked.add(each.engine());
      }
    }
    return asked;
  }

  /** All that a version of a model must pass, in order. */
  List<Gate> gates(String model) {
    List<Gate> all = new ArrayList<>(Gates.standard());
    all.addAll(gatesOf(model));
    return all;
  }

  /** Those of them that compare it with the version in force. */
  List<Gate> comparisons(String model) {
    return gatesOf(model).stream().filter(Gate::compares).toList();
  }

  private List<Gate> gatesOf(String model) {
    List<Gate> own = new ArrayList<>();
    for (ModelGate each : gates) {
      if (concerns(each.model(), model)) {
        own.add(each.gate());
      }
    }
    return own;
  }

  /** Whether what was set for one model, or for all, is for this one. */
  private static boolean concerns(Optional<String> setFor, String model) {
    return setFor.isEmpty() || setFor.get().equals(model);
  }
}
