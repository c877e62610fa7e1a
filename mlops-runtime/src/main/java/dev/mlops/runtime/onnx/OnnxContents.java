package dev.mlops.runtime.onnx;

/**
 * What an ONNX file is made of, for an estimate of the memory it takes when it is loaded.
 *
 * @param nodes nodes in all graphs together
 * @param convolutions whether one of them is a convolution
 * @param weights bytes of the tensors' numbers that stand in the file itself
 * @param texts texts in tensors and in lists of attributes
 */
public record OnnxContents(int nodes, boolean convolutions, long weights, long texts) {}
