package dev.mlops.runtime.engine.tabular;

/** Why a model is not run here: what stands in it, in words. */
final class Unsupported extends RuntimeException {
  private static final long serialVersionUID = 1;

  Unsupported(String why) {
    super(why, null, false, false);
  }
}
