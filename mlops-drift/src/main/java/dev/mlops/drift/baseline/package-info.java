/**
 * What normal was: the cells of each column and their counts in the training data. Public types are
 * for the other packages of this module.
 */
@NullMarked
package dev.mlops.drift.baseline;

import org.jspecify.annotations.NullMarked;
