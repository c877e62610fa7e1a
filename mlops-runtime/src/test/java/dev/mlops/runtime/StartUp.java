package dev.mlops.runtime;

import dev.mlops.inference.Row;
import dev.mlops.runtime.store.ModelFile;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The first prediction of a JVM; the argument is a model of eight floats. */
final class StartUp {
  private StartUp() {}

  public static void main(String[] args) {
    Map<String, Object> columns = new HashMap<>();
    for (int i = 0; i < 8; i++) {
      columns.put(Integer.toString(i), (float) i);
    }
    try (ModelRuntime runtime = ModelRuntime.over(ModelFile.at(Path.of(args[0])))) {
      Row answer = runtime.model("model").predict(Row.of(columns)).value();
      System.out.println("predicted");
      System.out.println(answer);
    }
  }
}
