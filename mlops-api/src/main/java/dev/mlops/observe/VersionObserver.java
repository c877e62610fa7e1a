package dev.mlops.observe;

import dev.mlops.store.StoredVersion;
import java.util.Optional;

/**
 * Is told of a version's predictions as they pass. Calls for one slot never overlap, and each
 * happens before the next; calls for different slots run at the same time. It runs on the caller's
 * thread, so it must be fast, must not block and must not predict; what it throws is logged once,
 * and never reaches the caller. Warm-up and gate calls never arrive.
 */
public interface VersionObserver extends AutoCloseable {
  /**
   * One call, or one chunk of a batch.
   *
   * @param seen valid during this call only
   */
  void observed(Observation seen);

  /** No call comes after this one. Closed by the runtime, once. */
  @Override
  void close();

  /**
   * Opens an observer for each version a route serves. The runtime never closes a factory; it may
   * outlive several runtimes.
   */
  @FunctionalInterface
  interface Factory {
    /**
     * Opens an observer, before the version serves.
     *
     * @param route such as {@code storms@champion}
     * @param version read what is wanted of it here: it may be closed later
     * @param slots how many slots it has
     * @return empty if this version is of no interest
     */
    Optional<VersionObserver> open(String route, StoredVersion version, int slots);
  }
}
