/**
 * The tests and the verdict: two columns of counts compared. Public types are for the other
 * packages of this module.
 */
@NullMarked
package dev.mlops.drift.compare;

import org.jspecify.annotations.NullMarked;
