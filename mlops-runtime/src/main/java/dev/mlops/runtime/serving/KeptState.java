package dev.mlops.runtime.serving;

import dev.mlops.model.ModelRef;
import dev.mlops.store.StoreUnavailableException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What was decided about a route, in memory and in the state folder.
 *
 * <p>A disk may hang, and then no rollback, no look at the health and no close may wait for it. So
 * nothing is written under the route's lock. What a change decides is written before it is so:
 * {@link #prepare} writes what follows from the state there is, and then, under the route's lock,
 * {@link #become} makes it the state; unless that is another by then, for a rollback does not wait
 * for the change: then {@link #forgo}. A rollback is so at once, and {@link #catchUp} writes it.
 */
final class KeptState {
  /*
   * `writing` is held for each write, and never taken under the route's lock. catchUp may be about
   * to write an older state when become makes a newer one of what was prepared: it looks again
   * after each write, so the newest is written last.
   */
  private static final String BEHIND = "it is being written";

  private final ModelRef ref;
  private final StateFolder folder;
  private final Object writing = new Object();

  /** Changed by the one change under way, and by a rollback, under the route's lock. */
  private volatile RouteState state = RouteState.NEW;

  /** What the folder held when that was last known; changed under {@link #writing}. */
  private volatile RouteState written = RouteState.NEW;

  /** Whether it may hold something else: a write goes on, or has failed. */
  private volatile boolean uncertain;

  /** Why the folder does not hold what is so; null if it does, or is about to. */
  private volatile @Nullable String unwritten;

  KeptState(ModelRef ref, StateFolder folder) {
    this.ref = ref;
    this.folder = folder;
  }

  RouteState now() {
    return state;
  }

  /** Why a restart would not know what is so. */
  Optional<String> unwritten() {
    return Optional.ofNullable(unwritten);
  }

  /**
   * What an earlier process left is so; for a route that serves nothing.
   *
   * @throws StoreUnavailableException if it cannot be read
   */
  RouteState load() {
    synchronized (writing) {
      RouteState left = folder.read(ref);
      written = left;
      uncertain = false;
      unwritten = null;
      state = left;
      return left;
    }
  }

  /**
   * Writes what is about to be decided; without the route's lock.
   *
   * @param from what it follows from
   * @param route what is asked before it takes the place of what is written there
   * @return whether that still is the state
   * @throws StoreUnavailableException if it cannot be kept: then nothing is to be decided
   */
  boolean prepare(RouteState from, RouteState next, StateFolder.Open route) {
    synchronized (writing) {
      if (!state.equals(from)) {
        return false;
      }
      write(next, route);
      return true;
    }
  }

  /**
   * Under the route's lock: what was prepared is so.
   *
   * @return false if the state is another by now, or was written over: forgo it
   */
  boolean become(RouteState from, RouteState next) {
    if (!state.equals(from) || !next.equals(written) || uncertain) {
      return false;
    }
    state = next;
    unwritten = null;
    return true;
  }

  /** Under the route's lock: it is so, and will be written. */
  void change(RouteState next) {
    state = next;
    unwritten = BEHIND;
  }

  /**
   * What was prepared, or may have been, will not be decided: what is so is written again. Not over
   * what another process wrote meanwhile, if this one took its time to end.
   */
  void forgo(RouteState next) {
    synchronized (writing) {
      try {
        if (state.equals(written) && !uncertain) {
          return;
        }
        RouteState there = folder.read(ref);
        if (!there.equals(next)) {
          written = there;
          uncertain = false;
        }
        if (there.equals(next) || unwritten != null) {
          catchUp();
        }
      } catch (StoreUnavailableException e) {
        failed(e);
      }
    }
  }

  /**
   * Sees that the folder holds what is so. That it cannot be written undoes nothing: it is told,
   * and each later look tries again.
   */
  void catchUp() {
    synchronized (writing) {
      while (!state.equals(written) || uncertain) {
        try {
          write(state, () -> {});
          unwritten = null;
          if (!state.equals(written)) { // a rollback, just now
            unwritten = BEHIND;
          }
        } catch (RuntimeException e) {
          failed(e);
          return;
        }
      }
    }
  }

  private void failed(RuntimeException e) {
    String why = String.valueOf(e.getMessage());
    if (!why.equals(unwritten)) {
      log().log(Level.WARNING, "what was decided on " + ref + " is not in the state folder", e);
    }
    unwritten = why;
  }

  private void write(RouteState next, StateFolder.Open route) {
    uncertain = true;
    if (ref.kind() == ModelRef.Kind.ALIAS) { // a pinned route decides nothing
      folder.write(ref, next, route);
    }
    written = next;
    uncertain = false;
  }

  private static System.Logger log() {
    return System.getLogger(KeptState.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
