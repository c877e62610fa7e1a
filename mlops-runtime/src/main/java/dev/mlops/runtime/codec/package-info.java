/**
 * Records and rows to tensors and back, by the schema. {@link dev.mlops.runtime.codec.Codecs} binds
 * a type, or a user's codec, once; what it gives fills and reads a {@link
 * dev.mlops.runtime.codec.Frame}, which stands for one slot. Needs the api alone.
 */
@NullMarked
package dev.mlops.runtime.codec;

import org.jspecify.annotations.NullMarked;
