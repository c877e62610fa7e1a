package dev.mlops.runtime.memory;

import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The C library's heap. What is freed in it stays with the process, in glibc at least, until it is
 * trimmed; the JVM has a diagnostic command for that, {@code System.trim_native_heap}.
 */
final class NativeHeap {
  private final AtomicBoolean absent = new AtomicBoolean();

  /**
   * Gives freed memory back to the operating system.
   *
   * @return false if this JVM or its C library cannot
   */
  boolean trim() {
    if (absent.get()) {
      return false;
    }
    String answer;
    try {
      answer = ThisJvm.trimNativeHeap();
    } catch (LinkageError e) {
      answer = "the module java.management is not there: " + e;
    }
    if (answer.contains("RSS")) {
      return true; // it says what became of the resident set
    }
    if (absent.compareAndSet(false, true)) {
      log().log(Level.DEBUG, "freed native memory is not given back: {0}", answer.strip());
    }
    return false;
  }

  private static System.Logger log() {
    return System.getLogger(NativeHeap.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
