package dev.mlops.observe;

import dev.mlops.model.Version;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Is told what a runtime does: for an alert, an audit log, a library of metrics. Each method has a
 * default but {@link #happened}, so a lambda will do.
 *
 * <p>What it throws is logged and harms nothing.
 */
@FunctionalInterface
public interface RuntimeListener {
  /**
   * Something happened to a version. Called on a thread of the runtime's own for this, one event
   * after the other, so a listener that blocks delays neither predictions nor swaps, but the events
   * behind it; when a thousand wait, later ones are dropped and {@link Health#droppedEvents} counts
   * them.
   */
  void happened(LifecycleEvent event);

  /** The runtime was built. */
  default void started(Supplier<Health> health) {}

  /**
   * A version is about to serve on a route.
   *
   * @return what is told of its calls; empty to be told nothing, and then no call is timed for it
   */
  default Optional<CallListener> calls(String route, Version version) {
    return Optional.empty();
  }

  /** The runtime was closed; nothing comes after this. */
  default void closed() {}
}
