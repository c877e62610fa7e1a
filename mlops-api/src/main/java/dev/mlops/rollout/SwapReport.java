package dev.mlops.rollout;

import dev.mlops.model.Version;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What happened when a route was told to serve another version.
 *
 * @param route such as {@code storms@champion}
 * @param from what it served before; empty if nothing
 * @param to what it serves now; the same as before if there was nothing to do
 * @param engine what runs it, in words for people: the engine's name and, where others were asked
 *     before, why they do not; such as {@code tabular}
 * @param gates what each gate found, in the order they ran
 * @param phases how long each phase took, of these in their order: open, load, warm, gates,
 *     publish; of a rollback publish and, in the report that is returned, state, the time in which
 *     it was written down
 */
public record SwapReport(
    String route,
    Optional<Version> from,
    Version to,
    String engine,
    List<Gate.Result> gates,
    Map<String, Duration> phases) {
  /** Copies the list; the map is copied in its order. */
  public SwapReport {
    gates = List.copyOf(gates);
    phases = Collections.unmodifiableMap(new LinkedHashMap<>(phases));
  }

  /** Whether another version serves than before. */
  public boolean swapped() {
    return !from.equals(Optional.of(to));
  }

  /** How long it took, from the store to the first call: the sum of the phases. */
  public Duration took() {
    return phases.values().stream().reduce(Duration.ZERO, Duration::plus);
  }

  /** Whether it serves although a gate did not let it pass: a person overrode it. */
  public boolean forced() {
    return swapped() && !gates.stream().allMatch(Gate.Result::lets);
  }
}
