/**
 * The memory of this process outside the Java heap: how much it has, how much its container leaves,
 * whether a load fits, and how freed memory goes back to the operating system.
 */
@NullMarked
package dev.mlops.runtime.memory;

import org.jspecify.annotations.NullMarked;
