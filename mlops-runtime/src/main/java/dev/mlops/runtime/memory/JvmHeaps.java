package dev.mlops.runtime.memory;

import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Those of this JVM. What is freed in the C library's heap stays with the process, in glibc at
 * least, until it is trimmed; the JVM has a diagnostic command for that, {@code
 * System.trim_native_heap}.
 */
final class JvmHeaps implements Heaps {
  private final boolean trims;
  private final AtomicBoolean absent = new AtomicBoolean();

  /**
   * The heaps of this JVM; nothing is asked yet.
   *
   * @param trims whether freed memory may be given back at all
   */
  JvmHeaps(boolean trims) {
    this.trims = trims;
  }

  @Override
  public JavaHeap java() {
    return JavaHeap.now();
  }

  @Override
  public boolean trim() {
    if (!trims || absent.get()) {
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
    return System.getLogger(JvmHeaps.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
