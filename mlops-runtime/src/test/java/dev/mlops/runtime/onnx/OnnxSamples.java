package dev.mlops.runtime.onnx;

import static dev.mlops.runtime.onnx.OnnxGraph.DOUBLE;
import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static dev.mlops.runtime.onnx.OnnxGraph.INT64;
import static dev.mlops.runtime.onnx.OnnxGraph.STRING;
import static dev.mlops.runtime.onnx.OnnxGraph.attribute;
import static dev.mlops.runtime.onnx.OnnxGraph.external;
import static dev.mlops.runtime.onnx.OnnxGraph.ints;
import static dev.mlops.runtime.onnx.OnnxGraph.longs;
import static dev.mlops.runtime.onnx.OnnxGraph.rawFloats;
import static dev.mlops.runtime.onnx.OnnxGraph.texts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Whole models for tests, small enough to compute by hand and valid for ONNX Runtime, for what the
 * fixture models do not have: odd names, integers, float64, inputs of several types, weights in a
 * second file, state.
 */
public final class OnnxSamples {
  /** The inputs of {@link #applicants}, in order. The last {@value #APPLICANT_TEXTS} are text. */
  public static final List<String> APPLICANT_COLUMNS =
      List.of(
          "duration (months)",
          "credit amount",
          "installment.rate",
          "residence since",
          "age",
          "existing.credits",
          "people[liable]",
          "ratio %",
          "savings-rate",
          "limit/used",
          "purpose[0]",
          "purpose[1]",
          "housing type",
          "job.title");

  /** How many of {@link #APPLICANT_COLUMNS} are text. */
  public static final int APPLICANT_TEXTS = 4;

  private OnnxSamples() {}

  /**
   * Fourteen {@code [batch, 1]} inputs with blanks, dots and brackets in their names, ten float32
   * and four text, to {@code label} int64 {@code [batch]} and {@code probabilities} float32 {@code
   * [batch, 2]}. A text counts 1 where it is {@code "yes"}, -1 where it is {@code "no"}, else 0.
   * With the values v1 to v14 in order and s the sum of i·vi / 1000, the probabilities are the
   * softmax of (0, s).
   */
  public static byte[] applicants() {
    OnnxGraph graph = OnnxGraph.named("applicants");
    List<String> parts = new ArrayList<>();
    float[] weights = new float[APPLICANT_COLUMNS.size() * 2];
    for (int i = 0; i < APPLICANT_COLUMNS.size(); i++) {
      String column = APPLICANT_COLUMNS.get(i);
      weights[2 * i + 1] = (i + 1) / 1000f;
      if (i < APPLICANT_COLUMNS.size() - APPLICANT_TEXTS) {
        graph.input(column, FLOAT, "batch", 1);
        parts.add(column);
      } else {
        graph.input(column, STRING, "batch", 1);
        graph.node(
            "ai.onnx.ml",
            "LabelEncoder",
            List.of(column),
            List.of("coded" + i),
            texts("keys_strings", "yes", "no"),
            OnnxGraph.floats("values_floats", 1, -1),
            attribute("default_float", 0f));
        parts.add("coded" + i);
      }
    }
    return graph
        .initializer(OnnxGraph.floats("w", new long[] {parts.size(), 2}, weights))
        .node("Concat", parts, List.of("features"), attribute("axis", 1))
        .node("MatMul", List.of("features", "w"), List.of("logits"))
        .node("Softmax", List.of("logits"), List.of("probabilities"), attribute("axis", 1))
        .node(
            "ArgMax",
            List.of("logits"),
            List.of("label"),
            attribute("axis", 1),
            attribute("keepdims", 0))
        .output("label", INT64, "batch")
        .output("probabilities", FLOAT, "batch", 2)
        .toBytes();
  }

  /**
   * An int64 vector {@code pixels [batch, 16]} to {@code letter} text {@code [batch]} and {@code
   * scores} float32 {@code [batch, 26]}. The scores are the softmax of 26 logits; the logit of
   * letter k is pixel k mod 16, plus 1 from letter 16 on, so all zero pixels say "Q".
   */
  public static byte[] letters() {
    float[] weights = new float[16 * 26];
    float[] bias = new float[26];
    String[] letters = new String[26];
    long[] indices = new long[26];
    for (int k = 0; k < 26; k++) {
      weights[k % 16 * 26 + k] = 1;
      bias[k] = k < 16 ? 0 : 1;
      letters[k] = String.valueOf((char) ('A' + k));
      indices[k] = k;
    }
    return OnnxGraph.named("letters")
        .input("pixels", INT64, "batch", 16)
        .initializer(OnnxGraph.floats("w", new long[] {16, 26}, weights))
        .initializer(OnnxGraph.floats("b", new long[] {26}, bias))
        .node("Cast", List.of("pixels"), List.of("x"), attribute("to", FLOAT))
        .node("MatMul", List.of("x", "w"), List.of("product"))
        .node("Add", List.of("product", "b"), List.of("logits"))
        .node("Softmax", List.of("logits"), List.of("scores"), attribute("axis", 1))
        .node(
            "ArgMax",
            List.of("logits"),
            List.of("index"),
            attribute("axis", 1),
            attribute("keepdims", 0))
        .node(
            "ai.onnx.ml",
            "LabelEncoder",
            List.of("index"),
            List.of("letter"),
            ints("keys_int64s", indices),
            texts("values_strings", letters),
            attribute("default_string", "?"))
        .output("letter", STRING, "batch")
        .output("scores", FLOAT, "batch", 26)
        .toBytes();
  }

