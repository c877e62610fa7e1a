/**
 * The front door of drift: what passes through a model is compared with what was normal when it was
 * trained, and a verdict says how large the difference is and how sure that is.
 */
@NullMarked
package dev.mlops.drift;

import org.jspecify.annotations.NullMarked;
