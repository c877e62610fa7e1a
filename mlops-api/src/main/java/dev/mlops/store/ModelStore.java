package dev.mlops.store;

import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import java.util.List;

/**
 * Where packages and aliases live. A version never changes once published; an alias moves by
 * revisions that are only ever added. Safe for all threads, and for several processes over one
 * store. Every method may throw {@link StoreUnavailableException} when the store cannot be reached,
 * which says nothing about what it holds.
 */
public interface ModelStore {
  /** The names of the models it holds, in alphabetical order. */
  List<String> models();

  /**
   * The versions of a model, oldest first where the store knows, else by number; empty for a model
   * it does not hold.
   */
  List<Version> versions(String model);

  /**
   * Makes a package a version, wholly or not at all. The same files and facts published again
   * return the version that is there.
   *
   * @throws VersionExistsException if the number is taken by other bytes; what is there stays as it
   *     is
   * @throws InvalidSettingsException if the schema does not fit the model's files, or a file may
   *     not go into a package; nothing was published
   */
  Version publish(ModelPackage content);

  /**
   * The version a reference names now.
   *
   * @throws ModelNotFoundException if it names none; the message lists what is there
   */
  Version resolve(ModelRef ref);

  /**
   * Opens a version: every file is there, nothing else is, and every digest was checked.
   *
   * @return the caller's to close
   * @throws ModelNotFoundException if the store does not hold it
   * @throws PackageCorruptException if a byte is not what the manifest says
   */
  StoredVersion open(Version version);

  /**
   * An alias, whether it has revisions or not.
   *
   * @throws IllegalArgumentException if the name is not of the form {@link ModelRef} allows
   */
  AliasLog alias(String model, String alias);
}
