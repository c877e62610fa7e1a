package dev.mlops.runtime.onnx;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
    return Optional.ofNullable(value(name, type));
  }

  private <T> @Nullable T value(String name, Class<T> type) {
    Object value = attributes.get(name);
    if (value != null && !type.isInstance(value)) {
      throw new IllegalArgumentException("its attribute '" + name + "' is of an unexpected type");
    }
    return type.cast(value);
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
    long[] values = value(name, long[].class);
    return values == null ? new long[0] : values;
  }

  /** Numbers; none where the node does not have them. */
  public float[] numbers(String name) {
    float[] values = value(name, float[].class);
    return values == null ? new float[0] : values;
  }

  /** Texts; none where the node does not have them. */
  public String[] texts(String name) {
    String[] values = value(name, String[].class);
    return values == null ? new String[0] : values;
  }
}
