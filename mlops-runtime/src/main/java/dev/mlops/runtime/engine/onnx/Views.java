package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxTensor;
import dev.mlops.runtime.engine.SlotTensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A slot's memory as tensors of one row count, made once and used again. */
final class Views implements AutoCloseable {
  final int rows;
  final SlotTensor[] inputs;

  /** Those that are not FIXED are replaced by each run. */
  final @Nullable SlotTensor[] outputs;

  /** What ONNX Runtime is given; text is put in anew for each run. */
  final Map<String, OnnxTensor> feeds;

  /** The outputs that ONNX Runtime writes straight into our memory. */
  final Map<String, OnnxTensor> pinned;

  private final Natives natives;

  Views(
      int rows,
      SlotTensor[] inputs,
      @Nullable SlotTensor[] outputs,
      Map<String, OnnxTensor> feeds,
      Map<String, OnnxTensor> pinned,
      Natives natives) {
    this.rows = rows;
    this.inputs = inputs;
    this.outputs = outputs;
    this.feeds = feeds;
    this.pinned = pinned;
    this.natives = natives;
  }

  /** ONNX Runtime walks through the maps on each run; these two are the quickest to walk. */
  static Map<String, OnnxTensor> compact(Map<String, OnnxTensor> tensors) {
    if (tensors.size() != 1) {
      return new LinkedHashMap<>(tensors);
    }
    Map.Entry<String, OnnxTensor> only = tensors.entrySet().iterator().next();
    return Collections.singletonMap(only.getKey(), only.getValue());
  }

  /** Gives back the tensors; the memory itself goes when nobody reads it any more. */
  @Override
  public void close() {
    natives.close();
  }
}
