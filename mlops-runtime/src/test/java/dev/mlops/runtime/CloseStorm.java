package dev.mlops.runtime;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelLease;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.AliasConflictException;
import dev.mlops.store.ModelStore;
import dev.mlops.store.StoredVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.LongAdder;

/**
 * Closes runtimes at random moments while four threads call all they can: predict, predictAll,
 * calls on leases some of which nobody closes, refresh after the alias was moved, override,
 * rollback, clearOverride, model, health, and close itself. Run in a JVM of its own, so that a
 * native crash is an exit code.
 *
 * <p>Arguments: the folder of a store that holds {@link TwinModel}'s versions, where it sets
 * aliases of its own; a seed; the number of rounds, each with a runtime of its own; and {@code
 * unsafe} for the control, which closes the engine's sessions from the storm's threads, under
 * whatever runs.
 *
 * <p>Prints one line of figures, and what went wrong; exits with 0 if nothing did.
 */
final class CloseStorm {
  private static final int THREADS = 4;

  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final Map<String, LongAdder> done = new ConcurrentSkipListMap<>();
  private final CyclicBarrier meeting = new CyclicBarrier(THREADS + 1);
  private final Closer engine = new Closer();
  private final ModelStore store;
  private final long seed;
  private final int rounds;
  private final boolean unsafe;

  /* Written before the threads meet. */
  private ModelRuntime runtime;
  private ModelHandle<Row, Row> model;
  private int round;

  private String alias;

  private CloseStorm(Path folder, long seed, int rounds, boolean unsafe) {
    this.store = DirectoryModelStore.at(folder);
    this.seed = seed;
    this.rounds = rounds;
    this.unsafe = unsafe;
  }

  public static void main(String[] args) throws Exception {
    boolean unsafe = args.length > 3 && args[3].equals("unsafe");
    System.exit(
        new CloseStorm(Path.of(args[0]), Long.parseLong(args[1]), Integer.parseInt(args[2]), unsafe)
                .run()
            ? 0
            : 1);
  }

  private boolean run() throws Exception {
    for (int i = 0; i < THREADS; i++) {
      int index = i;
      Thread thread = new Thread(() -> storm(index), "storm-" + index);
      thread.setDaemon(true);
      thread.start();
    }
    for (round = 1; round <= rounds && wrong.isEmpty(); round++) {
      SplittableRandom random = random(THREADS);
      alias = "storm-" + seed + "-" + round;
      store.alias(TwinModel.NAME, alias).moveTo("1", "storm", "first");
      runtime =
          ModelRuntime.builder()
              .store(store)
              .engine(engine)
              .slots(1 + random.nextInt(2))
              .within(Duration.ofMillis(random.nextInt(20)))
              .keepWarm(random.nextInt(4) == 0 ? Duration.ZERO : Duration.ofMinutes(1))
              .build();
      model = runtime.model(TwinModel.NAME + "@" + alias);
      meeting.await();
      meeting.await(); // all have met a closed runtime
      runtime.close(); // waits for a close that another thread began, then does nothing
      if (engine.live() != 0) {
        wrong.add("round " + round + ": " + engine.live() + " sessions are open after close");
      }
    }
    System.out.println(
        "close storm of seed "
            + seed
            + ": rounds "
            + (round - 1)
            + ", "
            + done
            + ", sessions opened "
            + engine.opened()
            + ", closed "
            + engine.closed()
            + ", wrong "
            + wrong.size());
    wrong.stream().limit(5).forEach(System.out::println);
    return wrong.isEmpty();
  }

  private SplittableRandom random(int thread) {
    return new SplittableRandom(seed * 1_000_003 + round * 31L + thread);
  }

  private void storm(int thread) {
    try {
      while (true) {
        meeting.await();
        SplittableRandom random = random(thread);
        // the first thread closes for certain, the others sometimes, at the same time or later
        int closeAt = thread == 0 ? random.nextInt(12) : random.nextInt(40);
        for (int step = 0; step < 200 && step(step == closeAt, random); step++) {
          for (int spin = random.nextInt(2_000); spin > 0; spin--) {
            Thread.onSpinWait();
          }
        }
        meeting.await();
      }
    } catch (Throwable e) {
      wrong.add(thread + " ended: " + e);
      meeting.reset();
    }
  }

  /** One call; whether the runtime still answers. */
  private boolean step(boolean close, SplittableRandom random) {
    String what = close ? "close" : pick(random);
    try {
      call(what, random);
      done.computeIfAbsent(what, w -> new LongAdder()).increment();
      return true;
    } catch (OverloadedException e) {
      // no slot in time, the runtime is closed, or a batch's version was: documented everywhere
      done.computeIfAbsent("overloaded", w -> new LongAdder()).increment();
      return !e.getMessage().startsWith("the runtime is closed");
    } catch (IllegalStateException e) {
      if (what.equals("rollback")
          && (e.getMessage().startsWith("nothing is kept warm")
              || e.getMessage().contains("was rolled back before"))) {
        done.computeIfAbsent("nothing to roll back to", w -> new LongAdder()).increment();
        return true;
      }
      return unexpected(what, e);
    } catch (DeadlineException | ModelFailedException e) {
      // told to stop when the drain time of a close was over, or its own, or that of its lease
      if ((what.startsWith("predict") || what.equals("lease"))
          && (e instanceof DeadlineException || e.getMessage().contains("was cancelled"))) {
        done.computeIfAbsent("cancelled", w -> new LongAdder()).increment();
        return true;
      }
      return unexpected(what, e);
    } catch (RuntimeException | Error e) {
      return unexpected(what, e);
    }
  }

