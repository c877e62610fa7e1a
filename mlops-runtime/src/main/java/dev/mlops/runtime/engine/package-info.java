/** What the engines of this library share: a version's files, and tensors of a slot. */
@NullMarked
package dev.mlops.runtime.engine;

import org.jspecify.annotations.NullMarked;
