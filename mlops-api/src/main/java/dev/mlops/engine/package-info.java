/**
 * What runs a format. Engines, sessions and slots are used by the runtime alone; an application
 * sees them only when it brings its own.
 */
@NullMarked
package dev.mlops.engine;

import org.jspecify.annotations.NullMarked;
