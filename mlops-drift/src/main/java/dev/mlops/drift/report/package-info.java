/**
 * A window's evidence as JSON and as a page. Public types are for the other packages of this
 * module.
 */
@NullMarked
package dev.mlops.drift.report;

import org.jspecify.annotations.NullMarked;
