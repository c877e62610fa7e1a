package dev.mlops.runtime.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/**
 * Writing allocates nothing once the JIT has seen it. The JVM counts a thread's bytes exactly; what
 * may still be seen is what a late compilation leaves behind, so the mean over many calls must stay
 * below a hundredth of the smallest object, in the best of several rounds.
 */
final class WriteAllocationTest {
  private static final int CALLS = 20_000;
  private static final int ROUNDS = 20;
  private static final double SMALLEST_OBJECT = 16;

  private record Mixed(float a, double b, Float c, Float d, int e, String t, long[] v) {}

  private record Out(float y) {}

  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("x", ElementType.FLOAT, "a", "b", "c", "d", "e")
          .input("t", ElementType.TEXT)
          .input("v", ElementType.INT64, Shape.perRow(4))
          .optional("c", "d", "t")
          .output("y", ElementType.FLOAT)
          .build();

  @Test
  void write_recordWithBoxesTextAndVector_allocatesNothing() {
    Frame frame = new Frame(SCHEMA, new FakeSlot(SCHEMA));
    BoundCodec<Mixed, Out> codec = Codecs.bind(SCHEMA, Mixed.class, Out.class);
    Mixed[] inputs = {
      new Mixed(1, 2, 3f, null, 5, "six", new long[] {7, 8, 9, 10}),
      new Mixed(-1, 0.5, null, 4f, 0, null, new long[4])
    };
    assertThat(bytesPerCall(i -> codec.write(inputs[i & 1], frame)))
        .isLessThan(SMALLEST_OBJECT / 100);
  }

  @Test
  void write_rowOfAllColumns_allocatesNothingButTheRowsOwnViewOfItsNames() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, "a", "b", "c")
            .output("y", ElementType.FLOAT)
            .build();
    Frame frame = new Frame(schema, new FakeSlot(schema));
    BoundCodec<Row, Row> codec = Codecs.bind(schema, Row.class, Row.class);
    Row row = Row.of("a", 1, "b", 2.5, "c", 3f);
    assertThat(bytesPerCall(i -> codec.write(row, frame))).isLessThan(SMALLEST_OBJECT * 1.01);
  }

  @Test
  void observation_ofAWrittenRow_allocatesNothing() {
    Frame frame = new Frame(SCHEMA, new FakeSlot(SCHEMA));
    Codecs.bind(SCHEMA, Mixed.class, Out.class)
        .write(new Mixed(1, 2, 3f, null, 5, "six", new long[4]), frame);
    double[] sum = {0};
    assertThat(
            bytesPerCall(
                i -> {
                  for (int column = 0; column < 5; column++) {
                    sum[0] += frame.missing(0, column) ? 1 : frame.number(0, column);
                  }
                  sum[0] += frame.text(0, 5).length() + frame.element(0, 6, 3);
                }))
        .isLessThan(SMALLEST_OBJECT / 100);
    assertThat(sum[0]).isPositive();
  }

  private interface Call {
    void run(int index);
  }

  private static double bytesPerCall(Call call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    double least = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        call.run(i);
      }
      least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / (double) CALLS);
    }
    return least;
  }
}
