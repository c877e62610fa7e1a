package dev.mlops.runtime.serving;

import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelLease;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.runtime.codec.BoundCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A handle on a route: the path of every prediction. */
final class RouteHandle<I, O> implements ModelHandle<I, O> {
  /** See the end of the stack in {@link Slots}. */
  static final Class<?> CAUGHT = StackOverflowError.class;

  private static final Call PLAIN = Call.with();

  private final Route route;
  private final int index;
  private final Function<ModelSchema, BoundCodec<I, O>> binder;
  private final CallbackGuard guard;
  private final Lifecycle lifecycle;
  private final boolean leaseStacks;
  private final long within;

  RouteHandle(
      Route route, int index, Function<ModelSchema, BoundCodec<I, O>> binder, Route.Shared shared) {
    this.route = route;
    this.index = index;
    this.binder = binder;
    this.guard = shared.guard();
    this.lifecycle = shared.lifecycle();
    this.leaseStacks = shared.settings().upkeep().leaseStacks();
    this.within = nanos(shared.settings().limits().within());
  }

  BoundCodec<I, O> bind(ModelSchema schema) {
    return binder.apply(schema);
  }

  String route() {
    return route.name();
  }

  void tell(Function<Instant, LifecycleEvent> event) {
    route.tell(event);
  }

  @Override
  public Prediction<O> predict(I input) {
    return predict(input, PLAIN);
  }

  @Override
  public Prediction<O> predict(I input, Call call) {
    boolean[] inside = guard.enter("predict");
    try {
      Table table = route.table();
      ServedVersion served = table.served;
      long start = served.start();
      int slot = served.slots.claim(0);
      // What follows is the short way. No test can miss it: predictLater gives the same answers.
      if (slot >= 0) {
        try {
          if (!served.retired()) {
            return one(table, slot, input, call, runLimit(call), start);
          }
        } catch (RuntimeException | Error e) {
          served.failed(e);
          throw e;
        } finally {
          try {
            served.slots.release(slot);
          } catch (StackOverflowError e) {
            served.slots.lost[slot] = true;
            served.slots.anyLost = true;
          }
        }
      }
      return predictLater(table, false, input, call);
    } finally {
      inside[0] = false;
    }
  }

  /** Scores with the version of a lease. */
  Prediction<O> predict(Table leased, I input, Call call) {
    boolean[] inside = guard.enter("predict");
    try {
      return predictLater(leased, true, input, call);
    } finally {
      inside[0] = false;
    }
  }

  /** After the first claim was in vain, or for a lease. */
  private Prediction<O> predictLater(Table at, boolean leased, I input, Call call) {
    long began = System.nanoTime(); // the limit counts from the moment that no slot is free
    long limit = limit(call);
    long waited = 0;
    Table table = at;
    try {
      int slot = table.served.slots.claim(0);
      while (true) {
        ServedVersion served = table.served;
        if (slot >= 0) {
          try {
            if (leased ? !served.over() : !served.retired()) {
              long left = waited == 0 ? runLimit(call) : Math.max(1, limit - waited);
              long start = served.start() == 0 ? 0 : began;
              return one(table, slot, input, call, left, start);
            }
          } finally {
            try {
              served.slots.release(slot);
            } catch (StackOverflowError e) {
              served.slots.lost[slot] = true;
              served.slots.anyLost = true;
            }
          }
          slot = Slots.CLOSED;
        }
        if (slot == Slots.CLOSED) {
          if (leased || route.closed()) {
            throw refusal(slot, served, call);
          }
          table = route.table(); // it names another version by now
          slot = table.served.slots.claim(0);
        } else if (slot == Slots.BUSY && limit - waited > 0) {
          // At 0 a claim would not wait either; no test has a call wait for two versions in turn.
          slot = served.slots.claim(limit - waited);
          waited = Math.max(1, System.nanoTime() - began);
          served.waited(waited);
        } else {
          throw refusal(slot, served, call);
        }
      }
    } catch (RuntimeException | Error e) {
      table.served.failed(e); // the version it failed on, which may not be the one it began with
      throw e;
    }
  }

  @Override
  public List<Prediction<O>> predictAll(List<? extends I> inputs, Call call) {
    int size = inputs.size(); // once: it is the caller's code
    if (size == 0) {
      throw new InvalidInputException("the batch is empty; wanted at least one input");
    }
    boolean[] inside = guard.enter("predictAll");
    ServedVersion served = null;
    try {
      while (true) {
        Table table = route.table();
        served = table.served;
        if (served.holds.take()) { // the version must not end between two chunks
          try {
            return all(table, inputs, size, call);
          } finally {
            served.holds.release();
          }
        }
        if (route.closed()) {
          throw refusal(Slots.CLOSED, served, call);
        }
      }
    } catch (RuntimeException | Error e) {
      if (served != null) {
        served.failed(e);
      }
      throw e;
    } finally {
      inside[0] = false;
    }
  }

  @Override
  public Version version() {
    return route.table().served.version;
  }

