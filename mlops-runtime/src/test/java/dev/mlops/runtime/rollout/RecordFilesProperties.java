package dev.mlops.runtime.rollout;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever stands in a file of records, a gate answers, and numbers mean what they say. */
final class RecordFilesProperties {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("x", FLOAT, "a", "b")
          .input("plan", TEXT)
          .optional("b")
          .output("label", INT64)
          .output("p", FLOAT, "0", "1")
          .build();

  /** Pieces of both formats in any order. */
  @Provide
  Arbitrary<String> files() {
    return Arbitraries.of(
            "a,b,plan,expected.1\n",
            "a,b,plan",
            ",expected.label",
            ",expected.",
            "\n",
            "\r",
            "\"",
            ",",
            "1",
            "-0",
            "1e999",
            "nan",
            "é",
            "\uFEFF",
            "\u0000",
            "{\"in\":{",
            "\"a\":1",
            "},\"out\":{",
            "\"label\":",
            "[[",
            "]",
            "null",
            "}}")
        .list()
        .ofMaxSize(20)
        .map(pieces -> String.join("", pieces));
  }

  @Property(tries = 2_000, seed = "1980")
  void check_anyCsv_answers(@ForAll("files") String file) {
    answers(FakeVersion.csv(SCHEMA, 0, file));
  }

  @Property(tries = 2_000, seed = "1981")
  void check_anyJsonLines_answers(@ForAll("files") String file) {
    answers(FakeVersion.jsonl(SCHEMA, 0, file));
  }

  @Property(tries = 500, seed = "1982")
  void cell_anyDoubleAsJavaWritesIt_comesBack(@ForAll double number) {
    assertThat(Values.cell(Double.toString(number), ElementType.DOUBLE)).isEqualTo(number);
  }

  @Property(tries = 500, seed = "1983")
  void cell_anyLongAsJavaWritesIt_comesBack(@ForAll long number) {
    assertThat(Values.cell(Long.toString(number), INT64)).isEqualTo(number);
  }

  private static void answers(FakeVersion version) {
    Row answer = Row.of("label", 0L, "0", 0.5, "1", 0.5);
    Result result = new GoldenGate().check(FakeCandidate.of(version, row -> answer));
    assertThat(List.of(Outcome.PASS, Outcome.FAIL)).contains(result.outcome());
    assertThat(result.evidence()).isNotBlank();
    assertThat(Gates.samples(version)).isNotEmpty();
  }
}
