/**
 * Routes, the versions loaded for them and the slots their calls claim: how a call finds a version,
 * how a new one takes over and how an old one is closed when no call runs on it.
 */
@NullMarked
package dev.mlops.runtime.serving;

import org.jspecify.annotations.NullMarked;
