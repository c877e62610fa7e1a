package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OrtException;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.runtime.engine.ModelFiles;
import java.util.regex.Pattern;

/** ONNX Runtime's failures in our words. */
final class Failures {
  private static final int LONGEST = 600;

  /** {@code Error code - ORT_FAIL - message: }, which the code says already. */
  private static final Pattern HEAD = Pattern.compile("^Error code - \\w+ - message:\\s*");

  /** {@code /onnxruntime_src/onnxruntime/core/graph/model.cc:181 onnxruntime::Model::Model(…) }. */
  private static final Pattern SOURCE =
      Pattern.compile("\\S*/onnxruntime/\\S+\\.(?:cc|h):\\d+ (?:\\S+::\\S+\\(.*?\\)(?: const)? )?");

  private static final Pattern BLANKS = Pattern.compile("\\s+");

  private Failures() {}

  /**
   * A failure of ONNX Runtime.
   *
   * @param what what failed, such as {@code storms:1.0.0 could not be loaded}
   */
  static ModelFailedException of(String what, OrtException cause) {
    String said = text(String.valueOf(cause.getMessage()));
    return new ModelFailedException(what + ": " + said + code(cause), cause);
  }

  /** A failure of ONNX Runtime to load a model, and what the model needs. */
  static ModelFailedException of(String what, OrtException cause, ModelFiles files) {
    // first the name of a folder that is another one at each load: what is cut off depends on it
    String said = text(files.inPackage(String.valueOf(cause.getMessage())));
    return new ModelFailedException(
        what + ": " + said + code(cause) + ". " + files.writtenFor(), cause);
  }

  private static String code(OrtException cause) {
    return " (" + cause.getCode() + ")";
  }

  /** What it says, without places in its own sources, on one line. */
  static String text(String message) {
    String text = HEAD.matcher(message).replaceFirst("");
    text = SOURCE.matcher(text).replaceAll("");
    text = BLANKS.matcher(text).replaceAll(" ").strip();
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
  }
}
