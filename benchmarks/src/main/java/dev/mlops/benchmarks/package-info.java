/**
 * What a prediction costs: the bare engine as people write it and as it can be tuned by hand,
 * beside our handle, on the same records and with the same answers. {@code benchmarks/README.md}
 * says how to run and to read it.
 */
@NullMarked
package dev.mlops.benchmarks;

import org.jspecify.annotations.NullMarked;
