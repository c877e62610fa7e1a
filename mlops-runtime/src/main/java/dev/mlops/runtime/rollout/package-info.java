/**
 * The gates a version must pass before it serves: its schema, finite answers, its golden records,
 * its quality on the operator's labelled rows against the version in force, and its latency.
 */
@NullMarked
package dev.mlops.runtime.rollout;

import org.jspecify.annotations.NullMarked;
