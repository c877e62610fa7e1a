package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TabularEngineTest {
  @TempDir private Path folder;

  @Test
  void run_identity_isWhatWasFilledIn() {
    byte[] model =
        OnnxGraph.named("same")
            .input("x", OnnxGraph.FLOAT, "batch", 2)
            .output("y", OnnxGraph.FLOAT, "batch", 2)
            .node("Identity", List.of("x"), List.of("y"))
            .toBytes();
    try (BothEngines both = BothEngines.of(folder, model)) {
      for (int rows : new int[] {1, 3, 100, 1}) {
        float[] in = new float[2 * rows];
        in[1] = rows;
        both.run(rows, in);
        assertThat((float[]) both.ours(0)).containsExactly(in);
        assertThat((float[]) both.theirs(0)).containsExactly(in);
      }
    }
  }
}
