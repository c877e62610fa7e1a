package dev.mlops.runtime.serving;

import dev.mlops.inference.ModelHandle;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.Gate;
import dev.mlops.runtime.codec.BoundCodec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The handles of a route: a version joins it only if it fits them all. Each method is called under
 * the route's lock.
 */
final class RouteHandles {
  private final Map<Object, RouteHandle<?, ?>> byKey = new HashMap<>();
  private final List<RouteHandle<?, ?>> byIndex = new ArrayList<>();

  int size() {
    return byIndex.size();
  }

  /** The handle of a key, which names both types or is the codec itself. */
  @SuppressWarnings("unchecked") // so the key tells the types
  <I, O> @Nullable ModelHandle<I, O> get(Object key) {
    return (RouteHandle<I, O>) byKey.get(key);
  }

  void add(Object key, RouteHandle<?, ?> handle) {
    byIndex.add(handle);
    byKey.put(key, handle);
  }

  /**
   * Binds a codec for each handle, by its index.
   *
   * @return what does not fit; empty if all do, and {@code bound} has them
   */
  Optional<Gate.Result> bind(ModelSchema schema, List<BoundCodec<?, ?>> bound) {
    for (RouteHandle<?, ?> handle : byIndex) {
      try {
        bound.add(handle.bind(schema));
      } catch (InvalidSettingsException e) {
        return Optional.of(
            new Gate.Result(
                "schema",
                Gate.Outcome.FAIL,
                "it does not fit a handle of this route: " + e.getMessage()));
      }
    }
    return Optional.empty();
  }
}
