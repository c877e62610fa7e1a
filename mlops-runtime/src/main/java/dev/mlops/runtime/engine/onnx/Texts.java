package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.util.Arrays;

/** Text tensors, which ONNX Runtime takes and gives as arrays. */
final class Texts {
  private Texts() {}

  static String[] blank(int elements) {
    String[] texts = new String[elements];
    Arrays.fill(texts, "");
    return texts;
  }

  /** Sees that ONNX Runtime can take the texts: a null would end the JVM. */
  static void check(Port port, String[] texts) {
    for (int i = 0; i < texts.length; i++) {
      if (texts[i] == null) {
        throw new IllegalStateException(
            port.label() + ": element " + i + " of text input '" + port.name + "' is null");
      }
    }
  }

  /** All elements in row-major order. */
  static String[] read(OnnxTensor tensor) throws OrtException {
    int elements = Math.toIntExact(tensor.getInfo().getNumElements());
    String[] texts = new String[elements];
    int read = elements == 0 ? 0 : put(tensor.getValue(), texts, 0);
    if (read != elements) {
      throw new IllegalStateException("read " + read + " of " + elements + " texts");
    }
    return texts;
  }

  private static int put(Object value, String[] to, int at) {
    if (value instanceof Object[] parts) {
      int next = at;
      for (Object part : parts) {
        next = put(part, to, next);
      }
      return next;
    }
    to[at] = (String) value;
    return at + 1;
  }
}
