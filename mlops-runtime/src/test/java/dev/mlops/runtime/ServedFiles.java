package dev.mlops.runtime;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.runtime.store.ModelFile;
import dev.mlops.store.ModelStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/**
 * Serves a table of weights that lie in a file beside the model, does something to that file, and
 * asks all over the table again; run in a JVM of its own, as an engine that maps the file into
 * memory ends the process where the file has become shorter.
 */
final class ServedFiles {
  private static final int ROWS = 1 << 20;

  private ServedFiles() {}

  /**
   * Arguments: a folder; {@code package} or {@code file}, for either store; and {@code overwrite},
   * {@code truncate}, {@code replace} or {@code delete}.
   */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Path source = Files.createDirectory(folder.resolve("source"));
    float[] weights = new float[ROWS];
    Arrays.fill(weights, 3);
    Files.write(source.resolve("weights.bin"), OnnxGraph.rawFloats(weights));
    OnnxGraph.named("table")
        .input("x", OnnxGraph.INT64, "batch")
        .initializer(
            OnnxGraph.external("w", OnnxGraph.FLOAT, new long[] {ROWS}, "location", "weights.bin"))
        .node("Gather", List.of("w", "x"), List.of("y"))
        .output("y", OnnxGraph.FLOAT, "batch")
        .writeTo(source.resolve("model.onnx"));
    ModelSchema schema =
        ModelSchema.builder().input("x", ElementType.INT64).output("y", ElementType.FLOAT).build();
    boolean published = arguments[1].equals("package");
    Path served = published ? folder.resolve("store/m/versions/1/model") : source;
    ModelStore store = published ? published(folder, source, schema) : ModelFile.at(source, schema);
    try (ModelRuntime runtime = ModelRuntime.over(store)) {
      ModelHandle<Row, Row> model = runtime.model(published ? "m:1" : "source");
      model.predict(Row.of("x", 0));
      Arrays.fill(weights, 7);
      change(arguments[2], served.resolve("weights.bin"), weights);
      int changed = 0;
      for (int x = 0; x < ROWS; x += 1024) {
        if (model.predict(Row.of("x", x)).value().number("y") != 3) {
          changed++;
        }
      }
      System.out.println("answers that changed: " + changed);
    }
  }

  private static ModelStore published(Path folder, Path source, ModelSchema schema) {
    DirectoryModelStore store = DirectoryModelStore.at(folder.resolve("store"));
    store.publish(ModelPackage.of("m", "1", schema).model("onnx", source).build());
    return store;
  }

  private static void change(String how, Path file, float[] weights) throws Exception {
    switch (how) {
      case "overwrite" -> Files.write(file, OnnxGraph.rawFloats(weights), StandardOpenOption.WRITE);
      case "truncate" -> Files.write(file, new byte[0]);
      case "replace" -> {
        Path aside = Files.write(file.resolveSibling("aside"), OnnxGraph.rawFloats(weights));
        Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
      }
      default -> Files.delete(file);
    }
  }
}
