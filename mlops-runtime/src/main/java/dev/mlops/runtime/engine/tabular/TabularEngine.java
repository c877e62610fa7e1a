package dev.mlops.runtime.engine.tabular;

import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import dev.mlops.runtime.engine.ModelFiles;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs tabular ONNX models in plain Java: forests and single trees, linear models, small networks,
 * and the scalers, imputers and encoders in front of them. Nothing native is needed, nothing native
 * can crash, and a model's memory is the Java heap's.
 *
 * <p>A model is run here only if all of it can be run as ONNX Runtime would; else it is declined
 * with the reason, and the next engine is asked. Sums of trees are those of ONNX Runtime with one
 * thread bit for bit, but for rare last bits; what linear models, networks and functions such as
 * exp give is within 1e-6 absolute plus 1e-6 of the size of the terms that are added up.
 *
 * <p>A run cannot be cancelled, and need not be: it takes the same few steps whatever it reads.
 * Safe for all threads.
 */
public final class TabularEngine implements Engine {
  /*
   * From docs/proof/tabular.md. A native run costs some 3 us before it begins, and half as much for
   * each weight and row afterwards: the two meet at about 50,000 weights times rows.
   */
  private static final long MOST_PRODUCTS = 50_000;
  private static final long MOST_WEIGHTS = 100_000;

  /** The runtime asks for no more rows at once. */
  private static final int MOST_ROWS = 1_024;

  private final @Nullable Engine other;

  /** What was made ready to see whether it can be, until it is loaded. */
  private final Map<StoredVersion, Plan> ready = Collections.synchronizedMap(new WeakHashMap<>());

  private TabularEngine(@Nullable Engine other) {
    this.other = other;
  }

  /** The engine alone, which runs whatever it can. */
  public static TabularEngine create() {
    return new TabularEngine(null);
  }

  /**
   * The engine beside one that is faster where many numbers are multiplied: that one is left
   * networks of more than 100,000 weights, and larger batches of the others that take no text, if
   * it does not decline the model.
   */
  public static TabularEngine beside(Engine other) {
    return new TabularEngine(other);
  }

  @Override
  public String name() {
    return "tabular";
  }

  @Override
  public Set<String> formats() {
    return Set.of("onnx");
  }

  @Override
  public Optional<String> declines(StoredVersion version) {
    Optional<String> format = ModelFiles.otherFormat(version);
    if (format.isPresent()) {
      return format;
    }
    try {
      Plan plan = plan(version);
      Engine better = plan.weights() > MOST_WEIGHTS ? other : null;
      if (better != null && better.declines(version).isEmpty()) {
        return Optional.of(
            "it multiplies by "
                + plan.weights()
                + " weights, and beyond "
                + MOST_WEIGHTS
                + " "
                + better.name()
                + " is faster");
      }
      ready.put(version, plan);
      return Optional.empty();
    } catch (Unsupported e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } catch (ModelFailedException | StoreUnavailableException e) {
      return Optional.empty(); // nothing runs such files: the load says what is wrong with them
    }
  }

  @Override
  public ModelSchema describe(StoredVersion version) {
    return ModelFiles.of(version).describe();
  }

  @Override
  public EngineSession load(StoredVersion version, int slots) {
    if (slots < 1) {
      throw new IllegalArgumentException("slots was " + slots + " but must be at least 1");
    }
    Plan plan = toLoad(version);
    String label = version.version().toString();
    ModelSchema schema = version.schema();
    List<Slot> made = new ArrayList<>();
    for (int i = 0; i < slots; i++) {
      made.add(new TabularSlot(label, plan, schema.inputs(), schema.outputs()));
    }
    Engine behind = behind(plan, version);
    if (behind == null) {
      return new TabularSession(made, null, "");
    }
    int mostFew = mostFew(plan);
    EngineSession session;
    try {
      session = behind.load(version, slots);
    } catch (ModelFailedException e) { // its library does not start here, for instance
      String why = behind.name() + " would be faster for batches, but: " + e.getMessage();
      return new TabularSession(made, null, why);
    }
    for (int i = 0; i < slots; i++) {
      made.set(i, new SplitSlot(made.get(i), session.slot(i), mostFew));
    }
    return new TabularSession(
        made, session, "batches of more than " + mostFew + " rows: " + behind.name());
  }

  private Plan toLoad(StoredVersion version) {
    Plan plan = ready.remove(version);
    if (plan != null) {
      return plan;
    }
    try {
      return plan(version);
    } catch (Unsupported e) {
      throw new ModelFailedException(
          version.version() + " cannot be run in plain Java: " + e.getMessage(), e);
    }
  }

  private static Plan plan(StoredVersion version) {
    ModelFiles files = ModelFiles.of(version);
    files.check();
    try {
      return Plan.of(files);
    } catch (PackageCorruptException e) { // the outline was sound: another engine may know better
      throw new Unsupported(files.inPackage(String.valueOf(e.getMessage())));
    } catch (UncheckedIOException e) {
      throw new StoreUnavailableException(
          version.version() + ": " + e.getMessage() + ": " + e.getCause(), e);
    }
  }

  /** What takes the larger batches of a network; not where it cannot carry every text. */
  private @Nullable Engine behind(Plan plan, StoredVersion version) {
    Engine second = other;
    return plan.weights() > 0
            && mostFew(plan) < MOST_ROWS
            && !takesText(version.schema())
            && second != null
            && second.declines(version).isEmpty()
        ? second
        : null;
  }

  private static boolean takesText(ModelSchema schema) {
    boolean text = false;
    for (TensorSpec input : schema.inputs()) {
      text |= input.type() == ElementType.TEXT;
    }
    return text;
  }

  private static int mostFew(Plan plan) {
    return (int) Math.max(1, Math.min(MOST_ROWS, MOST_PRODUCTS / plan.weights()));
  }

  @Override
  public long memory(StoredVersion version, int slots) {
    Plan plan = ready.get(version);
    Engine behind = plan == null ? null : behind(plan, version);
    return behind == null ? 0 : behind.memory(version, slots);
  }
}
