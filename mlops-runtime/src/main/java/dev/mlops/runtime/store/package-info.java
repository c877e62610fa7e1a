/**
 * The package form and the stores built on it: a directory of versions and aliases, and a bare
 * model file. The form is written down byte by byte in {@code docs/formats/package.md}.
 */
@NullMarked
package dev.mlops.runtime.store;

import org.jspecify.annotations.NullMarked;
