/**
 * What a model is: its name and versions, the schema of its inputs and outputs, and the package
 * that carries a version from training to serving.
 */
@NullMarked
package dev.mlops.model;

import org.jspecify.annotations.NullMarked;
