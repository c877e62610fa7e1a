/**
 * The hot path: where an observed value is counted, the cells a slot owns, and how they are taken
 * and merged. Public types are for the other packages of this module.
 */
@NullMarked
package dev.mlops.drift.count;

import org.jspecify.annotations.NullMarked;
