package dev.mlops.runtime.memory;

/**
 * What the Java heap will still take of the process's memory.
 *
 * @param untouched bytes it has committed and never written: its own already, though the operating
 *     system does not count them yet
 * @param allowed bytes it may still commit up to its largest size
 */
record JavaHeap(long untouched, long allowed) {
  /** Nothing known. */
  static final JavaHeap UNKNOWN = new JavaHeap(0, 0);

  /** The heap of this JVM. */
  static JavaHeap now() {
    try {
      return ThisJvm.heap();
    } catch (LinkageError e) {
      return UNKNOWN; // the module java.management is not there
    }
  }
}
