/** Where versions and aliases live, and what opening a version guarantees. */
@NullMarked
package dev.mlops.store;

import org.jspecify.annotations.NullMarked;
