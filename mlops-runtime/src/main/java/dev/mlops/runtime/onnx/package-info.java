/**
 * Our own reader of ONNX files, without ONNX Runtime and without a protobuf library. It tells what
 * a graph takes and gives, derives a schema from it or checks a given one against it, and finds
 * every place where the file points to another file. It never trusts what it reads, and reads
 * weights not at all. Publishing and the engines use it through {@link
 * dev.mlops.runtime.onnx.OnnxModel}.
 */
@NullMarked
package dev.mlops.runtime.onnx;

import org.jspecify.annotations.NullMarked;
