package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PackagePathsTest {
  @Test
  void problems_plainPaths_none() {
    assertThat(
            PackagePaths.problems(
                List.of(
                    "model.onnx",
                    "model/weights.bin",
                    "model/vocab/words.txt",
                    ".hidden",
                    "a b/c",
                    "größe/\ud83d\ude00",
                    "x".repeat(255),
                    "sub/manifest.json",
                    "console",
                    "com10")))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/etc/passwd",
        "a//b",
        "a/",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "a\\b",
        "..\\a",
        "C:/a",
        "C:",
        "a:b",
        "a\u0000",
        "a\nb",
        "a\u007f",
        "a*",
        "a?",
        "a\"b",
        "<a",
        "a>",
        "a|b",
        "a.",
        "a ",
        "a./b",
        "a /b",
        "con",
        "CON",
        "nul.txt",
        "a/Aux.tar.gz",
        "com1",
        "LPT9.x",
        "com\u00b9",
        "manifest.json",
        "Manifest.JSON",
        "model.sig",
        "\ud800",
        "a/\udc00b",
      })
  void problems_pathThatMayNotBe_told(String path) {
    assertThat(PackagePaths.problems(List.of(path))).hasSize(1);
  }

  @Test
  void problems_longNames_countedInBytes() {
    assertThat(PackagePaths.problems(List.of("x".repeat(256)))).hasSize(1);
    assertThat(PackagePaths.problems(List.of("ö".repeat(128)))).hasSize(1);
    assertThat(PackagePaths.problems(List.of("ö".repeat(127)))).isEmpty();
    assertThat(PackagePaths.problems(List.of("abc/".repeat(256) + "a"))).hasSize(1);
    assertThat(PackagePaths.problems(List.of("abc/".repeat(255) + "abcd"))).isEmpty();
  }

  @Test
  void problems_oneFileWhereCaseDoesNotCount_told() {
    assertThat(PackagePaths.problems(List.of("a/b", "A/c")))
        .containsExactly("paths 'a' and 'A' would be one file where case does not count");
    assertThat(PackagePaths.problems(List.of("stra\u00dfe", "STRASSE"))).hasSize(1);
    assertThat(PackagePaths.problems(List.of("\u00e4", "a\u0308"))).hasSize(1);
    assertThat(PackagePaths.problems(List.of("\u00c4", "a\u0308"))).hasSize(1);
  }

  @Test
  void problems_twice_told() {
    assertThat(PackagePaths.problems(List.of("a", "a")))
        .containsExactly("path 'a' stands there twice");
    assertThat(PackagePaths.problems(List.of("a", "a/b"))).hasSize(1);
    assertThat(PackagePaths.problems(List.of("a/b", "a"))).hasSize(1);
  }

  @Test
  void problems_controlCharacters_shownAsEscapes() {
    assertThat(PackagePaths.problems(List.of("a\u0000b")))
        .containsExactly(
            "path 'a\\u0000b' has the character U+0000 in it, which not every system allows");
  }

  @Test
  void order_versions_asPeopleCount() {
    assertThat(
            List.of("10", "9", "1.10", "1.9", "1.9.1", "1.9-rc1", "01.9", "a", "1.9.0").stream()
                .sorted(VersionOrder.INSTANCE))
        .containsExactly("01.9", "1.9", "1.9-rc1", "1.9.0", "1.9.1", "1.10", "9", "10", "a");
  }
}
