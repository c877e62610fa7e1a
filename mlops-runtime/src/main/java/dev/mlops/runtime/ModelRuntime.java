package dev.mlops.runtime;

import dev.mlops.engine.Engine;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Call;
import dev.mlops.inference.Codec;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelUnavailableException;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.observe.Health;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.observe.VersionObserver;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.engine.tabular.TabularEngine;
import dev.mlops.runtime.serving.Routes;
import dev.mlops.runtime.serving.Settings;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.ModelStore;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.StoreUnavailableException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Models inside a service: loads versions from a store, answers with them in this process, and
 * changes them under way.
 *
 * <p>A route is what a handle asks for: {@code storms@champion} follows the alias, {@code
 * storms:1.0.0} is pinned. The alias is the decision of all processes; a rollback is this process's
 * exception, shown in {@link #health()}.
 *
 * <p>Safe for all threads. {@link #model}, {@link #refresh}, {@link #rollback}, {@link #override},
 * {@link #clearOverride}, {@link #awaitReady} and {@link #close} do their work on the caller's
 * thread and return when it is done; whoever wants a future has an executor. Called from within an
 * observer, a codec, a gate or a listener they throw {@link IllegalStateException}.
 */
public final class ModelRuntime implements AutoCloseable {
  private final Routes routes;
  private final Duration drain;

  private ModelRuntime(Settings settings) {
    this.routes = new Routes(settings);
    this.drain = settings.limits().drain();
  }

  /** Starts a runtime; the store is the one required part. */
  public static Builder builder() {
    return new Builder();
  }

  /** A runtime over a store, with every other part as it comes. */
  public static ModelRuntime over(ModelStore store) {
    return builder().store(store).build();
  }

  /** A handle by column names; see {@link #model(String, Class, Class)}. */
  public ModelHandle<Row, Row> model(String ref) {
    return model(ref, Row.class, Row.class);
  }

  /**
   * The handle of a route. The first one loads its version; the same route and types give the same
   * handle.
   *
   * <p>A route that follows an alias starts with the newest revision whose version may serve: one
   * that is corrupt, does not load or is refused leaves its place to the one before, and {@link
   * #health()} says why.
   *
   * @param ref {@code storms@champion}, {@code storms:1.0.0}, {@code storms@sha256:…}, or {@code
   *     storms}, which is {@code storms@champion}
   * @param in a record whose components are the schema's input columns by name, or {@link Row}
   * @param out a record whose components are some of the output columns, or {@link Row}
   * @throws InvalidSettingsException if the reference is none, or a record does not fit the schema:
   *     every mismatch at once
   * @throws ModelNotFoundException if the store holds no such version
   * @throws PackageCorruptException if the package is not what its manifest says
   * @throws ModelFailedException if it cannot be loaded or run
   * @throws VersionRefusedException if a gate does not let it pass
   * @throws StoreUnavailableException if the store cannot be read, or the state folder not used
   */
  public <I, O> ModelHandle<I, O> model(String ref, Class<I> in, Class<O> out) {
    return routes.handle(ref, in, out);
  }

  /**
   * The handle of a route, by a codec for what records and rows cannot say; see {@link
   * #model(String, Class, Class)}.
   */
  public <I, O> ModelHandle<I, O> model(String ref, Codec<I, O> codec) {
    return routes.handle(ref, codec);
  }

  /**
   * Serves what the alias names now. With no newer revision than the one decided on last, nothing
   * is loaded, and an override stays. A newer one is loaded, warmed and put through the gates while
   * the old one goes on serving; only when it serves do override and ban end. The version that
   * served stays loaded for a while, for {@link #rollback}.
   *
   * @return what was done; from and to are the same if nothing was
   * @throws VersionRefusedException if a gate does not let it pass; all stays as it was. A failure
   *     is remembered and told again without loading; what was undecided is tried again
   * @throws PackageCorruptException if the package is not what its manifest says; all stays as it
   *     was
   * @throws ModelFailedException if it cannot be loaded or run; all stays as it was
   * @throws StoreUnavailableException if the store cannot be read or the state folder not written;
   *     all stays as it was
   * @throws InvalidSettingsException if there is no such route
   */
  public SwapReport refresh(String route) {
    return routes.refresh(route);
  }

  /**
   * Serves the version that served before, at once: it is still loaded. This process alone, and
   * until a newer revision of the alias serves; the version that served is banned here until then.
   *
   * @param reason why, for {@link #health()} and for whoever looks later
   * @throws IllegalStateException if nothing is kept warm, or what is warm was turned away by a
   *     rollback before, or the route is pinned
   * @throws VersionRefusedException if a handle was made since then that the version does not fit
   * @throws InvalidSettingsException if there is no such route
   */
  public SwapReport rollback(String route, String reason) {
    return routes.rollback(route, Objects.requireNonNull(reason, "say why, for health()"));
  }

  /**
   * Serves a version of a person's choice, in this process alone, until a newer revision of the
   * alias serves or {@link #clearOverride}. It must load, fit its schema, answer with finite
   * numbers and match its golden records; gates that compare it with the version in force are
   * reported and not obeyed, so that the way back is never barred: {@link SwapReport#forced} tells.
   * Nor is it barred by the schema in force, if the version served here before. A route without a
   * version begins with it. With a state folder it outlives a restart.
   *
   * @param number of a version of the route's model
   * @param reason why, for {@link #health()} and for whoever looks later
   * @throws ModelNotFoundException if the store holds no such version
   * @throws VersionRefusedException if a gate that does not compare fails; all stays as it was
   * @throws PackageCorruptException if the package is not what its manifest says
   * @throws ModelFailedException if it cannot be loaded or run
   * @throws StoreUnavailableException if the store cannot be read or the state folder not written;
   *     all stays as it was
   * @throws IllegalStateException if the route is pinned
   * @throws InvalidSettingsException if there is no such route
   */
  public SwapReport override(String route, String number, String reason) {
    return routes.override(route, number, Objects.requireNonNull(reason, "say why, for health()"));
  }

  /**
   * Ends a rollback or an override by a person's wish: lifts override and ban, and serves what the
   * alias names now if the gates let it.
   *
   * @throws VersionRefusedException if a gate does not let it pass; all stays as it was
   * @throws PackageCorruptException if the package is not what its manifest says; all stays as it
   *     was
   * @throws ModelFailedException if it cannot be loaded or run; all stays as it was
   * @throws StoreUnavailableException if the store cannot be read or the state folder not written;
   *     all stays as it was
   * @throws IllegalStateException if the route is pinned
   * @throws InvalidSettingsException if there is no such route
   */
  public SwapReport clearOverride(String route) {
    return routes.clearOverride(route);
  }

  /** How each route is, at this moment. */
  public Health health() {
    return routes.health();
  }

  /**
   * All that support would ask for, as text for people: versions, settings, memory, each route with
   * its versions, what was refused and why, and the last events. Its form may change; nothing in it
   * comes from an input.
   */
  public String describe() {
    return routes.describe();
  }

  /**
   * Waits until every route that was asked for serves a version.
   *
   * @throws ModelUnavailableException if one does not within the time: which, and why
   * @throws OverloadedException if the runtime is closed meanwhile
   * @throws DeadlineException if the thread is interrupted; the interrupt stays set
   */
  public void awaitReady(Duration atMost) {
    routes.awaitReady(atMost);
  }

  /** Closes with the time for running calls that the builder was given. */
  @Override
  public void close() {
    close(drain);
  }

  /**
   * Answers no more calls and gives everything back, once however often asked: no call begins any
   * more, those that run may finish, observers are told the last and closed, then the sessions, and
   * listeners are told of that. A call that still runs after the drain time is told to stop; its
   * session is closed when it has, never under it. Waits for the drain time and some seconds at
   * most; an interrupt does not cut that short and stays set.
   *
   * <p>The first close decides on the drain time. Another one waits for the first, and for what it
   * had to leave open, though no longer than it would take itself.
   *
   * @param drain how long running calls and batches may go on; more than a day is a day
   * @throws IllegalArgumentException if it is negative; nothing was closed
   */
  public void close(Duration drain) {
    routes.close(drain);
  }

  /**
   * Collects the settings; nothing is checked before {@link #build()}, which tells every problem at
   * once.
   */
  public static final class Builder {
    private @Nullable ModelStore store;
    private final List<VersionObserver.Factory> observers = new ArrayList<>();
    private final List<RuntimeListener> listeners = new ArrayList<>();
    private final List<Settings.ModelGate> gates = new ArrayList<>();
    private final List<Settings.ModelEngine> engines = new ArrayList<>();
    private int slots = Runtime.getRuntime().availableProcessors();
    private Duration within = Duration.ofSeconds(1);
    private Duration keepWarm = Duration.ofMinutes(10);
    private Duration drain = Duration.ofSeconds(10);
    private Duration follow = Duration.ofSeconds(30);
    private boolean startDegraded;
    private boolean leaseStacks;
    private boolean memoryCheck = true;
    private boolean trim = true;
    private @Nullable Path state;
    private InstantSource clock = InstantSource.system();

    private Builder() {}

    /** Where versions come from. */
    public Builder store(ModelStore store) {
      this.store = store;
      return this;
    }

    /** Is told of predictions; several are told in turn. */
    public Builder observer(VersionObserver.Factory observer) {
      observers.add(observer);
      return this;
    }

    /**
     * Is told what happens to versions, and how calls went; several are told of versions
     * independently, each on a thread of its own, and of calls in turn.
     */
    public Builder listener(RuntimeListener listener) {
      listeners.add(listener);
      return this;
    }

    /**
     * A check every version of every model must pass, after schema, finite outputs and golden
     * records.
     */
    public Builder gate(Gate gate) {
      gates.add(new Settings.ModelGate(Optional.empty(), gate));
      return this;
    }

    /** The same for the versions of one model. */
    public Builder gate(String model, Gate gate) {
      gates.add(new Settings.ModelGate(Optional.of(model), gate));
      return this;
    }

    /**
     * An engine that is asked before the ones the library brings: {@link TabularEngine} for what
     * plain Java runs as well or better, then {@link OnnxRuntimeEngine}. The first that does not
     * decline a version loads it; {@link SwapReport#engine} says which, and why the others do not.
     */
    public Builder engine(Engine engine) {
      engines.add(new Settings.ModelEngine(Optional.empty(), engine));
      return this;
    }

    /** The same for the versions of one model. */
    public Builder engine(String model, Engine engine) {
      engines.add(new Settings.ModelEngine(Optional.of(model), engine));
      return this;
    }

    /**
     * How many calls of one version run at once; the number of processors unless said. Others wait.
     */
    public Builder slots(int slots) {
      this.slots = slots;
      return this;
    }

    /** The limit of a call that does not say; see {@link Call#within}. 1 second unless said. */
    public Builder within(Duration defaultDeadline) {
      this.within = defaultDeadline;
      return this;
    }

    /**
     * How long a version that was replaced stays loaded for a rollback, at the price of its memory;
     * 10 minutes unless said, zero for none.
     */
    public Builder keepWarm(Duration previousVersion) {
      this.keepWarm = previousVersion;
      return this;
    }

    /**
     * How long calls, batches and leases of a version that ends may go on; 10 seconds unless said,
     * as Kubernetes kills a pod after 30.
     */
    public Builder drain(Duration atMost) {
      this.drain = atMost;
      return this;
    }

    /**
     * How often the runtime looks at the aliases by itself and serves what they name, as by {@link
     * ModelRuntime#refresh}; 30 seconds unless said, zero for never. A look that fails is repeated
     * ever more rarely, up to every five minutes.
     */
    public Builder follow(Duration every) {
      this.follow = every;
      return this;
    }

    /**
     * Lets {@link ModelRuntime#model} return a handle where no version can be served yet: the store
     * is down, holds none, or the first does not load. Loading is tried again and again, and calls
     * meanwhile throw {@link ModelUnavailableException} or take the way of {@link
     * ModelHandle#orElse}. Unless said, {@code model} throws instead.
     */
    public Builder startDegraded(boolean allowed) {
      this.startDegraded = allowed;
      return this;
    }

    /**
     * Keeps with each lease the stack that took it, for {@code LeaseExpired}: some microseconds a
     * lease. Off unless said.
     */
    public Builder leaseStacks(boolean kept) {
      this.leaseStacks = kept;
      return this;
    }

    /**
     * Whether a version is refused, before it is loaded, that would not fit into what the container
     * or the machine has left. On unless said.
     */
    public Builder memoryCheck(boolean on) {
      this.memoryCheck = on;
      return this;
    }

    /**
     * Whether native memory that a closed version freed is given back to the operating system, by
     * the JVM's own diagnostic command where it has it. On unless said.
     */
    public Builder trimMemory(boolean on) {
      this.trim = on;
      return this;
    }

    /**
     * A folder where rollbacks and what has passed the gates outlive this process; without one a
     * restart forgets them. One runtime a folder.
     */
    public Builder state(Path folder) {
      this.state = folder;
      return this;
    }

    /** What receipts are dated by; the system's clock unless said. */
    public Builder clock(InstantSource clock) {
      this.clock = clock;
      return this;
    }

    /**
     * The runtime. Nothing is loaded before a model is asked for.
     *
     * @throws InvalidSettingsException with every problem at once
     */
    public ModelRuntime build() {
      List<String> problems = new ArrayList<>();
      if (store == null) {
        problems.add("no store; call store(DirectoryModelStore.at(folder)) or another one");
      }
      if (slots < 1 || slots > 1024) {
        problems.add("slots was " + slots + " but must be from 1 to 1024");
      }
      if (within.isNegative()) {
        problems.add("within was " + within + " but must be zero or more");
      }
      if (keepWarm.isNegative() || keepWarm.compareTo(Duration.ofDays(365)) > 0) {
        problems.add("keepWarm was " + keepWarm + " but must be from zero to 365 days");
      }
      if (drain.isNegative() || drain.compareTo(Duration.ofDays(1)) > 0) {
        problems.add("drain was " + drain + " but must be from zero to a day");
      }
      if (follow.isNegative()
          || (!follow.isZero() && follow.compareTo(Duration.ofMillis(100)) < 0)
          || follow.compareTo(Duration.ofDays(1)) > 0) {
        problems.add(
            "follow was " + follow + " but must be from 100 ms to a day, or zero for never");
      }
      if (!problems.isEmpty() || store == null) {
        throw new InvalidSettingsException(problems);
      }
      Engine onnxRuntime = OnnxRuntimeEngine.create();
      List<Settings.ModelEngine> all = new ArrayList<>(engines);
      all.add(new Settings.ModelEngine(Optional.empty(), TabularEngine.beside(onnxRuntime)));
      all.add(new Settings.ModelEngine(Optional.empty(), onnxRuntime));
      return new ModelRuntime(
          new Settings(
              store,
              all,
              observers,
              listeners,
              gates,
              new Settings.Limits(slots, within, keepWarm, drain),
              new Settings.Upkeep(follow, startDegraded, leaseStacks, memoryCheck, trim),
              Optional.ofNullable(state),
              clock,
              new SecureRandom().nextLong()));
    }
  }
}
