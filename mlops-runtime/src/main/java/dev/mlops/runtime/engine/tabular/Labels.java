package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;

/**
 * What a classifier calls its classes: whole numbers or texts.
 *
 * @param texts empty where they are numbers
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Labels(long[] numbers, String[] texts) {
  /** Of what has none. */
  static final Labels NONE = new Labels(new long[0], new String[0]);

  /** As the node has them. */
  static Labels of(OnnxNode node, String numbers, String texts) {
    return new Labels(node.integers(numbers), node.texts(texts));
  }

  boolean areTexts() {
    return texts.length > 0;
  }

  int count() {
    return areTexts() ? texts.length : numbers.length;
  }

  /** Where they go. */
  Value result(PlanBuilder to) {
    return to.result(areTexts() ? ElementType.TEXT : ElementType.INT64, Extent.rows());
  }

  void write(Registers registers, Value into, int row, int label) {
    if (areTexts()) {
      registers.texts[into.register()][row] = texts[label];
    } else {
      registers.longs[into.register()][row] = numbers[label];
    }
  }
}
