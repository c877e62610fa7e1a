package dev.mlops.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ModelRefPropertyTest {
  @Property(seed = "10")
  void parse_anyText_isReadOrRefusedAsAnArgument(@ForAll("texts") String text) {
    ModelRef ref;
    try {
      ref = ModelRef.parse(text);
    } catch (IllegalArgumentException expected) {
      assertThat(expected).hasMessageContaining("not valid");
      return;
    }
    assertThat(ModelRef.parse(ref.toString())).isEqualTo(ref);
    for (String part : ref.model().split("/", -1)) {
      if (part.isEmpty() || part.startsWith(".") || part.endsWith(".") || part.contains("..")) {
        fail("'" + part + "' would leave its folder");
      }
      assertThat(part).isEqualTo(part.toLowerCase(Locale.ROOT));
    }
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(12),
        Arbitraries.strings().withChars("ab1.-_/@:").ofMaxLength(12));
  }
}