  private boolean unexpected(String what, Throwable e) {
    if (!unsafe) { // there, sessions are closed behind the runtime's back
      wrong.add("round " + round + ": " + what + " threw " + e);
    }
    return !unsafe;
  }

  private static String pick(SplittableRandom random) {
    int of100 = random.nextInt(100);
    if (of100 < 40) {
      return "predict";
    }
    if (of100 < 60) {
      return "predictAll";
    }
    if (of100 < 70) {
      return "lease";
    }
    if (of100 < 79) {
      return "refresh";
    }
    if (of100 < 87) {
      return "rollback";
    }
    if (of100 < 91) {
      return "override";
    }
    return of100 < 95 ? "clearOverride" : of100 < 98 ? "model" : "health";
  }

  private void call(String what, SplittableRandom random) {
    String route = TwinModel.NAME + "@" + alias;
    switch (what) {
      case "predict" -> check(model.predict(TwinModel.ROW));
      case "predictAll" -> {
        // a batch of several chunks holds its version between them
        int rows = random.nextInt(8) == 0 ? 1_500 : 1 + random.nextInt(64);
        List<Prediction<Row>> answers =
            model.predictAll(Collections.nCopies(rows, TwinModel.ROW), Call.with());
        if (answers.size() != rows) {
          wrong.add("a batch of " + rows + " was answered by " + answers.size());
        }
        answers.forEach(this::check);
        if (answers.stream().map(Prediction::version).distinct().count() != 1) {
          wrong.add("a batch of two versions");
        }
      }
      case "lease" -> lease(random);
      case "refresh" -> {
        try {
          store.alias(TwinModel.NAME, alias).moveTo(number(random), "storm", "because");
        } catch (AliasConflictException e) {
          // another thread moved it at the same time, which will do as well
        }
        runtime.refresh(route);
      }
      case "rollback" -> runtime.rollback(route, "because");
      case "override" -> runtime.override(route, number(random), "because");
      case "clearOverride" -> runtime.clearOverride(route);
      case "model" -> runtime.model(route);
      case "health" -> runtime.health();
      default -> close(random);
    }
  }

  private static String number(SplittableRandom random) {
    return String.valueOf(1 + random.nextInt(2));
  }

  /** Some calls on one version; one lease in four is left to its time, or to the end. */
  private void lease(SplittableRandom random) {
    // a close waits for what was forgotten, now and then for as long as it may
    int millis = random.nextInt(20) == 0 ? 200 : 1 + random.nextInt(10);
    ModelLease<Row, Row> lease = model.lease(Duration.ofMillis(millis));
    boolean forgotten = random.nextInt(4) == 0;
    try {
      for (int calls = random.nextInt(8); calls >= 0; calls--) {
        Prediction<Row> answer = lease.predict(TwinModel.ROW);
        check(answer);
        if (!answer.version().equals(lease.version())) {
          wrong.add("a lease of " + lease.version() + " answered by " + answer.version());
        }
      }
    } finally {
      if (!forgotten) {
        lease.close();
      }
    }
  }

  private void close(SplittableRandom random) {
    if (unsafe) {
      System.out.println("round " + round + ": closing sessions that threads may run");
      engine.closeNow();
    }
    runtime.close(Duration.ofMillis(random.nextInt(3) * 50L));
  }

  private void check(Prediction<Row> answer) {
    double expected = TwinModel.answer(answer.version().number());
    if (Math.abs(answer.value().number("y") - expected) > 1e-3) {
      wrong.add("an answer of " + answer.version() + " is " + answer.value());
    }
  }

  /** Can close its sessions without asking. */
  private final class Closer extends CountingEngine {
    private final Set<EngineSession> open = ConcurrentHashMap.newKeySet();

    Closer() {
      super(OnnxRuntimeEngine.create());
    }

    @Override
    public EngineSession load(StoredVersion version, int slots) {
      EngineSession session = super.load(version, slots);
      open.add(session);
      return new Session(session::slot, () -> close(session));
    }

    /** A second close is counted, unless the first was not the runtime's. */
    private void close(EngineSession session) {
      if (open.remove(session) || !unsafe) {
        session.close();
      }
    }

    /** What this library exists to prevent. */
    void closeNow() {
      new ArrayList<>(open).forEach(this::close);
    }
  }
}
