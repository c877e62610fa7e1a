package dev.mlops.observe;

import dev.mlops.model.Version;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Is told what a runtime does: for an alert, an audit log, a library of metrics. Each method has a
 * default but {@link #happened}, so a lambda will do.
 *
 * <p>What it throws, an {@link Error} too, is logged and harms nothing: the first time at warning,
 * later at debug.
 */
@FunctionalInterface
public interface RuntimeListener {
  /**
   * Something happened to a version. Called on a thread that the runtime has for this listener
   * alone, one event after the other, so a listener that blocks delays neither predictions nor
   * swaps nor other listeners, but only the events behind it; when a thousand wait for it, later
   * ones are dropped and {@link Health#droppedEvents} counts them, over all listeners. Listeners
   * hear of an event at different moments.
   */
  void happened(LifecycleEvent event);

  /** The runtime was built. Called by who builds it. */
  default void started(Supplier<Health> health) {}

  /**
   * A version is about to serve on a route.
   *
   * @return what is told of its calls; empty to be told nothing, and then no call is timed for it
   */
  default Optional<CallListener> calls(String route, Version version) {
    return Optional.empty();
  }

  /**
   * The runtime was closed; no event comes after this. Called on the thread of {@link #happened},
   * when all that happened was told; if the close does not wait for that any longer, as the
   * listener blocks, then as soon as it returns, which is after an interrupt if it heeds that. What
   * waited is dropped and counted.
   */
  default void closed() {}
}
