/** The front door: a runtime over a store, and the handles it gives. */
@NullMarked
package dev.mlops.runtime;

import org.jspecify.annotations.NullMarked;
