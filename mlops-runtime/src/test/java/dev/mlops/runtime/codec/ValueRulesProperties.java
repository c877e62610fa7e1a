package dev.mlops.runtime.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;

/** The rule for numbers, held against plain Java casts: by record and by row alike. */
final class ValueRulesProperties {
  private record OfDouble(double v) {}

  private record OfLong(long v) {}

  private record OfInt(int v) {}

  private record OfFloat(float v) {}

  private record Pair(Float a, String b) {}

  private record FloatOut(float v) {}

  private static ModelSchema schema(ElementType type, boolean optional) {
    ModelSchema.Builder builder = ModelSchema.builder().input("v", type).output("v", type);
    return (optional ? builder.optional("v") : builder).build();
  }

  /* By record and by row, which must agree; null where both refuse. */
  private static <I extends Record> @Nullable Double written(
      ModelSchema schema, Class<I> type, I input, Object value) {
    Double byRecord = written(schema, Codecs.bind(schema, type, Row.class), input);
    Double byRow = written(schema, Codecs.bind(schema, Row.class, Row.class), Row.of("v", value));
    assertThat(byRow).isEqualTo(byRecord);
    return byRecord;
  }

  private static <I> @Nullable Double written(
      ModelSchema schema, BoundCodec<I, Row> codec, I input) {
    Frame frame = new Frame(schema, new FakeSlot(schema));
    try {
      codec.write(input, frame);
    } catch (InvalidInputException e) {
      return null;
    }
    return frame.number(0, 0);
  }

  @Property
  void doubleIntoFloat_isRounded_orRefusedBeyondIt(@ForAll double value) {
    float rounded = (float) value;
    Double seen =
        written(schema(ElementType.FLOAT, false), OfDouble.class, new OfDouble(value), value);
    assertThat(seen).isEqualTo(Float.isFinite(rounded) ? (Double) (double) rounded : null);
  }

  @Property
  void floatIntoDouble_isExact(@ForAll float value) {
    Double seen =
        written(schema(ElementType.DOUBLE, false), OfFloat.class, new OfFloat(value), value);
    assertThat(seen).isEqualTo(Float.isFinite(value) ? (Double) (double) value : null);
  }

  @Property
  void longIntoFloat_isRoundedOnce(@ForAll long value) {
    assertThat(written(schema(ElementType.FLOAT, false), OfLong.class, new OfLong(value), value))
        .isEqualTo((double) (float) value);
  }

  @Property
  void longIntoInteger_isTheSame_orRefused(@ForAll long value) {
    assertThat(written(schema(ElementType.INT64, false), OfLong.class, new OfLong(value), value))
        .isEqualTo((double) value);
    assertThat(written(schema(ElementType.INT32, false), OfLong.class, new OfLong(value), value))
        .isEqualTo(value == (int) value ? (Double) (double) value : null);
    assertThat(written(schema(ElementType.INT16, false), OfLong.class, new OfLong(value), value))
        .isEqualTo(value == (short) value ? (Double) (double) value : null);
  }

  @Property
  void doubleIntoInteger_isTheSame_orRefused(@ForAll double value, @ForAll int whole) {
    assertThat(
            written(schema(ElementType.INT64, false), OfDouble.class, new OfDouble(value), value))
        .isEqualTo(value == Math.rint(value) && Math.abs(value) < 0x1p63 ? value + 0.0 : null);
    assertThat(
            written(
                schema(ElementType.INT32, false),
                OfDouble.class,
                new OfDouble(whole),
                (double) whole))
        .isEqualTo(whole);
  }

  @Property
  void intIntoByte_isTheSame_orRefused(@ForAll byte small, @ForAll int value) {
    for (int v : new int[] {small, value, small & 0xff}) {
      assertThat(written(schema(ElementType.INT8, false), OfInt.class, new OfInt(v), v))
          .isEqualTo(v == (byte) v ? (Double) (double) v : null);
      assertThat(written(schema(ElementType.UINT8, false), OfInt.class, new OfInt(v), v))
          .isEqualTo(v == (v & 0xff) ? (Double) (double) v : null);
    }
  }

  @Property
  void anyDoubleIntoAnOptionalDouble_passes(@ForAll double value) {
    for (double v : new double[] {value, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThat(written(schema(ElementType.DOUBLE, true), OfDouble.class, new OfDouble(v), v))
          .isEqualTo((Double) v); // as objects, so that NaN is NaN
    }
  }

  @Property(tries = 200)
  void rows_writtenInChunks_comeBackWithWhatWasMissing(
      @ForAll @Size(min = 1, max = 40) List<@Nullable Float> values) {
    ModelSchema schema =
        ModelSchema.builder()
            .input("a", ElementType.FLOAT)
            .input("b", ElementType.TEXT)
            .optional("a", "b")
            .output("v", ElementType.FLOAT)
            .build();
    Frame frame =
        new Frame(
            schema,
            new FakeSlot(
                schema,
                (in, out) ->
                    out.get(0).floats().put(0, in.get(0).floats(), 0, in.get(0).floats().limit())));
    BoundCodec<Pair, FloatOut> codec = Codecs.bind(schema, Pair.class, FloatOut.class);
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      Float value = i % 3 == 2 ? null : values.get(i);
      pairs.add(new Pair(value, i % 5 == 4 ? null : "t" + i));
    }
    for (int from = 0; from < pairs.size(); from += 7) {
      int rows = Math.min(7, pairs.size() - from);
      codec.write(pairs, from, rows, frame);
      frame.run();
      for (int row = 0; row < rows; row++) {
        Pair pair = pairs.get(from + row);
        assertThat(frame.missing(row, 0)).isEqualTo(pair.a() == null);
        assertThat(frame.missing(row, 1)).isEqualTo(pair.b() == null);
        assertThat(frame.text(row, 1)).isEqualTo(pair.b() == null ? "" : pair.b());
        assertThat(codec.read(frame, row))
            .isEqualTo(new FloatOut(pair.a() == null ? Float.NaN : pair.a()));
      }
    }
  }

  @Property(tries = 200)
  void messages_neverHoldTheValue(@ForAll double value) {
    double fraction = 123_456.5 + Math.rint(value % 1000);
    ModelSchema schema = schema(ElementType.INT64, false);
    Frame frame = new Frame(schema, new FakeSlot(schema));
    BoundCodec<OfDouble, Row> codec = Codecs.bind(schema, OfDouble.class, Row.class);
    assertThatThrownBy(() -> codec.write(new OfDouble(fraction), frame))
        .isInstanceOf(InvalidInputException.class)
        .message()
        .doesNotContain(String.valueOf((long) fraction));
  }
}
