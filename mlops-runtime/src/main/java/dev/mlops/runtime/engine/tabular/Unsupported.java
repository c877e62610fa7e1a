package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.onnx.Texts;

/** Why a model is not run here: what stands in it, in words. */
final class Unsupported extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final int LONGEST = 1_000;

  /* Names come from the file, so the words are made fit for a log. */
  Unsupported(String why) {
    super(Texts.plain(why, LONGEST), null, false, false);
  }
}
