package dev.mlops.runtime.serving;

import dev.mlops.engine.Engine;
import dev.mlops.observe.VersionObserver;
import dev.mlops.rollout.Gate;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * What a runtime was built with, checked by its builder. Public for the front door alone.
 *
 * @param store where versions come from
 * @param engines asked in turn
 * @param observers opened for each version a route serves
 * @param gates those of the user, after the standard ones
 * @param slots how many calls of one version run at once
 * @param within the longest wait of a call that says none
 * @param keepWarm how long a version that was replaced stays loaded
 * @param state where decisions of this process outlive it
 * @param clock what receipts and logs are dated by
 * @param firstId the id of the first prediction
 */
public record Settings(
    ModelStore store,
    List<Engine> engines,
    List<VersionObserver.Factory> observers,
    List<ModelGate> gates,
    int slots,
    Duration within,
    Duration keepWarm,
    Optional<Path> state,
    InstantSource clock,
    long firstId) {
  /**
   * A gate of the user's.
   *
   * @param model the model whose versions it checks; empty for all
   */
  public record ModelGate(Optional<String> model, Gate gate) {}

  /** Copies the lists. */
  public Settings {
    engines = List.copyOf(engines);
    observers = List.copyOf(observers);
    gates = List.copyOf(gates);
  }

  List<Gate> gatesOf(String model) {
    return gates.stream()
        .filter(gate -> gate.model().isEmpty() || gate.model().get().equals(model))
        .map(ModelGate::gate)
        .toList();
  }
}
