package dev.mlops.runtime.onnx;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One operator of a graph, with what it is told.
 *
 * @param domain empty for ONNX's own
 * @param inputs names of values; an empty one is left out
 * @param attributes {@code Float}, {@code Long}, {@code String}, {@code float[]}, {@code long[]},
 *     {@code String[]} or {@link OnnxConstant} by name; {@link #UNREAD} for any other kind
 */
public record OnnxNode(
    String name,
    String domain,
    String operator,
    List<String> inputs,
    List<String> outputs,
    Map<String, Object> attributes) {
  /** What stands for an attribute that is a graph, a type or a list of tensors. */
  public static final Object UNREAD = new Object();

  /** An attribute; empty where the node does not have it. */
  public <T> Optional<T> attribute(String name, Class<T> type) {
    Object value = attributes.get(name);
    if (value != null && !type.isInstance(value)) {
      throw new IllegalArgumentException("its attribute '" + name + "' is of an unexpected type");
    }
    return Optional.ofNullable(type.cast(value));
  }

  /** A whole number, or what it is where the node does not say. */
  public long integer(String name, long otherwise) {
    return attribute(name, Long.class).orElse(otherwise);
  }

  /** A number, or what it is where the node does not say. */
  public float number(String name, float otherwise) {
    return attribute(name, Float.class).orElse(otherwise);
  }

  /** A text, or what it is where the node does not say. */
  public String text(String name, String otherwise) {
    return attribute(name, String.class).orElse(otherwise);
  }

  /** Whole numbers; none where the node does not have them. */
  public long[] integers(String name) {
    return attribute(name, long[].class).orElseGet(() -> new long[0]);
  }

  /** Numbers; none where the node does not have them. */
  public float[] numbers(String name) {
    return attribute(name, float[].class).orElseGet(() -> new float[0]);
  }

  /** Texts; none where the node does not have them. */
  public String[] texts(String name) {
    return attribute(name, String[].class).orElseGet(() -> new String[0]);
  }
}
