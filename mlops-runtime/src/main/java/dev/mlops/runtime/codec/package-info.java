/** Records and rows to tensors and back, by the schema. */
@NullMarked
package dev.mlops.runtime.codec;

import org.jspecify.annotations.NullMarked;
