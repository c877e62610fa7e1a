package dev.mlops.runtime.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.Column;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RecordCodecTest {
  private record Storm(
      float month, double lat, @Column("long") Float lon, long wind, boolean landfall) {}

  private record Forecast(long label, @Column("probabilities.1") double probability) {}

  private static final ModelSchema STORMS =
      ModelSchema.builder()
          .input("features", ElementType.FLOAT, "wind", "landfall", "lat", "long", "month")
          .optional("long")
          .output("label", ElementType.INT64)
          .output("probabilities", ElementType.FLOAT, "0", "1")
          .score("probabilities.1")
          .build();

  @Test
  void record_written_liesInTheSchemasOrder() {
    Frame frame =
        new Frame(
            STORMS,
            new FakeSlot(
                STORMS,
                (in, out) -> {
                  for (int row = 0; row < out.get(0).longs().limit(); row++) {
                    out.get(0).longs().put(row, row + 1);
                    out.get(1).floats().put(row * 2, 0.25f).put(row * 2 + 1, 0.75f);
                  }
                }));
    BoundCodec<Storm, Forecast> codec = Codecs.bind(STORMS, Storm.class, Forecast.class);

    codec.write(
        List.of(new Storm(1, 2, 3f, 4, true), new Storm(5, 6, null, 7, false)), 0, 2, frame);
    frame.run();

    assertThat(new double[] {frame.number(0, 0), frame.number(0, 1), frame.number(0, 2)})
        .containsExactly(4, 1, 2);
    assertThat(frame.number(1, 3)).isNaN();
    assertThat(frame.missing(1, 3)).isTrue();
    assertThat(frame.missing(0, 3)).isFalse();
    assertThat(codec.read(frame, 1)).isEqualTo(new Forecast(2, 0.75));
    assertThat(frame.score(1)).isEqualTo(0.75);
    assertThat(frame.scores(1)).containsExactly(0.75, 0.25);
  }
}
