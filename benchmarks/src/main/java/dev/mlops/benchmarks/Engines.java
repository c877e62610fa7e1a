package dev.mlops.benchmarks;

import dev.mlops.engine.Engine;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.engine.tabular.TabularEngine;
import java.util.List;

/**
 * The engines that ours is measured on, by what they are called here: each runs all it is given.
 */
final class Engines {
  private static final String JAVA = "plain Java";
  static final String ONNX_RUNTIME = "ONNX Runtime";

  static final List<String> NAMES = List.of(JAVA, ONNX_RUNTIME);

  private Engines() {}

  static Engine of(String name) {
    return switch (name) {
      case JAVA -> TabularEngine.create();
      case ONNX_RUNTIME -> OnnxRuntimeEngine.create();
      default -> throw new IllegalArgumentException("no engine " + name + ", only " + NAMES);
    };
  }
}
