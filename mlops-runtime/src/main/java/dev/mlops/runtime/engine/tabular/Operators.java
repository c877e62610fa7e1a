package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.onnx.OnnxNode;
import org.jspecify.annotations.Nullable;

/** The operators that are run here, by domain and name. */
final class Operators {
  /** The domain of ONNX's machine learning operators. */
  static final String ML = "ai.onnx.ml";

  /** Where a kind of node is made ready. */
  private enum Family {
    TREE_ENSEMBLES,
    LINEAR,
    PREPARATION,
    CATEGORIES,
    DENSE,
    ARITHMETIC,
    FUNCTIONS,
    REDUCTIONS,
    MOVES,
    SHAPES,
    CASTS
  }

  private Operators() {}

  /*
   * Switches, and not a table of functions: each of those would be loaded and linked in a fresh JVM
   * before its first prediction, and a model has few of them.
   */

  private static @Nullable Family family(String key) {
    return switch (key) {
      case "ai.onnx.ml.TreeEnsembleClassifier",
          "ai.onnx.ml.TreeEnsembleRegressor",
          "ai.onnx.ml.TreeEnsemble" ->
          Family.TREE_ENSEMBLES;
      case "ai.onnx.ml.LinearClassifier", "ai.onnx.ml.LinearRegressor" -> Family.LINEAR;
      case "ai.onnx.ml.Scaler",
          "ai.onnx.ml.Imputer",
          "ai.onnx.ml.Normalizer",
          "ai.onnx.ml.Binarizer",
          "ai.onnx.ml.FeatureVectorizer",
          "ai.onnx.ml.ArrayFeatureExtractor",
          "ai.onnx.ml.ZipMap" ->
          Family.PREPARATION;
      case "ai.onnx.ml.OneHotEncoder", "ai.onnx.ml.LabelEncoder" -> Family.CATEGORIES;
      case "MatMul", "Gemm", "BatchNormalization" -> Family.DENSE;
      case "Add",
          "Sub",
          "Mul",
          "Div",
          "Mod",
          "Pow",
          "Max",
          "Min",
          "Sum",
          "Less",
          "LessOrEqual",
          "Greater",
          "GreaterOrEqual",
          "Equal",
          "And",
          "Or",
          "Where" ->
          Family.ARITHMETIC;
      case "Neg",
          "Abs",
          "Sqrt",
          "Exp",
          "Log",
          "Reciprocal",
          "Floor",
          "Ceil",
          "Round",
          "Sign",
          "Relu",
          "Sigmoid",
          "Tanh",
          "Softplus",
          "Erf",
          "LeakyRelu",
          "Elu",
          "Selu",
          "Gelu",
          "Clip",
          "IsNaN",
          "Not" ->
          Family.FUNCTIONS;
      case "ReduceSum",
          "ReduceMean",
          "ReduceMax",
          "ReduceMin",
          "ReduceProd",
          "ReduceL2",
          "ReduceSumSquare",
          "ArgMax",
          "ArgMin",
          "Softmax",
          "LogSoftmax" ->
          Family.REDUCTIONS;
      case "Concat", "Split", "Gather", "Slice", "Transpose", "Expand" -> Family.MOVES;
      case "Identity",
          "Constant",
          "Dropout",
          "Reshape",
          "Flatten",
          "Squeeze",
          "Unsqueeze",
          "Shape",
          "ConstantOfShape" ->
          Family.SHAPES;
      case "Cast", "CastLike" -> Family.CASTS;
      default -> null;
    };
  }

  /**
   * Makes a node ready: checks it, binds its outputs and adds what computes them.
   *
   * @throws Unsupported if it cannot be run here exactly
   */
  static void add(OnnxNode node, PlanBuilder to) {
    String key = key(node.domain(), node.operator());
    Family family = family(key);
    if (family == null) {
      throw new Unsupported("this operator is not run in plain Java");
    }
    if (to.opset("") < since(key)) {
      throw new Unsupported(
          "it came with version "
              + since(key)
              + " of the operators, and the file is of version "
              + to.opset(""));
    }
    switch (family) {
      case TREE_ENSEMBLES -> TreeEnsembles.add(node, to);
      case LINEAR -> Linear.add(node, to);
      case PREPARATION -> Preparation.add(node, to);
      case CATEGORIES -> Categories.add(node, to);
      case DENSE -> Dense.add(node, to);
      case ARITHMETIC -> Arithmetic.add(node, to);
      case FUNCTIONS -> Functions.add(node, to);
      case REDUCTIONS -> Reductions.add(node, to);
      case MOVES -> Moves.add(node, to);
      case SHAPES -> Shapes.add(node, to);
      case CASTS -> Casts.add(node, to);
    }
  }

  /** The version of ONNX's operators that first had this one; 1 for what was always there. */
  private static long since(String key) {
    return switch (key) {
      case "Expand" -> 8;
      case "ConstantOfShape", "Erf", "IsNaN", "Sign", "Where" -> 9;
      case "Mod" -> 10;
      case "Round" -> 11;
      case "GreaterOrEqual", "LessOrEqual" -> 12;
      case "CastLike" -> 15;
      case "Gelu" -> 20;
      default -> 1;
    };
  }

  /** Whether nodes of this kind can be run here, depending on what they are told. */
  static boolean known(String key) {
    return family(key) != null;
  }

  /** Such as {@code Gemm} or {@code ai.onnx.ml.Scaler}. */
  private static String key(String domain, String operator) {
    return domain.isEmpty() ? operator : domain + "." + operator;
  }
}
