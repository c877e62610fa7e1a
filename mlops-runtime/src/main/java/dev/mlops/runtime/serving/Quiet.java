package dev.mlops.runtime.serving;

import java.lang.System.Logger.Level;

/** What is closed at the end, whatever its neighbours throw. */
final class Quiet {
  private static final System.Logger LOG = System.getLogger(Quiet.class.getName());

  private Quiet() {}

  static void close(String what, AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Throwable e) { // what comes after it must be closed too
      LOG.log(Level.WARNING, "closing the " + what + " failed", e);
    }
  }
}
