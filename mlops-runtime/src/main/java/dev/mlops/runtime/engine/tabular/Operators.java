package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.onnx.OnnxNode;
import java.util.HashMap;
import java.util.Map;

/** The operators that are run here, by domain and name. */
final class Operators {
  /** The domain of ONNX's machine learning operators. */
  static final String ML = "ai.onnx.ml";

  private static final Map<String, Operator> ALL = all();

  private Operators() {}

  private static Map<String, Operator> all() {
    Map<String, Operator> all = new HashMap<>();
    TreeEnsembles.addTo(all);
    Shapes.addTo(all);
    Moves.addTo(all);
    Arithmetic.addTo(all);
    Functions.addTo(all);
    Reductions.addTo(all);
    Dense.addTo(all);
    Casts.addTo(all);
    Preparation.addTo(all);
    Categories.addTo(all);
    Linear.addTo(all);
    return Map.copyOf(all);
  }

  /** What makes a node of this kind ready; throws {@link Unsupported} if nothing does. */
  static Operator of(OnnxNode node) {
    Operator operator = ALL.get(key(node.domain(), node.operator()));
    if (operator == null) {
      throw new Unsupported("this operator is not run in plain Java");
    }
    return operator;
  }

  /** Whether nodes of this kind can be run here, depending on what they are told. */
  static boolean known(String key) {
    return ALL.containsKey(key);
  }

  /** Such as {@code Gemm} or {@code ai.onnx.ml.Scaler}. */
  static String key(String domain, String operator) {
    return domain.isEmpty() ? operator : domain + "." + operator;
  }
}
