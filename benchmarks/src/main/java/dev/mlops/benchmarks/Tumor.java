package dev.mlops.benchmarks;

import java.nio.FloatBuffer;

/** The measures of one tumour: 30 floats, in the order of the models' columns. */
record Tumor(
    float meanRadius,
    float meanTexture,
    float meanPerimeter,
    float meanArea,
    float meanSmoothness,
    float meanCompactness,
    float meanConcavity,
    float meanConcavePoints,
    float meanSymmetry,
    float meanFractalDimension,
    float errorRadius,
    float errorTexture,
    float errorPerimeter,
    float errorArea,
    float errorSmoothness,
    float errorCompactness,
    float errorConcavity,
    float errorConcavePoints,
    float errorSymmetry,
    float errorFractalDimension,
    float worstRadius,
    float worstTexture,
    float worstPerimeter,
    float worstArea,
    float worstSmoothness,
    float worstCompactness,
    float worstConcavity,
    float worstConcavePoints,
    float worstSymmetry,
    float worstFractalDimension) {

  /** As a person would write it by hand: no loop, no array. */
  void putInto(FloatBuffer to, int base) {
    to.put(base, meanRadius);
    to.put(base + 1, meanTexture);
    to.put(base + 2, meanPerimeter);
    to.put(base + 3, meanArea);
    to.put(base + 4, meanSmoothness);
    to.put(base + 5, meanCompactness);
    to.put(base + 6, meanConcavity);
    to.put(base + 7, meanConcavePoints);
    to.put(base + 8, meanSymmetry);
    to.put(base + 9, meanFractalDimension);
    to.put(base + 10, errorRadius);
    to.put(base + 11, errorTexture);
    to.put(base + 12, errorPerimeter);
    to.put(base + 13, errorArea);
    to.put(base + 14, errorSmoothness);
    to.put(base + 15, errorCompactness);
    to.put(base + 16, errorConcavity);
    to.put(base + 17, errorConcavePoints);
    to.put(base + 18, errorSymmetry);
    to.put(base + 19, errorFractalDimension);
    to.put(base + 20, worstRadius);
    to.put(base + 21, worstTexture);
    to.put(base + 22, worstPerimeter);
    to.put(base + 23, worstArea);
    to.put(base + 24, worstSmoothness);
    to.put(base + 25, worstCompactness);
    to.put(base + 26, worstConcavity);
    to.put(base + 27, worstConcavePoints);
    to.put(base + 28, worstSymmetry);
    to.put(base + 29, worstFractalDimension);
  }

  float[] toArray() {
    return new float[] {
      meanRadius,
      meanTexture,
      meanPerimeter,
      meanArea,
      meanSmoothness,
      meanCompactness,
      meanConcavity,
      meanConcavePoints,
      meanSymmetry,
      meanFractalDimension,
      errorRadius,
      errorTexture,
      errorPerimeter,
      errorArea,
      errorSmoothness,
      errorCompactness,
      errorConcavity,
      errorConcavePoints,
      errorSymmetry,
      errorFractalDimension,
      worstRadius,
      worstTexture,
      worstPerimeter,
      worstArea,
      worstSmoothness,
      worstCompactness,
      worstConcavity,
      worstConcavePoints,
      worstSymmetry,
      worstFractalDimension
    };
  }

  static Tumor of(float[] v) {
    return new Tumor(
        v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13],
        v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26],
        v[27], v[28], v[29]);
  }
}
