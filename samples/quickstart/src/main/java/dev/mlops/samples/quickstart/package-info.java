/**
 * The main job on real storms: publish, serve, swap, refuse, and join the labels that come later.
 */
@NullMarked
package dev.mlops.samples.quickstart;

import org.jspecify.annotations.NullMarked;
