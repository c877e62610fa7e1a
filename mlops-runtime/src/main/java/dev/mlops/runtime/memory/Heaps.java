package dev.mlops.runtime.memory;

/** The two heaps of a process with a JVM in it. */
interface Heaps {
  /** What the Java heap will still take; {@link JavaHeap#UNKNOWN} where nobody can tell. */
  JavaHeap java();

  /**
   * Gives what was freed in the C library's heap back to the operating system.
   *
   * @return false if this JVM or its C library cannot
   */
  boolean trim();
}
