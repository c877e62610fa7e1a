package dev.mlops.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.model.ModelRef.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelRefTest {
  private static final String ID = "sha256:" + "0123456789abcdef".repeat(4);
  private static final String GRAMMAR =
      "use lower-case letters, digits, '.', '_' and '-', start with a letter or digit,"
          + " at most 128 characters, no '..' and no '.' at the end";

  @ParameterizedTest
  @CsvSource({
    "storms:1.0.0, storms, NUMBER, 1.0.0",
    "storms:7, storms, NUMBER, 7",
    "storms@champion, storms, ALIAS, champion",
    "storms@latest, storms, ALIAS, latest",
    "storms, storms, ALIAS, champion",
    "risk/credit/eu:2024-11.b_3, risk/credit/eu, NUMBER, 2024-11.b_3",
    "0day, 0day, ALIAS, champion",
    "com10, com10, ALIAS, champion",
    "console, console, ALIAS, champion"
  })
  void parse_aReference_hasItsParts(String text, String model, Kind kind, String selector) {
    assertThat(ModelRef.parse(text)).isEqualTo(new ModelRef(model, kind, selector));
  }

  @Test
  void parse_aDigest_isOfThatKind() {
    assertThat(ModelRef.parse("storms@" + ID)).isEqualTo(new ModelRef("storms", Kind.DIGEST, ID));
  }

  @ParameterizedTest
  @ValueSource(strings = {"storms:1.0.0", "storms@champion", "risk/credit@canary"})
  void toString_ofAReference_isTheTextThatWasParsed(String text) {
    assertThat(ModelRef.parse(text)).hasToString(text);
  }

  @Test
  void toString_ofANameAlone_spellsTheAliasOut() {
    assertThat(ModelRef.parse("storms")).hasToString("storms@champion");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "Storms", "storms ", "stürme", "storms\n", "a b", ".hidden", "-x", "_x", "a..b",
        "a.", "/a", "a/", "a//b", "a/../b", "..", ".", "a\\b", "a%2fb", "C", "a*"
      })
  void parse_aBadModelName_saysWhatIsAllowed(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelRef.parse(name + "@champion"))
        .withMessage("model name '%s' is not valid: %s", name, GRAMMAR);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1.0 ", "V1", "1/2", "1..2", "1.", "-1", "1:2", "1\u0660"})
  void parse_aBadNumber_saysWhatIsAllowed(String number) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelRef.parse("storms:" + number))
        .withMessage("version number '%s' is not valid: %s", number, GRAMMAR);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Champion", "a/b", "a@b", "a:b", "sha256"})
  void parse_aBadAlias_saysWhatIsAllowed(String alias) {
    if (alias.equals("sha256")) { // a word like any other as long as no digest follows
      assertThat(ModelRef.parse("storms@sha256").kind()).isEqualTo(Kind.ALIAS);
      return;
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelRef.parse("storms@" + alias))
        .withMessage("alias '%s' is not valid: %s", alias, GRAMMAR);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha256:", "sha256:abc", "sha256:0123456789ABCDEF"})
  void parse_aBadDigest_saysWhatIsWanted(String digest) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelRef.parse("storms@" + digest))
        .withMessage(
            "digest '%s' is not valid: wanted sha256: and 64 lower-case hex digits", digest);
  }

  @Test
  void parse_latestAsANumber_isRefusedWithTheReason() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelRef.parse("storms:latest"))
        .withMessage(
            "version number 'latest' is refused: a number names one version for ever;"
                + " move an alias instead");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "con",
        "prn",
        "aux",
        "nul",
        "com1",
        "lpt9",
        "com0",
        "nul.onnx",
        "con.1.2",
        "a/aux"
      })
  void parse_aDeviceName_isRefusedEverywhere(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelRef.parse(name))
        .withMessage(
            "model name '%s' is a device name on Windows and cannot be a folder there;"
                + " choose another",
            name);
    if (!name.contains("/")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ModelRef.parse("storms:" + name))
          .withMessageStartingWith("version number '" + name + "' is a device name");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ModelRef.parse("storms@" + name))
          .withMessageStartingWith("alias '" + name + "' is a device name");
    }
  }

  @Test
  void parse_aLongName_isRefusedFromTheFirstCharacterTooMany() {
    String part = "a".repeat(128);
    assertThat(ModelRef.parse(part).model()).isEqualTo(part);
    assertThat(ModelRef.parse("storms:" + part).selector()).isEqualTo(part);
    assertThatIllegalArgumentException().isThrownBy(() -> ModelRef.parse(part + "a"));
    assertThatIllegalArgumentException().isThrownBy(() -> ModelRef.parse("storms:" + part + "a"));
    assertThatIllegalArgumentException().isThrownBy(() -> ModelRef.parse("storms@" + part + "a"));

    String longest = part + "/" + "b".repeat(71);
    assertThat(ModelRef.parse(longest).model()).hasSize(200);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelRef.parse(longest + "b"))
        .withMessage("model name has 201 characters; at most 200 are allowed");
  }
}
