package dev.mlops.runtime.codec;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.Slot;
import dev.mlops.inference.Codec;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class FrameTest {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("x", FLOAT, "a", "b")
          .input("t", TEXT)
          .optional("a", "b", "t")
          .output("y", FLOAT, "no", "maybe", "yes")
          .score("maybe")
          .build();

  private record In(Float a, Float b, String t) {}

  private record Out(float yes) {}

  private static final BoundCodec<In, Out> CODEC = Codecs.bind(SCHEMA, In.class, Out.class);

  /** Fills what it is told to, asking for it with so many rows more. */
  private record Users(int inputs, int rowsMore) implements Codec<Float, Float> {
    @Override
    public void write(List<? extends Float> in, Slot to) {
      int rows = in.size() + rowsMore;
      for (int row = 0; row < in.size(); row++) {
        to.input(0, rows).floats().put(row * 2, in.get(row)).put(row * 2 + 1, Float.NaN);
        if (inputs > 1) {
          to.input(1, rows).texts()[row] = "user";
        }
      }
    }

    @Override
    public Float read(Slot from, int row) {
      return from.output(0).floats().get(row * 3);
    }
  }

  @Test
  void write_sameRowCountAgain_inputsAreNotAskedForAgain() {
    FakeSlot slot = new FakeSlot(SCHEMA);
    Frame frame = new Frame(SCHEMA, slot);
    CODEC.write(new In(1f, 2f, "a"), frame);
    CODEC.write(new In(1f, 2f, "a"), frame);
    assertThat(slot.asks()).isEqualTo(2);

    CODEC.write(List.of(new In(1f, 2f, "a"), new In(3f, 4f, "b")), 0, 2, frame);
    assertThat(slot.asks()).isEqualTo(4);
    assertThat(frame.number(1, 1)).isEqualTo(4);
  }

  @Test
  void floats_ofARow_standAtTheirColumnsAsFarAsTheArrayReaches() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("number", FLOAT)
            .input("text", TEXT)
            .input("matrix", FLOAT, "a", "b")
            .input("whole", INT64)
            .input("vector", FLOAT, Shape.of(Shape.ROWS, 3))
            .input("last", FLOAT)
            .optional("a")
            .output("y", FLOAT)
            .build();
    Frame frame = new Frame(schema, new FakeSlot(schema));
    List<Row> rows =
        IntStream.range(0, 2)
            .mapToObj(
                i -> {
                  float[] vector = {5, 6, 7};
                  return Row.of(
                      "number", 1 + i, "text", "t", "a", null, "b", 3 + i, "whole", 4, "vector",
                      vector, "last", 8 + i);
                })
            .toList();
    Codecs.bind(schema, Row.class, Row.class).write(rows, 0, 2, frame);

    float[] all = {-1, -1, -1, -1, -1, -1, -1, -1};
    frame.floats(1, all);
    assertThat(all).containsExactly(2, -1, Float.NaN, 4, -1, -1, 9, -1);

    float[] some = {-1, -1, -1};
    frame.floats(0, some);
    assertThat(some).containsExactly(1, -1, Float.NaN);
  }

  @Test
  void write_afterAUsersCodecOfOtherShapes_goesToTheRightTensors() {
    FakeSlot slot = new FakeSlot(SCHEMA);
    Frame frame = new Frame(SCHEMA, slot);
    CODEC.write(new In(1f, 2f, "a"), frame);
    BoundCodec<Float, Float> users = Codecs.bind(new Users(2, 0));
    users.write(List.of(5f, 6f), 0, 2, frame);

    CODEC.write(new In(7f, 8f, "c"), frame);

    assertThat(slot.input(0, 1).floats().get(1)).isEqualTo(8);
    assertThat(slot.input(1, 1).texts()[0]).isEqualTo("c");
  }

  @Test
  void missingBits_ofAnEarlierWrite_areForgotten() {
    Frame frame = new Frame(SCHEMA, new FakeSlot(SCHEMA));
    CODEC.write(List.of(new In(null, 2f, null), new In(3f, null, "b")), 0, 2, frame);
    assertThat(frame.missing(0, 0)).isTrue();
    assertThat(frame.missing(0, 1)).isFalse();
    assertThat(frame.missing(0, 2)).isTrue();
    assertThat(frame.missing(1, 1)).isTrue();

    CODEC.write(List.of(new In(1f, 2f, "a"), new In(3f, 4f, null)), 0, 2, frame);
    assertThat(frame.missing(0, 0)).isFalse();
    assertThat(frame.missing(0, 2)).isFalse();
    assertThat(frame.missing(1, 1)).isFalse();
    assertThat(frame.missing(1, 2)).isTrue();

    Codecs.bind(new Users(2, 0)).write(List.of(1f, 2f), 0, 2, frame);
    assertThat(frame.missing(1, 2)).isFalse();
    assertThat(frame.missing(0, 1)).isFalse();
    assertThat(frame.number(0, 1)).isNaN();
    assertThat(frame.text(1, 2)).isEqualTo("user");
  }

  @Test
  void missingBits_ofALongerWriteBeforeAShorterOne_areForgotten() {
    Frame frame = new Frame(SCHEMA, new FakeSlot(SCHEMA));
    In nothing = new In(null, null, null);
    In all = new In(1f, 2f, "a");
    CODEC.write(List.of(nothing, nothing, nothing), 0, 3, frame);
    CODEC.write(all, frame);
    CODEC.write(List.of(nothing, all, all), 0, 3, frame);
    assertThat(frame.missing(0, 1)).isTrue();
    assertThat(frame.missing(1, 1)).isFalse();
    assertThat(frame.missing(2, 1)).isFalse();
  }

  @Test
  void missingBits_ofMoreThanSixtyFourColumns_areApart() {
    String[] names = IntStream.range(0, 130).mapToObj(i -> "c" + i).toArray(String[]::new);
    ModelSchema schema =
        ModelSchema.builder().input("x", FLOAT, names).optional(names).output("y", FLOAT).build();
    Frame frame = new Frame(schema, new FakeSlot(schema));
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      values.add(names[i]);
      values.add(i % 3 == 0 ? null : i);
    }
    var row = Row.of(values.toArray());
    var empty = Row.of();
    Codecs.bind(schema, Row.class, Row.class).write(List.of(row, empty, row), 0, 3, frame);
    for (int i = 0; i < names.length; i++) {
      assertThat(frame.missing(0, i)).isEqualTo(i % 3 == 0);
      assertThat(frame.missing(1, i)).isTrue();
      assertThat(frame.missing(2, i)).isEqualTo(i % 3 == 0);
    }
  }

  @Test
  void score_andTheOtherColumns_scoreFirst() {
    FakeSlot slot =
        new FakeSlot(
            SCHEMA,
            (in, out) -> {
              for (int i = 0; i < 6; i++) {
                out.get(0).floats().put(i, i);
              }
            });
    Frame frame = new Frame(SCHEMA, slot);
    CODEC.write(List.of(new In(1f, 2f, "a"), new In(3f, 4f, "b")), 0, 2, frame);
    frame.run();
    assertThat(frame.score(1)).isEqualTo(4);
    assertThat(frame.scores(1)).containsExactly(4, 3, 5);
    assertThat(CODEC.read(frame, 1)).isEqualTo(new Out(5));
  }

  @Test
  void scores_ofManyColumns_sixteenAndTheScoreAmongThem() {
    String[] names = IntStream.range(0, 40).mapToObj(i -> "k" + i).toArray(String[]::new);
    ModelSchema schema =
        ModelSchema.builder().input("x", FLOAT).output("y", INT64, names).score("k30").build();
    FakeSlot slot =
        new FakeSlot(
            schema,
            (in, out) -> {
              for (int i = 0; i < 40; i++) {
                out.get(0).longs().put(i, i);
              }
            });
    record X(float x) {}
    record Y(long k3) {}
    Frame frame = new Frame(schema, slot);
    Codecs.bind(schema, X.class, Y.class).write(new X(1), frame);
    frame.run();
    assertThat(frame.scores(0))
        .containsExactly(30, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
  }

  @Test
  void score_ofASchemaWithoutOne_notANumberAndNone() {
    ModelSchema schema = ModelSchema.builder().input("x", FLOAT).output("y", FLOAT).build();
    Frame frame = new Frame(schema, new FakeSlot(schema));
    assertThat(frame.score(0)).isNaN();
    assertThat(frame.scores(0)).hasSize(0).isSameAs(frame.scores(1));
  }

  @Test
  void run_answersOfTheRunBefore_areNotReadAgain() {
    float[] next = {0};
    FakeSlot slot = new FakeSlot(SCHEMA, (in, out) -> out.get(0).floats().put(1, ++next[0]));
    Frame frame = new Frame(SCHEMA, slot);
    for (int i = 1; i <= 2; i++) {
      CODEC.write(new In(1f, 2f, "a"), frame);
      frame.run();
      assertThat(frame.score(0)).isEqualTo(i);
    }
  }

  @Test
  void observation_askedForTheWrongKind_refused() {
    Frame frame = new Frame(SCHEMA, new FakeSlot(SCHEMA));
    assertThatThrownBy(() -> frame.number(0, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("nothing was written to this frame");
    CODEC.write(new In(1f, 2f, "a"), frame);
    assertThatThrownBy(() -> frame.text(0, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("column 1 is FLOAT and has no text");
    assertThatThrownBy(() -> frame.number(0, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a TEXT column has no numbers");
    assertThat(frame.size(0, 2)).isEqualTo(1);
  }

  @Test
  void write_withACodecOfAnEqualSchema_works() {
    ModelSchema same =
        ModelSchema.builder()
            .input("x", FLOAT, "a", "b")
            .input("t", TEXT)
            .optional("a", "b", "t")
            .output("y", FLOAT, "no", "maybe", "yes")
            .score("maybe")
            .build();
    Frame frame = new Frame(same, new FakeSlot(same));
    CODEC.write(new In(1f, 2f, "a"), frame);
    assertThat(frame.number(0, 1)).isEqualTo(2);
  }

  // users' codecs

  @Test
  void usersCodec_singleAndChunk_fillsAndReads() {
    FakeSlot slot =
        new FakeSlot(
            SCHEMA,
            (in, out) -> {
              for (int row = 0; row * 3 < out.get(0).floats().limit(); row++) {
                out.get(0).floats().put(row * 3, in.get(0).floats().get(row * 2) * 10);
              }
            });
    Frame frame = new Frame(SCHEMA, slot);
    BoundCodec<Float, Float> codec = Codecs.bind(new Users(2, 0));
    codec.write(4f, frame);
    frame.run();
    assertThat(codec.read(frame, 0)).isEqualTo(40);
    assertThat(frame.number(0, 0)).isEqualTo(4);

    codec.write(List.of(1f, 2f, 3f), 1, 2, frame);
    frame.run();
    assertThat(frame.rows()).isEqualTo(2);
    assertThat(codec.read(frame, 1)).isEqualTo(30);
    assertThat(frame.number(1, 0)).isEqualTo(3);
    assertThat(frame.text(1, 2)).isEqualTo("user");
    assertThatThrownBy(() -> codec.write(null, frame))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("the input was null");
  }

  @Test
  void usersCodec_leavingAnInputOut_refused() {
    Frame frame = new Frame(SCHEMA, new FakeSlot(SCHEMA));
    CODEC.write(new In(1f, 2f, "another caller's"), frame);
    assertThatThrownBy(() -> Codecs.bind(new Users(1, 0)).write(1f, frame))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "the codec did not ask for input 't'; a codec must fill every input at each write");
  }

  @Test
  void usersCodec_askingForOtherRows_refused() {
    Frame frame = new Frame(SCHEMA, new FakeSlot(SCHEMA));
    assertThatThrownBy(() -> Codecs.bind(new Users(2, 1)).write(1f, frame))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the codec was given 1 rows but asked for input 'x' with 2");
  }

  @Test
  void usersCodec_runningTheModel_refused() {
    Codec<Float, Float> codec =
        new Codec<>() {
          @Override
          public void write(List<? extends Float> in, Slot to) {
            to.run(1);
          }

          @Override
          public Float read(Slot from, int row) {
            return 0f;
          }
        };
    Frame frame = new Frame(SCHEMA, new FakeSlot(SCHEMA));
    assertThatThrownBy(() -> Codecs.bind(codec).write(1f, frame))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a codec fills and reads; the runtime runs the model");
  }

  @Test
  void usersCodec_fillingAnOpenAxis_isObservedAsLongAsItWas() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("tokens", INT64, Shape.perRow(Shape.ANY))
            .output("y", FLOAT)
            .build();
    Codec<long[], Float> codec =
        new Codec<>() {
          @Override
          public void write(List<? extends long[]> in, Slot to) {
            int length = in.get(0).length;
            var tokens = to.input(0, new long[] {in.size(), length}).longs();
            for (int row = 0; row < in.size(); row++) {
              tokens.put(row * length, in.get(row));
            }
          }

          @Override
          public Float read(Slot from, int row) {
            return from.output(0).floats().get(row);
          }
        };
    Frame frame = new Frame(schema, new FakeSlot(schema));
    BoundCodec<long[], Float> bound = Codecs.bind(codec);
    bound.write(List.of(new long[] {1, 2, 3, 4}, new long[] {5, 6, 7, 8}), 0, 2, frame);
    assertThat(frame.size(1, 0)).isEqualTo(4);
    assertThat(frame.element(1, 0, 3)).isEqualTo(8);
    bound.write(new long[] {9, 10}, frame);
    assertThat(frame.size(0, 0)).isEqualTo(2);
    assertThat(frame.element(0, 0, 1)).isEqualTo(10);
  }

  @Test
  void number_ofEveryType_asItsDouble() {
    ModelSchema.Builder builder = ModelSchema.builder().output("y", FLOAT);
    ElementType[] types = {
      ElementType.FLOAT,
      ElementType.DOUBLE,
      ElementType.FLOAT16,
      ElementType.INT8,
      ElementType.INT16,
      ElementType.INT32,
      ElementType.INT64
    };
    List<Object> values = new ArrayList<>();
    for (ElementType type : types) {
      builder.input(type.name(), type, type + "_0", type + "_1");
      values.addAll(List.of(type + "_0", 7, type + "_1", -8));
    }
    ModelSchema schema = builder.build();
    Frame frame = new Frame(schema, new FakeSlot(schema));
    var row = Row.of(values.toArray());
    Codecs.bind(schema, Row.class, Row.class).write(List.of(row, row), 0, 2, frame);
    for (int i = 0; i < types.length; i++) {
      assertThat(frame.number(1, 2 * i)).as(types[i].name()).isEqualTo(7);
      assertThat(frame.number(1, 2 * i + 1)).as(types[i].name()).isEqualTo(-8);
    }
  }
}
