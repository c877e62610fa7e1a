package dev.mlops.runtime;

import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.store.AliasLog;
import dev.mlops.store.ModelStore;
import dev.mlops.store.Revision;
import dev.mlops.store.StoredVersion;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A real store whose open versions are counted and whose steps can be made to fail. */
final class SteppedStore implements ModelStore {
  private final ModelStore store;
  private final Steps steps;
  private final AtomicInteger open = new AtomicInteger();
  private final Map<String, ModelSchema> lies = new ConcurrentHashMap<>();

  SteppedStore(ModelStore store, Steps steps) {
    this.store = store;
    this.steps = steps;
  }

  /** Versions and streams that were opened and not closed. */
  int open() {
    return open.get();
  }

  /** Gives a version another schema than was published with it. */
  void lie(String number, ModelSchema schema) {
    lies.put(number, schema);
  }

  @Override
  public List<String> models() {
    steps.step("store.models");
    return store.models();
  }

  @Override
  public List<Version> versions(String model) {
    steps.step("store.versions");
    return store.versions(model);
  }

  @Override
  public Version publish(ModelPackage content) {
    return store.publish(content);
  }

  @Override
  public Version resolve(ModelRef ref) {
    steps.step("store.resolve");
    return store.resolve(ref);
  }

  @Override
  public StoredVersion open(Version version) {
    steps.step("store.open");
    StoredVersion opened = store.open(version);
    open.incrementAndGet();
    return new Stored(opened);
  }

  @Override
  public AliasLog alias(String model, String alias) {
    steps.step("store.alias");
    AliasLog log = store.alias(model, alias);
    return new AliasLog() {
      @Override
      public Optional<Revision> head() {
        steps.step("alias.head");
        return log.head();
      }

      @Override
      public List<Revision> history() {
        steps.step("alias.history");
        return log.history();
      }

      @Override
      public Revision moveTo(String number, String actor, String reason) {
        return log.moveTo(number, actor, reason);
      }

      @Override
      public Revision moveTo(long seen, String number, String actor, String reason) {
        return log.moveTo(seen, number, actor, reason);
      }
    };
  }

  private final class Stored implements StoredVersion {
    private final StoredVersion stored;

    Stored(StoredVersion stored) {
      this.stored = stored;
    }

    @Override
    public Version version() {
      return stored.version();
    }

    @Override
    public ModelSchema schema() {
      return lies.getOrDefault(stored.version().number(), stored.schema());
    }

    @Override
    public String format() {
      return stored.format();
    }

    @Override
    public Path folder() {
      return stored.folder();
    }

    @Override
    public Path model() {
      return stored.model();
    }

    @Override
    public Set<String> files() {
      return stored.files();
    }

    @Override
    public Optional<InputStream> part(String role) {
      steps.step("version.part");
      return stored
          .part(role)
          .map(
              in -> {
                open.incrementAndGet();
                return new Part(in);
              });
    }

    @Override
    public Optional<String> partPath(String role) {
      return stored.partPath(role);
    }

    @Override
    public OptionalDouble goldenTolerance() {
      return stored.goldenTolerance();
    }

    @Override
    public void close() {
      stored.close();
      open.decrementAndGet();
      steps.step("version.close");
    }
  }

  /** A file whose reads are steps; what they throw unchecked for I/O arrives as I/O's own. */
  private final class Part extends FilterInputStream {
    private boolean closed;

    Part(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      step("part.read");
      return super.read();
    }

    @Override
    public int read(byte[] to, int from, int most) throws IOException {
      step("part.read");
      return super.read(to, from, most);
    }

    @Override
    public void close() throws IOException {
      super.close();
      if (!closed) {
        closed = true;
        open.decrementAndGet();
      }
    }

    private void step(String what) throws IOException {
      try {
        steps.step(what);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
  }
}
