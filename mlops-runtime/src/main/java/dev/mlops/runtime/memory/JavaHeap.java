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
      MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
      return new JavaHeap(
          writesWhatItCommits() ? 0 : Math.max(0, heap.getCommitted() - touched()),
          Math.max(0, heap.getMax() - heap.getCommitted()));
    } catch (LinkageError e) {
      return UNKNOWN; // the module java.management is not there
    }
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
