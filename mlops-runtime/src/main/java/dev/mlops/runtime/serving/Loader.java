package dev.mlops.runtime.serving;

import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.OverloadedException;
import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.memory.ProcessMemory;
import dev.mlops.runtime.rollout.Gates;
import dev.mlops.store.StoredVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;

/** Brings a version from the store into an engine. */
final class Loader {
  private final Settings settings;
  private final AtomicLong ids;
  private final Watch watch;
  private final ProcessMemory memory;
  private final LongPredicate relief;

  /**
   * A loader.
   *
   * @param relief frees memory that is not needed at this moment, for so many bytes to fit; false
   *     if it did not, as there is none or it would not do
   */
  Loader(Settings settings, Watch watch, ProcessMemory memory, LongPredicate relief) {
    this.settings = settings;
    this.watch = watch;
    this.memory = memory;
    this.relief = relief;
    this.ids = new AtomicLong(settings.firstId());
  }

  /**
   * Opens, loads and warms a version.
   *
   * @param rowCounts how many rows runs of this route have had, so that none is news to the version
   * @return the caller's to end; on a failure nothing is left open
   */
  LoadedVersion load(Version version, int[] rowCounts, Phases phases) {
    StoredVersion stored = settings.store().open(version);
    phases.end("open");
    try {
      return load(stored, rowCounts, phases);
    } catch (Throwable e) {
      Quiet.close("package of " + version, stored);
      throw e;
    }
  }

  private LoadedVersion load(StoredVersion stored, int[] rowCounts, Phases phases) {
    Choice choice = choose(stored);
    Engine engine = choice.engine();
    ModelSchema described = engine.describe(stored);
    int slots = settings.limits().slots();
    long needed = engine.memory(stored, slots);
    Optional<Gate.Result> admission = admit(stored, needed);
    EngineSession session = engine.load(stored, slots);
    try {
      LoadedVersion loaded =
          new LoadedVersion(
              stored,
              described,
              choice.inWords(session),
              session,
              slots,
              needed,
              admission,
              ids,
              watch);
      phases.end("load");
      warm(loaded, rowCounts);
      phases.end("warm");
      return loaded;
    } catch (Throwable e) {
      Quiet.close("session of " + stored.version(), session);
      throw e;
    }
  }

  private Optional<Gate.Result> admit(StoredVersion stored, long needed) {
    if (needed <= 0 || !settings.upkeep().memoryCheck()) {
      return Optional.empty();
    }
    Optional<String> refusal = memory.refusal(needed);
    if (refusal.isPresent() && relief.test(needed)) {
      refusal = memory.refusal(needed);
    }
    if (refusal.isPresent()) {
      throw new VersionRefusedException(
          stored.version(),
          List.of(new Gate.Result("memory", Gate.Outcome.UNDECIDED, refusal.get())),
          "What serves goes on serving, and it may be tried again",
          null);
    }
    return Optional.of(
        new Gate.Result(
            "memory", Gate.Outcome.PASS, "about " + (needed >> 20) + " MB are there" + room()));
  }

  private String room() {
    Optional<ProcessMemory.Room> room = memory.room();
    return room.isEmpty()
        ? ""
        : "; " + (room.get().free() >> 20) + " MB are free of " + room.get().source();
  }

  private static void warm(LoadedVersion loaded, int[] rowCounts) {
    try {
      loaded.warm(Gates.samples(loaded.stored), rowCounts);
    } catch (InvalidInputException | ModelFailedException e) {
      throw notWarmed(loaded, rowCounts, e);
    }
  }

  /**
   * Runs a version that is loaded already with the numbers of rows that were no part of its
   * warm-up: a route comes to it that has others.
   *
   * @throws OverloadedException if none of its slots comes free for that
   */
  static void warmFor(LoadedVersion loaded, int[] rowCounts, long waitNanos) {
    try {
      loaded.warmMore(Gates.samples(loaded.stored), rowCounts, waitNanos);
    } catch (InvalidInputException | ModelFailedException e) {
      throw notWarmed(loaded, rowCounts, e);
    }
  }

  private static ModelFailedException notWarmed(
      LoadedVersion loaded, int[] rowCounts, MlopsException e) {
    String what =
        e instanceof InvalidInputException
            ? " cannot be warmed up: its golden records do not fit its schema: "
            : " failed when it was run before serving" + batches(rowCounts) + ": ";
    String whose =
        loaded.stored.goldenTolerance().isPresent()
            ? ""
            : ". It was given rows made up from its schema: where it cannot take those, publish it"
                + " with golden records";
    return new ModelFailedException(loaded.version + what + e.getMessage() + whose, e);
  }

  private static String batches(int[] rowCounts) {
    String batches =
        Arrays.stream(rowCounts)
            .filter(rows -> rows > 1)
            .sorted()
            .mapToObj(String::valueOf)
            .collect(Collectors.joining(", "));
    return batches.isEmpty()
        ? ""
        : " (alone and in batches of " + batches + ", as this route uses)";
  }

  /**
   * The engine that loads a version.
   *
   * @param reasons why those asked before do not
   */
  private record Choice(Engine engine, List<String> reasons) {
    /** Such as {@code onnxruntime (tabular: it has the operator Conv)}. */
    String inWords(EngineSession session) {
      List<String> more = new ArrayList<>(reasons);
      if (!session.detail().isEmpty()) {
        more.add(0, session.detail());
      }
      return engine.name() + (more.isEmpty() ? "" : " (" + String.join("; ", more) + ")");
    }
  }

  private Choice choose(StoredVersion stored) {
    List<String> reasons = new ArrayList<>();
    for (Engine engine : settings.engines(stored.version().model())) {
      if (!engine.formats().contains(stored.format())) {
        reasons.add(engine.name() + " runs " + engine.formats());
        continue;
      }
      Optional<String> declined = engine.declines(stored);
      if (declined.isEmpty()) {
        return new Choice(engine, reasons);
      }
      reasons.add(engine.name() + ": " + declined.get());
    }
    throw new ModelFailedException(
        "no engine runs "
            + stored.version()
            + ", which is "
            + stored.format()
            + "; "
            + String.join("; ", reasons),
        null);
  }
}
