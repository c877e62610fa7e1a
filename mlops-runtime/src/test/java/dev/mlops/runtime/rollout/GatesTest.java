package dev.mlops.runtime.rollout;

import static dev.mlops.model.ElementType.BOOL;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GatesTest {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("x", FLOAT, "a", "b")
          .input("plan", TEXT)
          .optional("b", "plan")
          .output("p", FLOAT, "0", "1")
          .score("p.1")
          .build();
  private static final FakeCandidate CANDIDATE =
      FakeCandidate.of(FakeVersion.without(SCHEMA), row -> Row.of("0", 0.4, "1", 0.6));

  @Test
  void standard_always_holdsSchemaFiniteGoldenAndComparesNothing() {
    assertThat(Gates.standard())
        .extracting(Gate::name)
        .containsExactly("schema", "finite", "golden");
    assertThat(Gates.standard()).noneMatch(Gate::compares);
  }

  @Test
  void check_everyGateLets_allRun() {
    assertThat(Gates.check(Gates.standard(), CANDIDATE))
        .extracting(Result::toString)
        .containsExactly(
            "schema PASS: 2 tensors in and 1 out as the model has them",
            "finite PASS: 2 columns of floating type, all finite for 2 made-up rows",
            "golden SKIPPED: the package has no golden records");
  }

  @ParameterizedTest
  @ValueSource(strings = {"golden.csv", "golden.jsonl"})
  void check_recordsCannotBeReadNow_undecidedAsTheVersionIsNotAtFault(String path) {
    FakeCandidate candidate =
        FakeCandidate.of(FakeVersion.unreadable(SCHEMA, path), row -> Row.of("0", 0.4, "1", 0.6));

    List<Result> results = Gates.check(Gates.standard(), candidate);

    assertThat(results)
        .extracting(Result::outcome)
        .containsExactly(Outcome.PASS, Outcome.UNDECIDED, Outcome.SKIPPED);
    assertThat(results.get(1).evidence())
        .startsWith("could not be checked now: " + path + " cannot be read beyond line ")
        .endsWith(": java.io.IOException: Input/output error");
  }

  @Test
  void check_oneFails_thoseBehindAreSkippedUnrun() {
    List<String> ran = new ArrayList<>();
    List<Gate> gates =
        List.of(
            gate("size", ran, gate -> gate.pass("small")),
            gate("latency", ran, gate -> gate.fail("slow")),
            gate("fairness", ran, gate -> gate.pass("fair")),
            gate("taste", ran, gate -> gate.pass("good")));
    assertThat(Gates.check(gates, CANDIDATE))
        .containsExactly(
            new Result("size", Outcome.PASS, "small"),
            new Result("latency", Outcome.FAIL, "slow"),
            new Result("fairness", Outcome.SKIPPED, "not run: latency did not pass"),
            new Result("taste", Outcome.SKIPPED, "not run: latency did not pass"));
    assertThat(ran).containsExactly("size", "latency");
  }

  @Test
  void check_oneUndecided_thoseBehindAreSkipped() {
    List<Gate> gates =
        List.of(
            gate("quality", new ArrayList<>(), gate -> gate.undecided("too few")),
            gate("taste", new ArrayList<>(), gate -> gate.pass("good")));
    assertThat(Gates.check(gates, CANDIDATE))
        .extracting(Result::outcome)
        .containsExactly(Outcome.UNDECIDED, Outcome.SKIPPED);
  }

  @Test
  void check_gateThrows_undecidedWithWhatItThrew() {
    Gate gate =
        gate(
            "taste",
            new ArrayList<>(),
            any -> {
              throw new IllegalStateException("no network");
            });
    assertThat(Gates.check(List.of(gate), CANDIDATE))
        .containsExactly(
            new Result(
                "taste",
                Outcome.UNDECIDED,
                "the gate threw java.lang.IllegalStateException: no network"));
  }

  @Test
  void check_gateAsserts_undecided() {
    Gate gate =
        gate(
            "taste",
            new ArrayList<>(),
            any -> {
              throw new AssertionError("expected 1 but was 2");
            });
    assertThat(Gates.check(List.of(gate), CANDIDATE))
        .containsExactly(
            new Result(
                "taste",
                Outcome.UNDECIDED,
                "the gate threw java.lang.AssertionError: expected 1 but was 2"));
  }

  @Test
  void check_gateReturnsNull_undecided() {
    assertThat(Gates.check(List.of(gate("taste", new ArrayList<>(), any -> null)), CANDIDATE))
        .containsExactly(
            new Result(
                "taste", Outcome.UNDECIDED, "the gate returned null; a gate must return a result"));
  }

  @Test
  void check_modelFails_saysSo() {
    FakeCandidate broken =
        FakeCandidate.of(
            FakeVersion.without(SCHEMA),
            row -> {
              throw new ModelFailedException("node 7 failed", null);
            });
    assertThat(Gates.check(Gates.standard(), broken).get(1))
        .isEqualTo(new Result("finite", Outcome.FAIL, "the model failed: node 7 failed"));
  }

  @Test
  void check_noSlotCameFree_undecided() {
    Gate gate =
        gate(
            "quality",
            new ArrayList<>(),
            any -> {
              throw new DeadlineException("no slot within 1 s");
            });
    assertThat(Gates.check(List.of(gate), CANDIDATE))
        .containsExactly(
            new Result(
                "quality", Outcome.UNDECIDED, "could not be checked now: no slot within 1 s"));
  }

  @Test
  void check_outOfMemory_passedOn() {
    OutOfMemoryError error = new OutOfMemoryError("full");
    Gate gate =
        gate(
            "taste",
            new ArrayList<>(),
            any -> {
              throw error;
            });
    assertThatThrownBy(() -> Gates.check(List.of(gate), CANDIDATE)).isSameAs(error);
  }

  @Test
  void samples_goldenRecords_theirInputs() {
    FakeVersion version =
        FakeVersion.csv(SCHEMA, 0, "a,b,plan,expected.1", "1,2,family,0.5", "3,,,0.5");
    List<Row> rows = Gates.samples(version);
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0)).isEqualTo(Row.of("a", 1.0, "b", 2.0, "plan", "family"));
    assertThat(rows.get(1)).isEqualTo(Row.of("a", 3.0, "b", null, "plan", null));
  }

  @Test
  void samples_manyGoldenRecords_1024AtMost() {
    String[] lines =
        IntStream.rangeClosed(0, 1_500)
            .mapToObj(i -> i == 0 ? "a,b,plan,expected.1" : i + ",0,x,0.5")
            .toArray(String[]::new);
    assertThat(Gates.samples(FakeVersion.csv(SCHEMA, 0, lines)))
        .hasSize(1024)
        .last()
        .extracting(row -> row.number("a"))
        .isEqualTo(1024.0);
  }

  @Test
  void samples_noGoldenRecords_zerosAndOnes() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", FLOAT, "a", "b")
            .input("plan", TEXT)
            .input("day", INT64)
            .input("paid", BOOL)
            .input("pixels", FLOAT, Shape.perRow(1, 2, 2))
            .input("words", TEXT, Shape.perRow(2))
            .optional("b")
            .output("y", FLOAT)
            .build();
    List<Row> rows = Gates.samples(FakeVersion.without(schema));
    assertThat(rows).hasSize(2);
    for (int i = 0; i < 2; i++) {
      Row row = rows.get(i);
      assertThat(row.columns()).containsExactly("a", "b", "plan", "day", "paid", "pixels", "words");
      assertThat(row.number("a")).isEqualTo(i);
      assertThat(row.number("b")).isEqualTo(i);
      assertThat(row.value("plan")).isEqualTo("");
      assertThat(row.value("day")).isEqualTo(0L);
      assertThat(row.value("paid")).isEqualTo(false);
      assertThat(row.doubles("pixels")).containsExactly(i, i, i, i);
      assertThat(row.value("words")).isEqualTo(new String[] {"", ""});
    }
  }

  @Test
  void samples_damagedGoldenRecords_madeFromTheSchema() {
    assertThat(Gates.samples(FakeVersion.csv(SCHEMA, 0, "a,b,plan,expected.1", "one,2,x,0.5")))
        .hasSize(2);
  }

  private static Gate gate(String name, List<String> ran, Function<Gate, Result> check) {
    return new Gate() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Result check(Candidate candidate) {
        ran.add(name);
        return check.apply(this);
      }
    };
  }
}
