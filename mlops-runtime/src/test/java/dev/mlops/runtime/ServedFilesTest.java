package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelPackage;
import dev.mlops.runtime.engine.onnx.ChildJvm;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.store.DirectoryModelStore;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens to the files of a version that serves changes no answer and ends no process. */
final class ServedFilesTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @Tag("proof")
  @CsvSource({
    "package, replace",
    "package, delete",
    "package, overwrite",
    "package, truncate",
    "file, replace",
    "file, delete",
    "file, overwrite",
    "file, truncate"
  })
  void predict_weightsBesideTheModelChangedUnderIt_answersAsBefore(String store, String how)
      throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder).run(ServedFiles.class, folder.toString(), store, how);
    System.out.println(store + ", " + how + ": " + result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output()).contains("answers that changed: 0");
    assertThat(folder).isDirectoryNotContaining("glob:**/mlops-*"); // its temporary folder
  }

  /** The store has checked every digest; the engine reads the file a moment later. */
  @Test
  void refresh_modelReplacedBetweenItsCheckAndItsLoad_servesWhatWasPublished() {
    DirectoryModelStore store = DirectoryModelStore.at(folder.resolve("store"));
    for (int k = 1; k <= 3; k++) {
      store.publish(
          ModelPackage.of("m", String.valueOf(k), FaultBed.SCHEMA)
              .model("onnx", FaultBed.times(folder.resolve(k + ".onnx"), k))
              .build());
    }
    store.alias("m", "champion").moveTo("1", "test", "first");
    Steps steps = new Steps();
    SteppedEngine engine = new SteppedEngine(OnnxRuntimeEngine.create(), steps);
    try (ModelRuntime runtime = ModelRuntime.builder().store(store).engine(engine).build()) {
      ModelHandle<Row, Row> model = runtime.model("m@champion");
      store.alias("m", "champion").moveTo("2", "test", "next");
      Path served = folder.resolve("store/m/versions/2/2.onnx");
      steps.arm(
          (what, number) -> {
            if (what.equals("engine.describe")) {
              FaultBed.times(served, 3); // as long as what stood there
            }
          });

      runtime.refresh("m@champion");

      assertThat(model.predict(Row.of("x", 1)).value().number("y")).isEqualTo(2);
    }
  }
}
