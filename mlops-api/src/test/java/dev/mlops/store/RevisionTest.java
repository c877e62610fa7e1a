package dev.mlops.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.model.Version;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class RevisionTest {
  private static final Version STORMS = new Version("storms", "1.0.0", "sha256:" + "0".repeat(64));

  @Test
  void new_belowOne_isRefused() {
    assertThat(new Revision(1, STORMS, "ci", "first", Instant.EPOCH).revision()).isEqualTo(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Revision(0, STORMS, "ci", "first", Instant.EPOCH))
        .withMessage("revision 0 is not valid: they count from 1");
  }
}
