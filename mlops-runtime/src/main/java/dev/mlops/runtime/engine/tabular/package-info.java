/**
 * Runs tabular ONNX models in plain Java: trees, linear models, small networks and the preparation
 * around them.
 *
 * <p>A file becomes a plan once: registers, one array a value, and steps that read some and write
 * others. A slot has registers of its own and runs the steps on its rows.
 */
@NullMarked
package dev.mlops.runtime.engine.tabular;

import org.jspecify.annotations.NullMarked;
