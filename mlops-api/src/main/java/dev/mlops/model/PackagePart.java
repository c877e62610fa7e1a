package dev.mlops.model;

import java.io.IOException;
import java.io.OutputStream;

/**
 * A file of a package that is made rather than copied, such as the baseline of the training data.
 */
public interface PackagePart {
  /**
   * What it is for, in one lower-case word such as {@code baseline}; a package has at most one part
   * of a role.
   */
  String role();

  /**
   * Its path in the package: names joined by {@code /}, relative, inside the package, and not
   * {@code manifest.json}.
   */
  String path();

  /**
   * Writes its bytes: the same each time, or publishing the same package twice could not be
   * recognised.
   *
   * @param out the caller's to close
   * @throws IOException if writing fails
   */
  void writeTo(OutputStream out) throws IOException;
}
