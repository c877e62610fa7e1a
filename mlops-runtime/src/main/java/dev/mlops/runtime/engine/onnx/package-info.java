/**
 * The engine that runs ONNX models on ONNX Runtime, and the only package that needs it: {@link
 * dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine} itself loads and answers without it.
 */
@NullMarked
package dev.mlops.runtime.engine.onnx;

import org.jspecify.annotations.NullMarked;
