/** How a version takes over: the gates it must pass and the report of a swap. */
@NullMarked
package dev.mlops.rollout;

import org.jspecify.annotations.NullMarked;
