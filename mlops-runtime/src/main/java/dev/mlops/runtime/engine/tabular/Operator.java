package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.onnx.OnnxNode;

/** How nodes of one kind become steps. */
interface Operator {
  /**
   * Checks a node, binds its outputs and adds what computes them.
   *
   * @throws Unsupported if it cannot be run here exactly
   */
  void add(OnnxNode node, PlanBuilder to);
}
