package dev.mlops.samples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.model.MlopsException;
import org.junit.jupiter.api.Test;

/** A service's own error handling, tested with a fake handle as a user would. */
class HttpStatusTest {
  private static final Storm STORM = new Storm(9, 12, 29.7f, -60.2f, 65, 979, 0f, null);

  private static int statusOf(MlopsException failure) {
    return HttpStatus.of(
        ModelHandle.of(
            storm -> {
              throw failure;
            }),
        STORM);
  }

  @Test
  void of_eachKind_isItsStatus() {
    assertThat(HttpStatus.of(ModelHandle.of(storm -> new Forecast(1, 0.7f)), STORM)).isEqualTo(200);
    assertThat(statusOf(new InvalidInputException("no column"))).isEqualTo(400);
    assertThat(statusOf(new OverloadedException("busy"))).isEqualTo(503);
    assertThat(statusOf(new ModelFailedException("broken", null))).isEqualTo(500);
  }
}
