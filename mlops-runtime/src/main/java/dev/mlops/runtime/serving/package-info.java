/**
 * Routes and what they serve: slots and their claims, swaps, rollback, retention, drain and close.
 * A call goes from its handle to the route's table, claims a slot of the version there, and tells
 * the observers before it answers.
 */
@NullMarked
package dev.mlops.runtime.serving;

import org.jspecify.annotations.NullMarked;
