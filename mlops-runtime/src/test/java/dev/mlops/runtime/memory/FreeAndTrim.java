package dev.mlops.runtime.memory;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Fills the C library's heap with 120 MB in pieces too small for mappings of their own, frees all
 * but a few that keep the top of the heap, and trims. Prints by how much resident memory fell at
 * each step.
 */
final class FreeAndTrim {
  private static final long MB = 1L << 20;

  private FreeAndTrim() {}

  public static void main(String[] args) throws InterruptedException {
    ProcessMemory memory = ProcessMemory.ofThisProcess();
    long empty = resident(memory);
    List<ByteBuffer> kept = new ArrayList<>();
    fill(kept);
    long full = resident(memory);
    awaitPool(kept.size());
    long freed = resident(memory);
    boolean trimmed = memory.trim(100 * MB);
    long after = resident(memory);
    System.out.printf(
        "held %d MB, freed %d MB, trimmed %s %d MB%n",
        (full - empty) / MB, Math.max(0, full - freed) / MB, trimmed, (freed - after) / MB);
    System.exit(kept.size() > 10 ? 0 : 1);
  }

  private static void fill(List<ByteBuffer> kept) {
    List<ByteBuffer> dropped = new ArrayList<>();
    for (int i = 0; i < 120 * 16; i++) {
      (i % 100 == 99 ? kept : dropped).add(ByteBuffer.allocateDirect(64 << 10));
    }
  }

  /** Until the collector has freed what nobody holds. */
  private static void awaitPool(long count) throws InterruptedException {
    BufferPoolMXBean pool =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(each -> each.getName().equals("direct"))
            .findFirst()
            .orElseThrow();
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (pool.getCount() > count + 8) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(pool.getCount() + " buffers are still there");
      }
      System.gc();
      Thread.sleep(20);
    }
  }

  private static long resident(ProcessMemory memory) {
    return memory.resident().orElseThrow();
  }
}
