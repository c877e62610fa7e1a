/** What is told to others: predictions as they pass, and the health of each route. */
@NullMarked
package dev.mlops.observe;

import org.jspecify.annotations.NullMarked;
