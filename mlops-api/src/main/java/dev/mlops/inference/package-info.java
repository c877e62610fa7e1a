/**
 * Using a model: the handle an application keeps, what goes in, what comes out, and the receipt
 * that lets a label find its prediction later.
 */
@NullMarked
package dev.mlops.inference;

import org.jspecify.annotations.NullMarked;
