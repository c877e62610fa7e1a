package dev.mlops.runtime.engine.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Resident memory of this process as Linux tells it. It says something of native memory only where
 * the heap is of a fixed size and touched from the start.
 */
final class Resident {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");

  private Resident() {}

  /** Whether this is a system that tells. */
  static boolean isKnown() {
    return Files.isReadable(STATUS) && Files.isWritable(CLEAR);
  }

  /** Bytes now, after the collector gave back the direct memory that nobody holds. */
  static long bytes() {
    collect();
    return field("VmRSS:");
  }

  /** The most since {@link #resetPeak}. */
  static long peak() {
    return field("VmHWM:");
  }

  static void resetPeak() {
    try {
      Files.writeString(CLEAR, "5");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes the C library give back what it keeps. */
  static void trim() {
    try {
      ManagementFactory.getPlatformMBeanServer()
          .invoke(
              new ObjectName("com.sun.management:type=DiagnosticCommand"),
              "systemTrimNativeHeap",
              new Object[] {new String[0]},
              new String[] {String[].class.getName()});
    } catch (JMException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs the collector until it has gone through all that was free when it began. */
  private static void collect() {
    for (int i = 0; i < 3; i++) {
      ReferenceQueue<Object> gone = new ReferenceQueue<>();
      PhantomReference<Object> last = new PhantomReference<>(new Object(), gone);
      System.gc();
      try {
        // direct memory is freed by the thread that fills the queues
        if (gone.remove(10_000) != last) {
          throw new IllegalStateException("the collector did not run");
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static long field(String name) {
    try {
      return Files.readAllLines(STATUS).stream()
              .filter(line -> line.startsWith(name))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .sum()
          * 1024;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
