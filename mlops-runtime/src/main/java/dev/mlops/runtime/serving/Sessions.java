package dev.mlops.runtime.serving;

import dev.mlops.model.Version;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The loaded versions of a runtime: one session a version, whatever the number of routes that serve
 * it. One load at a time: two at once starve the calls on a small machine.
 */
final class Sessions {
  private final Loader loader;
  private final ReentrantLock loading = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Version, Use> open = new HashMap<>(); // guarded by the lock

  private static final class Use {
    final LoadedVersion loaded;
    int users = 1; // guarded by the lock

    Use(LoadedVersion loaded) {
      this.loaded = loaded;
    }
  }

  Sessions(Loader loader) {
    this.loader = loader;
  }

  /**
   * A version, loaded if no one has it.
   *
   * @param rowCounts how many rows runs of this route have had, so that none is news to the version
   * @return the caller's until it is given back by {@link #leave}
   */
  LoadedVersion acquire(Version version, int[] rowCounts, Phases phases) {
    LoadedVersion shared = join(version);
    if (shared != null) {
      return shared;
    }
    loading.lock();
    try {
      shared = join(version); // somebody loaded it while we waited
      if (shared != null) {
        return shared;
      }
      LoadedVersion loaded = loader.load(version, rowCounts, phases);
      lock.lock();
      try {
        open.put(version, new Use(loaded));
      } finally {
        lock.unlock();
      }
      return loaded;
    } finally {
      loading.unlock();
    }
  }

  /**
   * Gives a version back.
   *
   * @return whether nobody else has it: then it is the caller's to close, and a later {@link
   *     #acquire} loads it anew
   */
  boolean leave(LoadedVersion loaded) {
    lock.lock();
    try {
      Use use = open.get(loaded.version);
      if (use == null || use.loaded != loaded) {
        throw new IllegalStateException(loaded.version + " was given back too often");
      }
      use.users--;
      boolean last = use.users == 0;
      if (last) {
        open.remove(loaded.version);
      }
      return last;
    } finally {
      lock.unlock();
    }
  }

  /** Whether nobody else has a version that the caller has. */
  boolean alone(LoadedVersion loaded) {
    lock.lock();
    try {
      Use use = open.get(loaded.version);
      return use != null && use.loaded == loaded && use.users == 1;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable LoadedVersion join(Version version) {
    lock.lock();
    try {
      Use use = open.get(version);
      if (use == null) {
        return null;
      }
      use.users++;
      return use.loaded;
    } finally {
      lock.unlock();
    }
  }
}
