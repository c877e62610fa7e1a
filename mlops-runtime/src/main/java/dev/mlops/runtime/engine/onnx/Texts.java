package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.mlops.inference.InvalidInputException;
import java.util.Arrays;

/** Text tensors, which ONNX Runtime takes and gives as arrays. */
final class Texts {
  private Texts() {}

  static String[] blank(int elements) {
    String[] texts = new String[elements];
    Arrays.fill(texts, "");
    return texts;
  }

  /**
   * Sees that the texts reach the model as they are. ONNX Runtime takes them through JNI in a form
   * that differs from UTF-8 for U+0000 and for everything beyond U+FFFF: the model would see
   * another text and answer as if nothing were wrong. (It gives text back the same way, so a
   * model's own such text comes out garbled.) A null would end the JVM.
   *
   * @throws InvalidInputException if one cannot be passed on
   */
  static void check(Port port, String[] texts, int rows) {
    for (int i = 0; i < texts.length; i++) {
      String text = texts[i];
      if (text == null) {
        throw new IllegalStateException(
            port.label() + ": element " + i + " of text input '" + port.name + "' is null");
      }
      for (int c = 0; c < text.length(); c++) {
        char unit = text.charAt(c);
        if (unit == 0 || Character.isSurrogate(unit)) {
          int row = port.perCall() ? 0 : i / (texts.length / rows);
          throw new InvalidInputException(
              "row "
                  + row
                  + ": text for '"
                  + port.name
                  + "' has a character that ONNX Runtime's Java interface garbles: U+0000 or one"
                  + " beyond U+FFFF, such as an emoji; leave it out");
        }
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
