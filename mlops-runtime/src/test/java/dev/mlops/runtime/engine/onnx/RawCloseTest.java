package dev.mlops.runtime.engine.onnx;

import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The control of every test that closes under load: without our guard the JVM dies. */
@Tag("proof")
final class RawCloseTest {
  @TempDir Path folder;

  @Test
  void close_ofARawSessionUnderTwoThreads_endsTheJvm() throws Exception {
    Path model = chain().writeTo(folder.resolve("chain.onnx"));
    List<String> survivors = new ArrayList<>();
    for (int attempt = 1; attempt <= 20; attempt++) {
      Path own = Files.createDirectory(folder.resolve("try" + attempt));
      ChildJvm.Result result =
          new ChildJvm(own).run(RawCloseControl.class, model.toString(), "1024", "20");
      if (result.crashed()) {
        assertThat(result.output()).contains("round 1: closing");
        return;
      }
      survivors.add(result.output());
    }
    assertThat(survivors).as("no JVM of 20 crashed").isEmpty();
  }

  /** Twelve products of 1024 x 1024: 50 MB, a few milliseconds a run. */
  private static OnnxGraph chain() {
    OnnxGraph graph = OnnxGraph.named("chain").input("x", FLOAT, "batch", 1024);
    String from = "x";
    for (int i = 0; i < 12; i++) {
      String to = i == 11 ? "y" : "h" + i;
      graph
          .initializer(OnnxGraph.floats("w" + i, new long[] {1024, 1024}, new float[1024 * 1024]))
          .node("MatMul", List.of(from, "w" + i), List.of(to));
      from = to;
    }
    return graph.output("y", FLOAT, "batch", 1024);
  }
}
