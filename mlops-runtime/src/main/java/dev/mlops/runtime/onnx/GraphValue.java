package dev.mlops.runtime.onnx;

import java.util.List;
import java.util.Optional;

/**
 * An input or output of a graph, as the file states it.
 *
 * @param form what it is
 * @param type the number of the element type; of the maps' values for maps, 0 for {@link
 *     Form#OTHER}
 * @param dims the axes of a tensor; empty where the file does not state them
 * @param kind what it is in words, where it is no tensor
 */
record GraphValue(String name, Form form, long type, Optional<List<Dim>> dims, String kind) {
  /** What a value can be. */
  enum Form {
    /** A tensor. */
    TENSOR,
    /** A sequence of maps, one a row, as ZipMap makes it. */
    MAPS,
    /** One map. */
    MAP,
    /** Anything else: optional, sparse, a sequence of tensors, or not stated. */
    OTHER
  }

  /** Its type in words, such as {@code float[batch, 8]}. */
  String description() {
    return form == Form.TENSOR ? TensorType.name(type) + axes() : kind;
  }

  /** Its axes in words, such as {@code [batch, 8]}; empty where they are not stated. */
  String axes() {
    return dims.isPresent() ? Texts.list(dims.get()) : "";
  }

  /**
   * One axis.
   *
   * @param length its fixed length; below 0 where it has none
   * @param symbol its name where the length is not fixed; empty where it has none
   */
  record Dim(long length, String symbol) {
    static final Dim UNKNOWN = new Dim(-1, "");

    boolean fixed() {
      return length >= 0;
    }

    @Override
    public String toString() {
      return fixed() ? Long.toString(length) : symbol.isEmpty() ? "?" : symbol;
    }
  }
}
