package dev.mlops.runtime.serving;

import java.lang.System.Logger.Level;

/** What is closed at the end, whatever its neighbours throw. */
final class Quiet {
  private Quiet() {}

  static void close(String what, AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Throwable e) { // what comes after it must be closed too
      log().log(Level.WARNING, "closing the " + what + " failed", e);
    }
  }

  private static System.Logger log() {
    return System.getLogger(Quiet.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