  /** Float64: {@code x [batch, 3]} to {@code y [batch, 1]}, y = x1 + 10·x2 + 100·x3 + 0.1. */
  public static byte[] doubles() {
    return OnnxGraph.named("doubles")
        .input("x", DOUBLE, "batch", 3)
        .initializer(OnnxGraph.doubles("w", new long[] {3, 1}, 1, 10, 100))
        .initializer(OnnxGraph.doubles("b", new long[] {1}, 0.1))
        .node("MatMul", List.of("x", "w"), List.of("product"))
        .node("Add", List.of("product", "b"), List.of("y"))
        .output("y", DOUBLE, "batch", 1)
        .toBytes();
  }

  /**
   * Two inputs of different type: {@code numeric} float32 {@code [batch, 3]} and {@code weekday}
   * int64 {@code [batch, 1]}, to {@code riders_thousands} float32 {@code [batch, 1]} = n1 + 2·n2 +
   * 3·n3 + weekday + 0.5.
   */
  public static byte[] riders() {
    return OnnxGraph.named("riders")
        .input("numeric", FLOAT, "batch", 3)
        .input("weekday", INT64, "batch", 1)
        .initializer(OnnxGraph.floats("w", new long[] {4, 1}, 1, 2, 3, 1))
        .initializer(OnnxGraph.floats("b", new long[] {1}, 0.5f))
        .node("Cast", List.of("weekday"), List.of("day"), attribute("to", FLOAT))
        .node("Concat", List.of("numeric", "day"), List.of("all"), attribute("axis", 1))
        .node("Gemm", List.of("all", "w", "b"), List.of("riders_thousands"))
        .output("riders_thousands", FLOAT, "batch", 1)
        .toBytes();
  }

  /**
   * A model with state and a setting: {@code input} float32 {@code [batch, 8]}, {@code state}
   * float32 {@code [2, batch, 4]}, {@code sr} an int64 scalar, to {@code output [batch, 1]}, the
   * mean of a row's input divided by sr, and {@code stateN [2, batch, 4]}, the state plus that.
   */
  public static byte[] voice() {
    return OnnxGraph.named("voice")
        .input("input", FLOAT, "batch", 8)
        .input("state", FLOAT, 2, "batch", 4)
        .input("sr", INT64)
        .initializer(longs("first", new long[] {1}, 0))
        .node("Cast", List.of("sr"), List.of("rate"), attribute("to", FLOAT))
        .node("ReduceMean", List.of("input"), List.of("mean"), ints("axes", 1))
        .node("Div", List.of("mean", "rate"), List.of("output"))
        .node("Unsqueeze", List.of("output", "first"), List.of("raised"))
        .node("Add", List.of("state", "raised"), List.of("stateN"))
        .output("output", FLOAT, "batch", 1)
        .output("stateN", FLOAT, 2, "batch", 4)
        .toBytes();
  }

  /**
   * {@code features} float32 {@code [batch, 2]} to {@code label} text and {@code scores}, a
   * sequence of maps from the texts "low", "mid" and "high" to float32: the softmax of (0, x1, x2).
   */
  public static byte[] zipMap() {
    return OnnxGraph.named("zipmap")
        .input("features", FLOAT, null, 2)
        .initializer(OnnxGraph.floats("w", new long[] {2, 3}, 0, 1, 0, 0, 0, 1))
        .node("MatMul", List.of("features", "w"), List.of("logits"))
        .node("Softmax", List.of("logits"), List.of("matrix"), attribute("axis", 1))
        .node(
            "ArgMax",
            List.of("logits"),
            List.of("index"),
            attribute("axis", 1),
            attribute("keepdims", 0))
        .node(
            "ai.onnx.ml",
            "LabelEncoder",
            List.of("index"),
            List.of("label"),
            ints("keys_int64s", 0, 1, 2),
            texts("values_strings", "low", "mid", "high"))
        .node(
            "ai.onnx.ml",
            "ZipMap",
            List.of("matrix"),
            List.of("scores"),
            texts("classlabels_strings", "low", "mid", "high"))
        .output("label", STRING, new Object[] {null})
        .outputOfMaps("scores", STRING)
        .toBytes();
  }

  /**
   * Writes {@code model.onnx} and, beside it, {@code weights.bin}, which holds its only weights:
   * {@code x} float32 {@code [batch, 2]} to {@code y [batch, 1]} = 3·x1 + 5·x2.
   *
   * @return the model file
   */
  public static Path weightsBeside(Path folder) {
    try {
      Files.write(folder.resolve("weights.bin"), rawFloats(3, 5));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return OnnxGraph.named("weights beside")
        .input("x", FLOAT, "batch", 2)
        .initializer(
            external(
                "w",
                FLOAT,
                new long[] {2, 1},
                "location",
                "weights.bin",
                "offset",
                "0",
                "length",
                "8"))
        .node("MatMul", List.of("x", "w"), List.of("y"))
        .output("y", FLOAT, "batch", 1)
        .writeTo(folder.resolve("model.onnx"));
  }
}
