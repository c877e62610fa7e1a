package dev.mlops.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VersionTest {
  private static final String ID = "sha256:" + "0".repeat(64);

  @Test
  void toString_ofAVersion_isWhatPeopleCallIt() {
    assertThat(new Version("storms", "1.0.0", ID)).hasToString("storms:1.0.0");
  }

  @Test
  void new_withAnotherId_isAnotherVersion() {
    assertThat(new Version("storms", "1.0.0", ID))
        .isEqualTo(new Version("storms", "1.0.0", ID))
        .isNotEqualTo(new Version("storms", "1.0.0", ID.replace('0', '1')));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "sha256:", "sha256:00", "SHA256:", "md5:00"})
  void new_withABadId_saysWhatIsWanted(String id) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Version("storms", "1.0.0", id))
        .withMessage(
            "version id '%s' is not valid: wanted sha256: and 64 lower-case hex digits", id);
  }

  @Test
  void new_withBadNames_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Version("Storms", "1.0.0", ID))
        .withMessageStartingWith("model name 'Storms' is not valid");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Version("storms", "latest", ID))
        .withMessageStartingWith("version number 'latest' is refused");
  }
}
