package dev.mlops.engine;

import dev.mlops.model.ModelSchema;
import dev.mlops.store.StoredVersion;
import java.util.Optional;
import java.util.Set;

/**
 * What runs a format. The runtime asks its engines in turn, and the first that does not decline
 * loads the version; if all decline, their reasons are shown. Loading and describing may be called
 * from several threads; a slot never is.
 */
public interface Engine {
  /** A word for logs and health, such as {@code onnxruntime}. */
  String name();

  /**
   * The formats it runs, such as {@code onnx}; a version of another format is not offered to it.
   */
  Set<String> formats();

  /**
   * Whether it leaves a version to other engines.
   *
   * @return why, in words for people; empty if it would load the version
   */
  Optional<String> declines(StoredVersion version);

  /**
   * The schema as the model's own files tell it: tensors, types and shapes, with columns numbered
   * where nobody named them.
   *
   * @throws ModelFailedException if the files cannot be read as a model of this format
   */
  ModelSchema describe(StoredVersion version);

  /**
   * Loads a version.
   *
   * @param version open until the session is closed
   * @param slots how many threads will use it at once; at least 1
   * @throws ModelFailedException if it cannot be loaded, or does not fit its schema; nothing is
   *     left behind
   */
  EngineSession load(StoredVersion version, int slots);

  /**
   * How much memory a session of a version will take, for the check that a load has room: better
   * too much than too little. Called before {@link #load}.
   *
   * @param slots as for {@link #load}
   * @return bytes beyond the Java heap, at their highest while it loads; 0 if it takes none worth
   *     counting
   * @throws ModelFailedException if the files cannot be read as a model of this format
   */
  default long memory(StoredVersion version, int slots) {
    return 0;
  }
}
