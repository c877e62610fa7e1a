package dev.mlops.benchmarks;

import dev.mlops.engine.Engine;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import java.util.List;

/** The engines that ours is measured on, by what they are called here. */
final class Engines {
  /** The library's own first. */
  static final List<String> NAMES = List.of("ONNX Runtime");

  private Engines() {}

  static Engine of(String name) {
    return switch (name) {
      case "ONNX Runtime" -> OnnxRuntimeEngine.create();
      default -> throw new IllegalArgumentException("no engine " + name + ", only " + NAMES);
    };
  }
}
