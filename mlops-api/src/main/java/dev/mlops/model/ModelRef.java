package dev.mlops.model;

import org.jspecify.annotations.Nullable;

/**
 * What asks for a version: by number, by alias or by digest.
 *
 * @param model the model's name
 * @param kind how the version is named
 * @param selector the number, the alias, or {@code sha256:} and 64 hex digits
 */
public record ModelRef(String model, Kind kind, String selector) {
  /** The alias meant by a model's name alone. */
  public static final String DEFAULT_ALIAS = "champion";

  /** How a reference names a version. */
  public enum Kind {
    /** {@code storms:1.0.0}: this version, for ever. */
    NUMBER,
    /** {@code storms@champion}: the version that the alias names now. */
    ALIAS,
    /** {@code storms@sha256:…}: the version with this id, whatever its number. */
    DIGEST
  }

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if one is not of its form
   */
  public ModelRef {
    Names.model(model);
    switch (kind) {
      case NUMBER -> Names.number(selector);
      case ALIAS -> Names.alias(selector);
      case DIGEST -> {
        if (!Names.id(selector)) {
          throw new IllegalArgumentException(
              "digest '"
                  + selector
                  + "' is not valid: wanted sha256: and 64 lower-case hex digits");
        }
      }
    }
  }

  /**
   * Reads {@code storms:1.0.0}, {@code storms@champion}, {@code storms@sha256:…} or {@code storms},
   * which means {@code storms@champion}.
   *
   * @throws IllegalArgumentException if the text is none of these; the message says which part is
   *     at fault
   */
  public static ModelRef parse(String text) {
    int at = text.indexOf('@');
    if (at >= 0) {
      String selector = text.substring(at + 1);
      Kind kind = selector.startsWith("sha256:") ? Kind.DIGEST : Kind.ALIAS;
      return new ModelRef(text.substring(0, at), kind, selector);
    }
    int colon = text.indexOf(':');
    return colon >= 0
        ? new ModelRef(text.substring(0, colon), Kind.NUMBER, text.substring(colon + 1))
        : new ModelRef(text, Kind.ALIAS, DEFAULT_ALIAS);
  }

  /** The text that {@link #parse} reads, with the alias always spelled out. */
  @Override
  public String toString() {
    return model + (kind == Kind.NUMBER ? ":" : "@") + selector;
  }

  // Written out, as what the compiler makes of a record costs a fresh JVM 20 ms at its first use.

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ModelRef ref
        && kind == ref.kind
        && model.equals(ref.model)
        && selector.equals(ref.selector);
  }

  @Override
  public int hashCode() {
    return 31 * model.hashCode() + selector.hashCode();
  }
}
