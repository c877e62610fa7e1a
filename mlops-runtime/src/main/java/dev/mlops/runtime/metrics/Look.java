package dev.mlops.runtime.metrics;

import dev.mlops.observe.Health;
import dev.mlops.observe.VersionState;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * The health of a runtime at a moment, as gauges ask for it. Each of a hundred routes has a gauge
 * for each state, and all of them together ask the runtime once.
 *
 * @param nanos when
 * @param dropped how many events were not told
 * @param versions of each route, how many are in a state
 */
record Look(long nanos, long dropped, Map<String, Map<VersionState, Long>> versions) {
  static Look at(long nanos, Health health) {
    Map<String, Map<VersionState, Long>> versions = new HashMap<>();
    for (Health.Route route : health.routes()) {
      Map<VersionState, Long> states = new EnumMap<>(VersionState.class);
      route.versions().forEach(version -> states.merge(version.state(), 1L, Long::sum));
      versions.put(route.route(), states);
    }
    return new Look(nanos, health.droppedEvents(), versions);
  }

  boolean has(String route) {
    return versions.containsKey(route);
  }

  long count(String route, VersionState state) {
    return versions.getOrDefault(route, Map.of()).getOrDefault(state, 0L);
  }
}
