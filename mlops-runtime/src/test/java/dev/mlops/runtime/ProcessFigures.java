package dev.mlops.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/** What this process holds, as Linux and the JVM tell it. */
final class ProcessFigures {
  private static final Path STATUS = Path.of("/proc/self/status");

  private ProcessFigures() {}

  /** Whether they can be had here. */
  static boolean available() {
    return Files.isReadable(STATUS) && command("systemTrimNativeHeap") != null;
  }

  /** Resident memory in bytes. */
  static long resident() {
    return status("VmRSS") * 1024;
  }

  /** The most that was ever resident, in bytes. */
  static long mostResident() {
    return status("VmHWM") * 1024;
  }

  /** Threads, those of native code among them. */
  static long threads() {
    return status("Threads");
  }

  /** Open files, sockets among them. */
  static long files() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count() - 1; // the folder itself is open while it is listed
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gives back what nothing uses: the heap's garbage and what hangs on it, then free memory. */
  static void trim() {
    collect();
    if (command("systemTrimNativeHeap") == null) {
      throw new IllegalStateException("this JVM cannot trim its native heap");
    }
  }

  /**
   * Ends what only garbage still holds. A direct buffer's memory is freed by the JVM's reference
   * handler some time after the collection; when that has come to what a second collection found,
   * it is through with the first.
   */
  static void collect() {
    for (int i = 0; i < 2; i++) {
      ReferenceQueue<Object> found = new ReferenceQueue<>();
      Reference<Object> garbage = new PhantomReference<>(new Object(), found);
      System.gc();
      try {
        found.remove(20_000);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      } finally {
        Reference.reachabilityFence(garbage);
      }
    }
  }

  /** Bytes in use on the C heap; empty where the JVM does not tell, as on 17. */
  static OptionalLong nativeHeap() {
    String xml = command("systemNativeHeapInfo");
    if (xml == null) {
      return OptionalLong.empty();
    }
    String totals = xml.substring(xml.lastIndexOf("</heap>"));
    return OptionalLong.of(
        size(totals, "system type=\"current\"")
            + size(totals, "total type=\"mmap\"")
            - size(totals, "total type=\"fast\"")
            - size(totals, "total type=\"rest\""));
  }

  private static long size(String xml, String element) {
    Matcher matcher = Pattern.compile("<" + element + "[^>]* size=\"([0-9]+)\"").matcher(xml);
    if (!matcher.find()) {
      throw new IllegalStateException("no " + element + " in: " + xml);
    }
    return Long.parseLong(matcher.group(1));
  }

  private static @Nullable String command(String name) {
    try {
      return (String)
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  name,
                  new Object[0],
                  new String[0]);
    } catch (JMException e) {
      return null;
    }
  }

  private static long status(String name) {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(name + ":")) {
          return Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new IllegalStateException(STATUS + " has no " + name);
  }
}
