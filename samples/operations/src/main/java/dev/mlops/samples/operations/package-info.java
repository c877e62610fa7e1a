/**
 * A service through a bad week, on real models: what the runtime does, and what its callers see.
 */
@NullMarked
package dev.mlops.samples.operations;

import org.jspecify.annotations.NullMarked;
