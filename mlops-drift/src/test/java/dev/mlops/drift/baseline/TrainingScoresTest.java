package dev.mlops.drift.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Call;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelLease;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a model answers to training rows becomes a column of their baseline. */
final class TrainingScoresTest {
  @TempDir Path temp;

  @Test
  void score_isCutMidwayAndNamedByTheSchema() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT)
            .output("probabilities", ElementType.FLOAT, "0", "1")
            .score("probabilities.1")
            .build();
    ModelHandle<Row, Row> half =
        ModelHandle.of(row -> Row.of("probabilities.1", row.number("x") / 2));

    Profile profile = Profile.fromCsv(csv("x\n1\n2\n2\n"), schema, Optional.of(half));

    ColumnBaseline score = profile.score().orElseThrow();
    assertThat(score.name()).isEqualTo("probabilities.1");
    assertThat(score.type()).isEqualTo(ElementType.FLOAT);
    assertThat(((NumberCells) score.cells()).edges()).containsExactly(0.25, 0.75, 1.25);
    assertThat(score.counts()).containsExactly(0, 1, 2, 0, 0, 0, 0, 0);
  }

  @Test
  void score_thatIsABoolean_isACategory() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT)
            .output("yes", ElementType.BOOL)
            .score("yes")
            .build();
    ModelHandle<Row, Row> handle = ModelHandle.of(row -> Row.of("yes", row.number("x") > 1));

    Profile profile = Profile.fromCsv(csv("x\n1\n2\n3\n"), schema, Optional.of(handle));

    ColumnBaseline score = profile.score().orElseThrow();
    assertThat(((CategoryCells) score.cells()).top()).containsExactly("1", "0");
    assertThat(score.counts()).containsExactly(2, 1, 0, 0, 0);
  }

  @Test
  void scorer_getsEveryInputAsItStandsThere_inChunksUnrecorded() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("m", ElementType.DOUBLE, "a", "b")
            .input("n", ElementType.INT64)
            .input("k", ElementType.TEXT)
            .input("t", ElementType.BOOL)
            .input("rate", ElementType.INT64, Shape.perCall())
            .optional("b")
            .output("p", ElementType.FLOAT)
            .score("p")
            .build();
    Recorded recorded = new Recorded();
    StringBuilder rows = new StringBuilder("m.a,b,n,k,t,rate\n0.1,,9007199254740993,,true,16000\n");
    for (int i = 1; i < 2500; i++) {
      rows.append(i).append(",NaN,1,x,0,8000\n");
    }

    Profile profile = Profile.fromCsv(csv(rows.toString()), schema, Optional.of(recorded));

    assertThat(profile.columns())
        .extracting(ColumnBaseline::name)
        .containsExactly("a", "b", "n", "k", "t");
    assertThat(profile.score().orElseThrow().rows()).isEqualTo(2500);
    assertThat(recorded.sizes).containsExactlyInAnyOrder(1024, 1024, 452);
    assertThat(recorded.calls).allSatisfy(call -> assertThat(call.recorded()).isFalse());
    assertThat(recorded.calls)
        .allSatisfy(call -> assertThat(call.within().orElseThrow()).hasHours(1));
    assertThat(recorded.rows)
        .contains(
            Row.of("a", 0.1, "b", null, "n", 9007199254740993L, "k", "", "t", true, "rate", 16000L))
        .contains(Row.of("a", 7.0, "b", Double.NaN, "n", 1L, "k", "x", "t", false, "rate", 8000L));
  }

  private static final class Recorded implements ModelHandle<Row, Row> {
    final List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
    final List<Call> calls = Collections.synchronizedList(new ArrayList<>());
    final List<Row> rows = Collections.synchronizedList(new ArrayList<>());

    @Override
    public Prediction<Row> predict(Row input, Call call) {
      throw new AssertionError("rows are scored in batches");
    }

    @Override
    public List<Prediction<Row>> predictAll(List<? extends Row> inputs, Call call) {
      sizes.add(inputs.size());
      calls.add(call);
      rows.addAll(inputs);
      return inputs.stream().map(input -> Prediction.of(Row.of("p", 0.5))).toList();
    }

    @Override
    public ModelLease<Row, Row> lease(Duration atMost) {
      throw new IllegalStateException("not in these tests");
    }

    @Override
    public Version version() {
      throw new AssertionError("not asked for");
    }
  }

  @Test
  void scorer_withoutAScoreInTheSchema_isRefusedBeforeTheFileIsOpened() {
    assertThatThrownBy(
            () -> Profile.fromCsv(temp.resolve("none.csv"), unscored(), Optional.of(Storms.SCORER)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "the schema names no score, so there is nothing to score rows for; name it with"
                + " score(\"…\"), or make the baseline without a handle");
  }

  @Test
  void scorer_withAnInputThatACellCannotHold_isRefused() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("pixels", ElementType.FLOAT, Shape.perRow(16))
            .input("x", ElementType.FLOAT)
            .output("p", ElementType.FLOAT)
            .score("p")
            .build();
    Path file = csv("x,pixels\n1,2\n");

    assertThatThrownBy(() -> Profile.fromCsv(file, schema, Optional.of(Storms.SCORER)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            file
                + ": input 'pixels' is [rows, 16], which a cell cannot hold; leave the scores out");
  }

  @Test
  void scorer_whoseAnswersHaveNoScore_isNamed() throws IOException {
    Path file = csv(header());
    ModelHandle<Row, Row> handle = ModelHandle.of(row -> Row.of("q", 1));

    assertThatThrownBy(() -> Profile.fromCsv(file, scored(), Optional.of(handle)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "the handle's answers give no score 'p': no column 'p' in this row; it has [q]");
  }

  @Test
  void scorer_thatFails_isPassedOn_theFirstOfTheFile() throws IOException {
    StringBuilder rows = new StringBuilder("x\n");
    for (int i = 0; i < 20_000; i++) {
      rows.append(i).append('\n');
    }
    Path file = csv(rows.toString());
    ModelHandle<Row, Row> handle =
        ModelHandle.of(
            row -> {
              double x = row.number("x");
              if (x >= 3000) {
                throw new InvalidInputException("refused " + (long) (x / 1024));
              }
              return Row.of("p", 1);
            });

    assertThatThrownBy(() -> Profile.fromCsv(file, scored(), Optional.of(handle)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("refused 2");
    ModelHandle<Row, Row> broken =
        ModelHandle.of(
            row -> {
              throw new ModelFailedException("broken", null);
            });
    assertThatThrownBy(() -> Profile.fromCsv(file, scored(), Optional.of(broken)))
        .isInstanceOf(ModelFailedException.class);
  }

  private static ModelSchema scored() {
    return ModelSchema.builder()
        .input("x", ElementType.FLOAT)
        .output("p", ElementType.FLOAT)
        .score("p")
        .build();
  }

  private static String header() {
    return "x\n1\n";
  }

  private static ModelSchema unscored() {
    return ModelSchema.builder()
        .input("x", ElementType.FLOAT)
        .output("p", ElementType.FLOAT)
        .build();
  }

  private Path csv(String text) throws IOException {
    return Files.writeString(temp.resolve("train.csv"), text, StandardCharsets.UTF_8);
  }
}
