package dev.mlops.runtime.serving;

import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.store.AliasConflictException;
import dev.mlops.store.AliasLog;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.ModelStore;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A store without files, for tests of what uses one: it can be down, go back in time, and hold what
 * is corrupt.
 */
final class MemoryStore implements ModelStore {
  private record Model(String format, Path file) {}

  private static final Model FAKE = new Model("fake", Path.of("nowhere", "model.fake"));

  private final Map<String, ModelSchema> schemas = new LinkedHashMap<>();
  private final Map<String, Model> models = new LinkedHashMap<>();
  private final List<Revision> revisions = new ArrayList<>();
  private final Set<String> corrupt = new HashSet<>();
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger open = new AtomicInteger();
  private boolean down;

  static Version version(String number) {
    return new Version(
        "m", number, "sha256:" + String.format("%064x", number.hashCode() & 0xffffffffL));
  }

  synchronized void put(String number, ModelSchema schema) {
    schemas.put(number, schema);
  }

  /** A version whose model is this file. */
  synchronized void put(String number, ModelSchema schema, String format, Path model) {
    put(number, schema);
    models.put(number, new Model(format, model));
  }

  synchronized void remove(String number) {
    schemas.remove(number);
  }

  synchronized void corrupt(String number) {
    corrupt.add(number);
  }

  private CountDownLatch looks = new CountDownLatch(0);

  /** Counts down by each look at an alias. */
  synchronized CountDownLatch looks(int many) {
    looks = new CountDownLatch(many);
    return looks;
  }

  private volatile Runnable atLook = () -> {};

  /** Runs inside each look at an alias. */
  void atLook(Runnable action) {
    atLook = action;
  }

  synchronized void mend(String number) {
    corrupt.remove(number);
  }

  synchronized void down(boolean now) {
    down = now;
  }

  /** Forgets revisions, as a stale replica does. */
  synchronized void backTo(int revision) {
    revisions.subList(revision, revisions.size()).clear();
  }

  synchronized Revision move(String number) {
    Revision next =
        new Revision(revisions.size() + 1, version(number), "test", "because", Instant.EPOCH);
    revisions.add(next);
    return next;
  }

  int opened() {
    return opened.get();
  }

  int open() {
    return open.get();
  }

  @Override
  public List<String> models() {
    return List.of("m");
  }

  @Override
  public synchronized List<Version> versions(String model) {
    return schemas.keySet().stream().map(MemoryStore::version).toList();
  }

  @Override
  public Version publish(ModelPackage content) {
    throw new UnsupportedOperationException("tests put versions");
  }

  @Override
  public synchronized Version resolve(ModelRef ref) {
    requireUp();
    if (ref.kind() == ModelRef.Kind.ALIAS && !revisions.isEmpty()) {
      return revisions.get(revisions.size() - 1).version();
    }
    if (ref.kind() == ModelRef.Kind.NUMBER && schemas.containsKey(ref.selector())) {
      return version(ref.selector());
    }
    throw new ModelNotFoundException(ref, List.copyOf(schemas.keySet()));
  }

  @Override
  public synchronized StoredVersion open(Version version) {
    requireUp();
    ModelSchema schema = schemas.get(version.number());
    if (schema == null) {
      throw new ModelNotFoundException(
          new ModelRef("m", ModelRef.Kind.NUMBER, version.number()), List.copyOf(schemas.keySet()));
    }
    if (corrupt.contains(version.number())) {
      throw new PackageCorruptException(
          version + ": a byte of model.fake is not what the manifest says");
    }
    opened.incrementAndGet();
    open.incrementAndGet();
    return new Stored(version, schema, models.getOrDefault(version.number(), FAKE));
  }

  @Override
  public AliasLog alias(String model, String alias) {
    return new AliasLog() {
      @Override
      public Optional<Revision> head() {
        atLook.run();
        synchronized (MemoryStore.this) {
          looks.countDown();
          requireUp();
          return revisions.isEmpty()
              ? Optional.empty()
              : Optional.of(revisions.get(revisions.size() - 1));
        }
      }

      @Override
      public List<Revision> history() {
        synchronized (MemoryStore.this) {
          requireUp();
          return List.copyOf(revisions);
        }
      }

      @Override
      public Revision moveTo(String number, String actor, String reason) {
        return move(number);
      }

      @Override
      public Revision moveTo(long seen, String number, String actor, String reason) {
        throw new AliasConflictException("m@" + alias, seen, null);
      }
    };
  }

  private void requireUp() {
    if (down) {
      throw new StoreUnavailableException("the store is down", null);
    }
  }

  private final class Stored implements StoredVersion {
    private final Version version;
    private final ModelSchema schema;
    private final Model model;

    Stored(Version version, ModelSchema schema, Model model) {
      this.version = version;
      this.schema = schema;
      this.model = model;
    }

    @Override
    public Version version() {
      return version;
    }

    @Override
    public ModelSchema schema() {
      return schema;
    }

    @Override
    public String format() {
      return model.format();
    }

    @Override
    public Path folder() {
      return model.file().getParent();
    }

    @Override
    public Path model() {
      return model.file();
    }

    @Override
    public Set<String> files() {
      return Set.of(model.file().getFileName().toString());
    }

    @Override
    public Optional<InputStream> part(String role) {
      return Optional.empty();
    }

    @Override
    public Optional<String> partPath(String role) {
      return Optional.empty();
    }

    @Override
    public OptionalDouble goldenTolerance() {
      return OptionalDouble.empty();
    }

    @Override
    public void close() {
      open.decrementAndGet();
    }
  }
}
