package dev.mlops.runtime.rollout;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Row;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The gates every version passes, and the one way gates are run. Public for the serving package
 * alone. All methods are safe for all threads.
 */
public final class Gates {
  private Gates() {}

  /**
   * The gates without settings, in the order they run: {@code schema}, {@code finite}, {@code
   * golden}. None of them compares answers with the version in force.
   */
  public static List<Gate> standard() {
    return List.of(new SchemaGate(), new FiniteGate(), new GoldenGate());
  }

  /**
   * Runs gates in order until one does not let the candidate pass; those behind it are skipped with
   * the evidence {@code not run: <gate> did not pass}. Where the model fails under a gate the
   * candidate has failed. A gate that throws anything else, or answers nothing, is undecided, with
   * what it threw as evidence: that live traffic kept it from a slot, or that its file or its
   * network is gone, says nothing about the version. Only errors of the virtual machine, such as
   * {@link OutOfMemoryError}, are passed on.
   *
   * @return a result for each gate, in order; the caller's to keep
   */
  public static List<Gate.Result> check(List<Gate> gates, Candidate candidate) {
    return check(gates, candidate, Gate.Result::lets);
  }

  /**
   * The same, but who asks says which results do not bar the candidate: the gates behind them run.
   *
   * @param lets whether the candidate may serve as far as a result goes
   */
  public static List<Gate.Result> check(
      List<Gate> gates, Candidate candidate, Predicate<Gate.Result> lets) {
    List<Gate.Result> results = new ArrayList<>(gates.size());
    String stopped = null;
    for (Gate gate : gates) {
      if (stopped != null) {
        results.add(skipped(gate, "not run: " + stopped + " did not pass"));
        continue;
      }
      Gate.Result result = guarded(gate, candidate);
      results.add(result);
      if (!lets.test(result)) {
        stopped = result.gate();
      }
    }
    return List.copyOf(results);
  }

  /**
   * Rows to warm a version up with: the inputs of its golden records, 1,024 at most; where it has
   * none that can be read, two made from the schema. Both fit it: the first holds zero and empty
   * text, the second 1 in columns of floating type; missing in none.
   *
   * @return at least one row; the caller's to keep
   */
  public static List<Row> samples(StoredVersion version) {
    return SampleRows.of(version).rows();
  }

  private static Gate.Result guarded(Gate gate, Candidate candidate) {
    Gate.@Nullable Result result;
    try {
      result = gate.check(candidate);
    } catch (VirtualMachineError e) {
      throw e;
    } catch (ModelFailedException e) {
      return new Gate.Result(name(gate), Gate.Outcome.FAIL, "the model failed: " + e.getMessage());
    } catch (OverloadedException | DeadlineException | StoreUnavailableException e) {
      return undecided(gate, "could not be checked now: " + e.getMessage());
    } catch (Throwable e) { // a user's gate may throw anything, an AssertionError for instance
      log().log(System.Logger.Level.WARNING, "gate " + name(gate) + " threw", e);
      return undecided(gate, "the gate threw " + e);
    }
    if (result == null) {
      return undecided(gate, "the gate returned null; a gate must return a result");
    }
    return result;
  }

  private static Gate.Result skipped(Gate gate, String evidence) {
    return new Gate.Result(name(gate), Gate.Outcome.SKIPPED, evidence);
  }

  private static Gate.Result undecided(Gate gate, String evidence) {
    return new Gate.Result(name(gate), Gate.Outcome.UNDECIDED, evidence);
  }

  private static String name(Gate gate) {
    try {
      return gate.name();
    } catch (RuntimeException e) {
      return gate.getClass().getName();
    }
  }

  private static System.Logger log() {
    return System.getLogger(Gates.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
