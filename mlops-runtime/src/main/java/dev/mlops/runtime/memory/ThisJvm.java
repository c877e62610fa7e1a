package dev.mlops.runtime.memory;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;
import javax.management.JMException;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;

/**
 * What is asked of the JVM through the module java.management, which an image made by jlink may
 * lack: then this class does not link, and no other one here names a type of that module.
 */
final class ThisJvm {
  private ThisJvm() {}

  /**
   * Runs the diagnostic command System.trim_native_heap.
   *
   * @return its answer, or why there is none
   */
  static String trimNativeHeap() {
    try {
      return String.valueOf(
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "systemTrimNativeHeap",
                  null,
                  null));
    } catch (JMException | RuntimeException e) {
      return e.toString(); // no such command: an older JVM, or another one
    }
  }

  /** What the heap will still take. */
  static JavaHeap heap() {
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    return new JavaHeap(
        writesWhatItCommits() ? 0 : Math.max(0, heap.getCommitted() - touched()),
        Math.max(0, heap.getMax() - heap.getCommitted()));
  }

  /** The largest that each part of the heap has been: a page once written stays. */
  private static long touched() {
    long bytes = 0;
    for (MemoryPoolMXBean pool : pools()) {
      MemoryUsage peak = pool.getPeakUsage();
      MemoryUsage used = pool.getUsage();
      if (pool.getType() == MemoryType.HEAP && peak != null && used != null) {
        bytes += Math.max(peak.getUsed(), used.getUsed());
      }
    }
    return bytes;
  }

  /** Pages are there from the moment they are committed: with -XX:+AlwaysPreTouch, and in ZGC. */
  private static boolean writesWhatItCommits() {
    if (pools().stream().anyMatch(pool -> pool.getName().startsWith("Z"))) {
      return true;
    }
    try {
      Object option =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=HotSpotDiagnostic"),
                  "getVMOption",
                  new Object[] {"AlwaysPreTouch"},
                  new String[] {String.class.getName()});
      return option instanceof CompositeData data && "true".equals(data.get("value"));
    } catch (JMException | RuntimeException e) {
      return false; // another JVM
    }
  }

  private static List<MemoryPoolMXBean> pools() {
    return ManagementFactory.getMemoryPoolMXBeans();
  }
}