  @Override
  public ModelLease<I, O> lease(Duration atMost) {
    if (atMost.isZero() || atMost.isNegative()) {
      throw new IllegalArgumentException("atMost was " + atMost + " but must be more than zero");
    }
    boolean[] inside = guard.enter("lease");
    try {
      while (true) {
        Table table = route.table();
        if (table.served.holds.take()) {
          RouteLease<I, O> lease =
              new RouteLease<>(this, table, Duration.ofNanos(nanos(atMost)), leaseStacks);
          lease.expiresBy(lifecycle.after(Duration.ofNanos(nanos(atMost)), lease::expire));
          if (!table.served.over()) { // else its drain was over before the hold was taken
            return lease;
          }
          lease.close();
        }
        if (route.closed()) {
          throw refusal(Slots.CLOSED, table.served, PLAIN);
        }
      }
    } finally {
      inside[0] = false;
    }
  }

  /** The route and what it serves. */
  @Override
  public String toString() {
    return route.name() + (route.serves() ? " -> " + version() : " -> nothing yet");
  }

  private Prediction<O> one(Table table, int slot, I input, Call call, long limit, long start) {
    ServedVersion served = table.served;
    BoundCodec<I, O> codec = codec(table);
    SlotState state = served.loaded.state(slot);
    codec.write(input, state.frame);
    served.loaded.run(state, limit, served);
    O value = codec.read(state.frame, 0);
    Facts facts = served.capture(state, 0, route.millis(), call);
    if (call.recorded() && served.observed()) {
      state.begin(call, 1);
      state.facts(0, facts);
      served.tell(state);
    }
    served.answered(slot, 1, start);
    return Prediction.of(value, served.version, facts);
  }

  private List<Prediction<O>> all(Table table, List<? extends I> inputs, int size, Call call) {
    ServedVersion served = table.served;
    List<Prediction<O>> answers = new ArrayList<>(size);
    long start = served.start();
    int slot = served.slots.claim(0);
    int last = -1;
    try {
      if (slot == Slots.BUSY) {
        long began = System.nanoTime();
        slot = served.slots.claim(limit(call));
        served.waited(System.nanoTime() - began);
      }
      for (int from = 0; from < size; from += LoadedVersion.CHUNK) {
        if (from > 0) {
          slot = served.slots.handOver(slot, limit(call));
        }
        if (slot < 0) {
          throw refusal(slot, served, call);
        }
        if (served.over()) {
          throw refusal(Slots.CLOSED, served, call);
        }
        last = slot;
        int rows = Math.min(LoadedVersion.CHUNK, size - from);
        chunk(table, served.loaded.state(slot), inputs, from, rows, call, answers);
      }
      served.answered(last, size, start);
      return answers;
    } finally {
      if (slot >= 0) {
        try {
          served.slots.release(slot);
        } catch (StackOverflowError e) {
          served.slots.lost[slot] = true;
          served.slots.anyLost = true;
        }
      }
    }
  }

  private void chunk(
      Table table,
      SlotState state,
      List<? extends I> inputs,
      int from,
      int rows,
      Call call,
      List<Prediction<O>> answers) {
    ServedVersion served = table.served;
    BoundCodec<I, O> codec = codec(table);
    codec.write(inputs, from, rows, state.frame);
    served.loaded.run(state, runLimit(call, rows), served);
    route.rowCounts().add(rows);
    long time = route.millis();
    boolean tell = call.recorded() && served.observed();
    if (tell) {
      state.begin(call, rows);
    }
    for (int row = 0; row < rows; row++) {
      Facts facts = served.capture(state, row, time, call);
      answers.add(Prediction.of(codec.read(state.frame, row), served.version, facts));
      if (tell) {
        state.facts(row, facts);
      }
    }
    if (tell) {
      served.tell(state);
    }
  }

  private RuntimeException refusal(int code, ServedVersion served, Call call) {
    if (code == Slots.CLOSED) {
      return new OverloadedException(
          route.closed()
              ? "the runtime is closed; " + route.name() + " answers no more calls"
              : served.version
                  + " was closed while a batch or a lease was on it, as its drain time was over; try again");
    }
    if (code == Slots.INTERRUPTED) {
      return new DeadlineException(
          "the thread was interrupted while it waited for a slot of " + served.version);
    }
    return new OverloadedException(
        "no slot of "
            + served.version
            + " came free within "
            + Duration.ofNanos(limit(call)).toMillis()
            + " ms: all "
            + served.slots.size()
            + " are in use. Try again, allow more time with Call.within, or build the runtime with"
            + " more slots");
  }

  private long limit(Call call) {
    Optional<Duration> limit = call.within();
    return limit.isPresent() ? nanos(limit.get()) : within;
  }

  /** How long a run may take that did not wait. */
  private long runLimit(Call call) {
    long limit = limit(call);
    return limit > 0 ? limit : within > 0 ? within : Long.MAX_VALUE;
  }

  private long runLimit(Call call, int rows) {
    long limit = runLimit(call);
    return limit > Long.MAX_VALUE / rows ? Long.MAX_VALUE : limit * rows;
  }

  private static long nanos(Duration limit) {
    return limit.toSeconds() > Integer.MAX_VALUE ? Long.MAX_VALUE / 4 : limit.toNanos();
  }

  @SuppressWarnings("unchecked") // the codec at a handle's index was bound by that handle
  private BoundCodec<I, O> codec(Table table) {
    return (BoundCodec<I, O>) table.codec(index);
  }
}
