package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.Check.floats;
import static dev.mlops.runtime.engine.tabular.Check.graph;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Products that come out exact in whole numbers. */
final class DenseTest {
  @TempDir private Path folder;
  private Check check;

  @BeforeEach
  void open() {
    check = new Check(folder);
  }

  @Test
  void matMul_ofFewAndManyOutputs_isTheSumOfProducts() {
    for (int outputs : new int[] {1, 2, 7, 8, 9, 33}) {
      int inputs = 6; // one step of four, and two over
      float[] weights = new float[inputs * outputs];
      float[] in = {1, 2, 3, 4, 5, 6, -1, 0, 2, 0, 0, 1};
      float[] wanted = new float[2 * outputs];
      for (int j = 0; j < outputs; j++) {
        for (int i = 0; i < inputs; i++) {
          weights[i * outputs + j] = i - j;
          wanted[j] += in[i] * (i - j);
          wanted[outputs + j] += in[inputs + i] * (i - j);
        }
      }
      OnnxGraph graph =
          floats(15, inputs, outputs)
              .initializer(OnnxGraph.floats("w", new long[] {inputs, outputs}, weights))
              .node("MatMul", List.of("x", "w"), List.of("y"));
      check.gives(graph, 2, wanted, (Object) in);
    }
  }

  @Test
  void gemm_withAllItsAttributes_usesThem() {
    OnnxGraph graph =
        floats(15, 2, 2)
            .initializer(OnnxGraph.floats("w", new long[] {2, 2}, 1, 2, 3, 4))
            .initializer(OnnxGraph.floats("b", new long[] {1, 2}, 10, 20))
            .node(
                "Gemm",
                List.of("x", "w", "b"),
                List.of("y"),
                OnnxGraph.attribute("transB", 1),
                OnnxGraph.attribute("alpha", 2f),
                OnnxGraph.attribute("beta", 0.5f));
    check.gives(graph, 1, new float[] {11, 24}, (Object) new float[] {1, 1});
  }

  @Test
  void gemm_ofOneBias_addsItToAll() {
    OnnxGraph graph =
        floats(15, 1, 2)
            .initializer(OnnxGraph.floats("w", new long[] {1, 2}, 1, 2))
            .initializer(OnnxGraph.floats("b", new long[0], 5))
            .node("Gemm", List.of("x", "w", "b"), List.of("y"));
    check.gives(graph, 2, new float[] {6, 7, 7, 9}, (Object) new float[] {1, 2});
  }

  @Test
  void doubles_areMultipliedAsDoubles() {
    OnnxGraph graph =
        graph(15, OnnxGraph.DOUBLE, List.of(2), OnnxGraph.DOUBLE, List.of(1))
            .initializer(OnnxGraph.doubles("w", new long[] {2, 1}, 1, 1e-12))
            .node("MatMul", List.of("x", "w"), List.of("y"));
    check.gives(graph, 1, new double[] {1 + 1e-12}, (Object) new double[] {1, 1});
  }

  @Test
  void products_ofWhatIsNotConstant_areDeclined() {
    OnnxGraph both =
        floats(15, 2, 2)
            .input("w", OnnxGraph.FLOAT, "rows", 2)
            .node("MatMul", List.of("x", "w"), List.of("y"));
    assertThat(check.reason(both)).contains("it multiplies");
    OnnxGraph turned =
        floats(15, 2, 2)
            .initializer(OnnxGraph.floats("w", new long[] {2, 2}, 1, 2, 3, 4))
            .node("Gemm", List.of("x", "w"), List.of("y"), OnnxGraph.attribute("transA", 1));
    assertThat(check.reason(turned)).contains("it multiplies");
  }

  @Test
  void batchNormalization_ofColumns_scalesThem() {
    OnnxGraph graph =
        floats(15, 2, 2)
            .initializer(OnnxGraph.floats("scale", new long[] {2}, 2, 1))
            .initializer(OnnxGraph.floats("shift", new long[] {2}, 0, 10))
            .initializer(OnnxGraph.floats("mean", new long[] {2}, 1, 0))
            .initializer(OnnxGraph.floats("var", new long[] {2}, 4, 1))
            .node(
                "BatchNormalization",
                List.of("x", "scale", "shift", "mean", "var"),
                List.of("y"),
                OnnxGraph.attribute("epsilon", 0f));
    check.givesNearly(graph, 1, new float[] {2, 13}, (Object) new float[] {3, 3});
  }

  @Test
  void gemm_thatTakesNoPartOfItsBias_doesNotReadIt() {
    OnnxGraph graph =
        floats(15, 2, 1)
            .initializer(OnnxGraph.floats("w", new long[] {2, 1}, 1, 1))
            .initializer(OnnxGraph.floats("b", new long[] {1}, Float.NaN))
            .node("Gemm", List.of("x", "w", "b"), List.of("y"), OnnxGraph.attribute("beta", 0f));
    check.gives(graph, 1, new float[] {4}, (Object) new float[] {3, 1});
  }
}
