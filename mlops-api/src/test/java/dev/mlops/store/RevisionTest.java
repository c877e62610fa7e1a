package dev.mlops.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

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

  @Test
  void new_withoutActorOrReasonOrWithAnEndlessOne_isRefused() {
    assertThatNullPointerException()
        .isThrownBy(() -> new Revision(1, STORMS, null, "first", Instant.EPOCH))
        .withMessage("an alias is moved by somebody: say who, as the actor");
    assertThatNullPointerException()
        .isThrownBy(() -> new Revision(1, STORMS, "ci", null, Instant.EPOCH))
        .withMessage("an alias is moved for a reason: say which");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Revision(1, STORMS, "ci", "x".repeat(10_001), Instant.EPOCH))
        .withMessage("the reason has 10001 characters; at most 10000 are kept");
  }
}
