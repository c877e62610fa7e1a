package dev.mlops.model;

import org.jspecify.annotations.Nullable;

/**
 * One immutable version of a model.
 *
 * @param model the model's name: lower-case letters, digits, {@code . _ -}; parts may be joined by
 *     {@code /}
 * @param number what people call it, such as {@code 1.0.0}; the same grammar without {@code /}
 * @param id {@code sha256:} and the 64 hex digits of the SHA-256 of the manifest's exact bytes; the
 *     manifest lists the digest of every file, so two versions with one id are the same to the last
 *     bit
 */
public record Version(String model, String number, String id) {
  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if one is not of the form above
   */
  public Version {
    Names.model(model);
    Names.number(number);
    if (!Names.id(id)) {
      throw new IllegalArgumentException(
          "version id '" + id + "' is not valid: wanted sha256: and 64 lower-case hex digits");
    }
  }

  /** The name and number people use: {@code storms:1.0.0}. */
  @Override
  public String toString() {
    return model + ":" + number;
  }

  // Written out, as what the compiler makes of a record costs a fresh JVM 20 ms at its first use.

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Version version
        && id.equals(version.id)
        && number.equals(version.number)
        && model.equals(version.model);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }
}
