package dev.mlops.runtime.rollout;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.runtime.rollout.GoldenRecords.Golden;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether the candidate answers its golden records as its package says: |a - b| at most tolerance ·
 * max(1, |b|) for numbers of floating type, equal for everything else. The records run in batches,
 * the first of them alone too, so that an answer that depends on its neighbours is seen.
 */
final class GoldenGate implements Gate {
  private static final int SHOWN = 3;

  @Override
  public String name() {
    return "golden";
  }

  @Override
  public Result check(Candidate candidate) {
    try {
      Optional<GoldenRecords> golden = GoldenRecords.of(candidate.version());
      if (golden.isEmpty()) {
        return skipped("the package has no golden records");
      }
      try (GoldenRecords records = golden.get()) {
        return check(candidate, records);
      }
    } catch (InvalidInputException e) {
      return fail("the golden records do not fit the schema: " + e.getMessage());
    } catch (InvalidSettingsException e) {
      return fail(String.valueOf(e.getMessage()));
    }
  }

  private Result check(Candidate candidate, GoldenRecords records) {
    Scorer scorer = Scorer.of(candidate);
    Comparison seen =
        new Comparison(
            candidate.version().schema(), candidate.version().goldenTolerance().orElse(0));
    List<Golden> chunk = records.next(Scorer.CHUNK);
    if (chunk.isEmpty()) {
      return fail("the package's golden records are an empty file; wanted at least one record");
    }
    Golden first = chunk.get(0);
    while (!chunk.isEmpty()) {
      List<Row> inputs = new ArrayList<>(chunk.size());
      for (Golden record : chunk) {
        inputs.add(record.in());
      }
      List<Row> answers = scorer.predict(inputs);
      for (int i = 0; i < chunk.size(); i++) {
        seen.compare(chunk.get(i), answers.get(i), "line " + chunk.get(i).line());
      }
      seen.records += chunk.size();
      chunk = records.next(Scorer.CHUNK);
    }
    if (seen.bad == 0 && seen.records > 1 && !scorer.singly()) {
      Row alone = scorer.predict(List.of(first.in())).get(0);
      seen.compare(first, alone, "line " + first.line() + ", scored alone,");
    }
    if (seen.values == 0) {
      return fail(
          Words.count(seen.records, "record")
              + " without one expected value, so nothing was checked; fill an expected column");
    }
    String how = scorer.singly() ? "; one by one, as the model fails on batches" : "";
    return seen.bad > 0 ? fail(seen.failure() + how) : pass(seen.success() + how);
  }

  /** What was found so far. */
  private static final class Comparison {
    private final ModelSchema schema;
    private final double tolerance;
    private final List<String> mismatches = new ArrayList<>();
    private long records;
    private long values;
    private long bad;
    private double largest;
    private @Nullable String where;

    Comparison(ModelSchema schema, double tolerance) {
      this.schema = schema;
      this.tolerance = tolerance;
    }

    void compare(Golden record, Row answer, String line) {
      for (Map.Entry<String, Object> expected : record.expected().entrySet()) {
        String name = expected.getKey();
        TensorSpec tensor = Objects.requireNonNull(GoldenRecords.output(schema, name));
        Object wanted = expected.getValue();
        Object given = answer.value(column(name));
        values++;
        String at = line + " '" + name + "'";
        if (Values.single(tensor)) {
          compare(tensor, given, wanted, at);
        } else if (given == null || !given.getClass().isArray()) {
          mismatch(at + " was no array, wanted one");
        } else {
          elements(tensor, answer, name, wanted, at);
        }
      }
    }

    private void elements(TensorSpec tensor, Row answer, String name, Object wanted, String at) {
      Object given =
          tensor.type().integral()
              ? answer.longs(column(name)) // an unsigned byte is negative in an array of bytes
              : Objects.requireNonNull(answer.value(column(name)));
      int size = Array.getLength(wanted);
      if (Array.getLength(given) != size) {
        mismatch(at + " had " + Array.getLength(given) + " elements, wanted " + size);
        return;
      }
      for (int i = 0; i < size; i++) {
        if (!compare(tensor, Array.get(given, i), Array.get(wanted, i), at + "[" + i + "]")) {
          return; // one line a vector
        }
      }
    }

    private boolean compare(TensorSpec tensor, @Nullable Object given, Object wanted, String at) {
      if (tensor.type().floating()) {
        double a = given instanceof Number number ? number.doubleValue() : Double.NaN;
        double b = ((Number) wanted).doubleValue();
        double error = Double.compare(a, b) == 0 ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));
        if (error > largest || (Double.isNaN(error) && !Double.isNaN(largest))) {
          largest = error;
          where = at;
        }
        return error <= tolerance || mismatch(at + " was " + given + ", wanted " + b);
      }
      boolean same =
          tensor.type().integral()
              ? given instanceof Number number && number.longValue() == (Long) wanted
              : wanted.equals(given);
      return same || mismatch(at + " was " + given + ", wanted " + wanted);
    }

    private boolean mismatch(String text) {
      bad++;
      if (mismatches.size() < SHOWN) {
        mismatches.add(text);
      }
      return false;
    }

    String success() {
      return String.format(
          Locale.ROOT,
          "%s within %s%s",
          Words.count(records, "record"),
          tolerance,
          where == null
              ? ""
              : String.format(Locale.ROOT, "; largest error %.2g at %s", largest, where));
    }

    String failure() {
      return String.format(
          Locale.ROOT,
          "%,d of %s of %s off by more than %s: %s%s%s",
          bad,
          Words.count(values, "value"),
          Words.count(records, "record"),
          tolerance,
          String.join("; ", mismatches),
          bad > mismatches.size()
              ? String.format(Locale.ROOT, "; and %,d more", bad - mismatches.size())
              : "",
          where == null
              ? ""
              : String.format(Locale.ROOT, "; largest error %.2g at %s", largest, where));
    }

    /** The plain name of a column that may be spelled {@code tensor.column}. */
    private String column(String name) {
      return schema.outputColumns().get(schema.output(name).orElseThrow().index()).name();
    }
  }
}
