package dev.mlops.samples.quickstart;

import dev.mlops.inference.ModelHandle;
import dev.mlops.model.MlopsException;

/** What a service answers its own caller when a prediction fails. */
final class HttpStatus {
  private HttpStatus() {}

  static int of(ModelHandle<Storm, Forecast> storms, Storm storm) {
    // region status
    try {
      storms.predict(storm);
      return 200;
    } catch (MlopsException e) {
      return switch (e.kind()) {
        case INPUT -> 400;
        case RETRY -> 503;
        case FAULT -> 500;
      };
    }
    // endregion
  }
}
