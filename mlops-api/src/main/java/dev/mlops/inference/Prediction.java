package dev.mlops.inference;

import dev.mlops.model.ElementType;
import dev.mlops.model.Version;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/**
 * An answer, the version that gave it, and a receipt to find it by when its label comes. The
 * caller's to keep; safe for all threads if the value is.
 *
 * @param <O> the type of the answer
 */
public final class Prediction<O> {
  private static final Version FAKE = new Version("fake", "0", "sha256:" + "0".repeat(64));
  private static final Version FALLBACK = new Version("fallback", "0", FAKE.id());

  private final O value;
  private final Version version;
  private final Supplier<String> receipt;

  private Prediction(O value, Version version, Supplier<String> receipt) {
    this.value = value;
    this.version = version;
    this.receipt = receipt;
  }

  /**
   * A prediction of no model, for tests of code that takes one: version {@code fake:0}, and a
   * receipt that can be parsed, the same for all of them.
   */
  public static <O> Prediction<O> of(O value) {
    return ofNoModel(value, FAKE);
  }

  /** A prediction that stands in for one that could not be made; see {@link ModelHandle#orElse}. */
  static <O> Prediction<O> fallback(O value) {
    return ofNoModel(value, FALLBACK);
  }

  private static <O> Prediction<O> ofNoModel(O value, Version version) {
    return of(
        value,
        version,
        () ->
            new Receipt(
                    version.model(),
                    "0",
                    "0".repeat(24),
                    0,
                    Instant.EPOCH,
                    Traffic.LIVE,
                    0,
                    Receipt.NO_BLOCK,
                    1.0,
                    ElementType.FLOAT,
                    List.of())
                .toString());
  }

  /**
   * A prediction of a version.
   *
   * @param receipt makes the text of a {@link Receipt}, the same each time
   */
  public static <O> Prediction<O> of(O value, Version version, Supplier<String> receipt) {
    return new Prediction<>(value, version, receipt);
  }

  /** The answer. */
  public O value() {
    return value;
  }

  /** The version that gave it. */
  public Version version() {
    return version;
  }

  /**
   * The text of its {@link Receipt}: about 80 characters, to keep beside the decision that was
   * taken.
   */
  public String receipt() {
    return receipt.get();
  }

  /** The version and the answer. */
  @Override
  public String toString() {
    return version + " " + value;
  }
}
