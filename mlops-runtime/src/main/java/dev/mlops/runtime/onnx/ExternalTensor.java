package dev.mlops.runtime.onnx;

import java.util.List;

/**
 * A tensor that points to another file.
 *
 * @param where the tensor in words, for messages
 * @param entries the keys and values as they stand in the file, unchecked
 * @param bytes what its type and dimensions need, or -1 where that cannot be told
 */
record ExternalTensor(String where, List<Entry> entries, long bytes) {
  /** One key and its value. */
  record Entry(String key, String value) {}
}
