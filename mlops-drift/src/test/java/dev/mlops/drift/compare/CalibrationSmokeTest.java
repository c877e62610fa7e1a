package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.compare.Calibration.CategoryChange;
import dev.mlops.drift.compare.Calibration.Line;
import dev.mlops.drift.compare.Calibration.NumberChange;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A few lines of {@link CalibrationTest} over 100 windows, with room for chance. */
class CalibrationSmokeTest {
  @Test
  void numbers_withAndWithoutDrift_areToldApart() {
    List<Line> lines =
        new Calibration(100)
            .run(
                NumberShape.NORMAL,
                List.of(
                    new NumberChange("none", 0, 0, 2_000, true),
                    new NumberChange("0.3 sigma", 0.3, 0, 2_000, true)),
                7);
    assertThat(lines.get(0).drift).isZero();
    assertThat(lines.get(0).stable).isGreaterThan(60);
    assertThat(lines.get(1).drift).isGreaterThan(90);
  }

  @Test
  void categories_withAndWithoutDrift_areToldApart() {
    CategoryShape shape = CategoryShape.FORTY_SKEWED;
    List<Line> lines =
        new Calibration(100)
            .run(
                shape,
                List.of(
                    new CategoryChange("none", shape.shares(), 5_000),
                    new CategoryChange("every second gone", shape.everySecondGone(), 5_000)),
                8);
    assertThat(lines.get(0).drift).isZero();
    assertThat(lines.get(0).stable).isGreaterThan(60);
    assertThat(lines.get(1).drift).isGreaterThan(90);
  }
}
