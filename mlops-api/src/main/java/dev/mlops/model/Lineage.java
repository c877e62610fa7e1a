package dev.mlops.model;

import java.nio.file.Path;

/**
 * Where a version comes from. Each call adds a fact; facts are written into the manifest and never
 * change.
 */
public interface Lineage {
  /**
   * Data the version was made from.
   *
   * @param name what it was for, such as {@code train}
   * @param data a file; its name, size and SHA-256 are kept, not its rows
   */
  Lineage dataset(String name, Path data);

  /**
   * The code that made it.
   *
   * @param commit the commit's name in its repository
   * @param dirty whether the working tree held changes that the commit does not
   */
  Lineage code(String commit, boolean dirty);

  /**
   * A setting of the training run.
   *
   * @param value a text, a number or a boolean
   */
  Lineage parameter(String name, Object value);

  /**
   * A number measured at training.
   *
   * @param value finite
   */
  Lineage metric(String name, double value);

  /** A version this one was made from or replaces. */
  Lineage parent(Version version);
}
