/**
 * What a runtime does, as meters of Micrometer, which need be there for this package alone. {@code
 * docs/metrics.md} lists them.
 */
@NullMarked
package dev.mlops.runtime.metrics;

import org.jspecify.annotations.NullMarked;
