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
import dev.mlops.runtime.codec.BoundCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A handle on a route: the path of every prediction. */
final class RouteHandle<I, O> implements ModelHandle<I, O> {
  private static final Call PLAIN = Call.with();

  private final Route route;
  private final int index;
  private final Function<ModelSchema, BoundCodec<I, O>> binder;
  private final CallbackGuard guard;
  private final long within;

  RouteHandle(
      Route route,
      int index,
      Function<ModelSchema, BoundCodec<I, O>> binder,
      CallbackGuard guard,
      Duration within) {
    this.route = route;
    this.index = index;
    this.binder = binder;
    this.guard = guard;
    this.within = nanos(within);
  }

  BoundCodec<I, O> bind(ModelSchema schema) {
    return binder.apply(schema);
  }

  @Override
  public Prediction<O> predict(I input) {
    return predict(input, PLAIN);
  }

  @Override
  public Prediction<O> predict(I input, Call call) {
    boolean[] inside = guard.enter("predict");
    try {
      long wait = 0; // the limit counts from the moment that no slot is free
      long deadline = 0;
      while (true) {
        Table table = route.table();
        LoadedVersion version = table.version;
        int slot = version.slots.claim(wait);
        if (slot >= 0) {
          try {
            return one(codec(table), version, version.state(slot), input, call);
          } finally {
            version.slots.release(slot);
          }
        }
        if (deadline == 0) {
          deadline = System.nanoTime() + limit(call);
        }
        wait = waitOn(slot, version, call, deadline, wait);
      }
    } finally {
      inside[0] = false;
    }
  }

  @Override
  public List<Prediction<O>> predictAll(List<? extends I> inputs, Call call) {
    if (inputs.isEmpty()) {
      throw new InvalidInputException("the batch is empty; wanted at least one input");
    }
    boolean[] inside = guard.enter("predictAll");
    try {
      route.batchOf(Math.min(inputs.size(), LoadedVersion.CHUNK));
      // more than one chunk: the version must not close between two of them
      boolean several = inputs.size() > LoadedVersion.CHUNK;
      long deadline = System.nanoTime() + limit(call);
      long wait = limit(call);
      while (true) {
        Table table = route.table();
        LoadedVersion version = table.version;
        int slot = Slots.CLOSED;
        if (!several || version.slots.hold()) {
          try {
            slot = version.slots.claim(wait);
            if (slot >= 0) {
              return all(codec(table), version, slot, inputs, call);
            }
          } finally {
            if (several) {
              version.slots.unhold();
            }
          }
        }
        wait = waitOn(slot, version, call, deadline, wait);
      }
    } finally {
      inside[0] = false;
    }
  }

  @Override
  public Version version() {
    return route.table().version.version;
  }

  @Override
  public ModelLease<I, O> lease(Duration atMost) {
    throw new UnsupportedOperationException("in the works"); // replaced before this lands
  }

  /** The route and what it serves. */
  @Override
  public String toString() {
    return route.name() + " -> " + version();
  }

  private Prediction<O> one(
      BoundCodec<I, O> codec, LoadedVersion version, SlotState state, I input, Call call) {
    codec.write(input, state.frame);
    state.frame.run();
    O value = codec.read(state.frame, 0);
    Facts facts = version.capture(state, 0, route.millis(), call);
    if (call.recorded() && version.observed()) {
      state.begin(call, 1);
      state.facts(0, facts);
      version.tell(state);
    }
    return Prediction.of(value, version.version, facts);
  }

  private List<Prediction<O>> all(
      BoundCodec<I, O> codec,
      LoadedVersion version,
      int claimed,
      List<? extends I> inputs,
      Call call) {
    List<Prediction<O>> answers = new ArrayList<>(inputs.size());
    int slot = claimed;
    try {
      for (int from = 0; from < inputs.size(); from += LoadedVersion.CHUNK) {
        if (from > 0) {
          slot = version.slots.handOver(slot, limit(call));
          if (slot < 0) {
            throw refusal(slot, version, call);
          }
        }
        int rows = Math.min(LoadedVersion.CHUNK, inputs.size() - from);
        chunk(codec, version, version.state(slot), inputs, from, rows, call, answers);
      }
      return answers;
    } finally {
      if (slot >= 0) {
        version.slots.release(slot);
      }
    }
  }

  private void chunk(
      BoundCodec<I, O> codec,
      LoadedVersion version,
      SlotState state,
      List<? extends I> inputs,
      int from,
      int rows,
      Call call,
      List<Prediction<O>> answers) {
    codec.write(inputs, from, rows, state.frame);
    state.frame.run();
    long time = route.millis();
    boolean tell = call.recorded() && version.observed();
    if (tell) {
      state.begin(call, rows);
    }
    for (int row = 0; row < rows; row++) {
      Facts facts = version.capture(state, row, time, call);
      answers.add(Prediction.of(codec.read(state.frame, row), version.version, facts));
      if (tell) {
        state.facts(row, facts);
      }
    }
    if (tell) {
      version.tell(state);
    }
  }

  /** How long the next claim may wait after one was refused, or what the refusal means. */
  private long waitOn(int code, LoadedVersion version, Call call, long deadline, long waited) {
    long left = Math.max(0, deadline - System.nanoTime());
    if (code == Slots.CLOSED && !route.closed()) {
      return waited == 0 ? 0 : left; // the table names another version by now
    }
    if (code == Slots.BUSY && left > 0) {
      return left;
    }
    throw refusal(code, version, call);
  }

  private RuntimeException refusal(int code, LoadedVersion version, Call call) {
    if (code == Slots.CLOSED) {
      return new OverloadedException(
          route.closed()
              ? "the runtime is closed; " + route.name() + " answers no more calls"
              : version.version
                  + " was closed while a batch ran on it, as its drain time was over; send the batch again");
    }
    if (code == Slots.INTERRUPTED) {
      return new DeadlineException(
          "the thread was interrupted while it waited for a slot of " + version.version);
    }
    return new OverloadedException(
        "no slot of "
            + version.version
            + " came free within "
            + Duration.ofNanos(limit(call)).toMillis()
            + " ms: all "
            + version.slots.size()
            + " are in use. Try again, allow more time with Call.within, or build the runtime with"
            + " more slots");
  }

  private long limit(Call call) {
    Optional<Duration> limit = call.within();
    return limit.isPresent() ? nanos(limit.get()) : within;
  }

  private static long nanos(Duration limit) {
    return limit.toSeconds() > Integer.MAX_VALUE ? Long.MAX_VALUE / 4 : limit.toNanos();
  }

  @SuppressWarnings("unchecked") // the codec at a handle's index was bound by that handle
  private BoundCodec<I, O> codec(Table table) {
    return (BoundCodec<I, O>) table.codec(index);
  }
}
