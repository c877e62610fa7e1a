package dev.mlops.runtime;

import dev.mlops.inference.Call;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What {@link Redeploy} deploys: a service that opens a runtime, uses all of it, and closes it. It
 * is made by reflection in a class loader of its own.
 */
public final class DeployedService implements Callable<String> {
  private final Path folder;

  /** A service over the store in a folder. */
  public DeployedService(String folder) {
    this.folder = Path.of(folder);
  }

  @Override
  public String call() {
    AtomicLong rows = new AtomicLong();
    ModelStore store = DirectoryModelStore.at(folder);
    store.alias(TwinModel.NAME, "champion").moveTo("1", "test", "first");
    String route = TwinModel.NAME + "@champion";
    double sum = 0;
    try (ModelRuntime runtime =
        ModelRuntime.builder()
            .store(store)
            .engine(OnnxRuntimeEngine.create()) // what is native, a class loader could hold
            .state(folder.resolveSibling("state"))
            .follow(Duration.ofMillis(100))
            .listener(event -> {})
            .observer((r, version, slots) -> Optional.of(new Counter(rows)))
            .build()) {
      ModelHandle<Row, Row> model = runtime.model(route);
      sum += model.predict(TwinModel.ROW).value().number("y");
      store.alias(TwinModel.NAME, "champion").moveTo("2", "test", "second");
      runtime.refresh(route);
      sum += model.predict(TwinModel.ROW).value().number("y");
      runtime.rollback(route, "to see");
      model.predictAll(Collections.nCopies(2_000, TwinModel.ROW), Call.with());
    }
    return "sum " + sum + ", observed " + rows;
  }

  private record Counter(AtomicLong rows) implements VersionObserver {
    @Override
    public void observed(Observation seen) {
      rows.addAndGet(seen.rows());
    }

    @Override
    public void close() {}
  }
}
