package dev.mlops.benchmarks;

import dev.mlops.runtime.memory.ProcessMemory;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.Inflater;

/**
 * What it costs to give freed native memory back, in JVMs of their own with heaps of several sizes,
 * and who waits meanwhile. Prints the table of {@code docs/proof/memory-trim.md}.
 *
 * <p>The native heap is filled with 500 MB in small pieces, of which some are freed. In the case
 * {@code holes} it is every second one of 16 kB: the dearest way to free half of it. In the case
 * {@code runs} it is 31 of 32 pieces of 64 kB, more as a closed session leaves it. While it is
 * trimmed one thread does nothing but read the clock, one takes and frees native memory, and one
 * asks for a safepoint again and again, as a collection does.
 */
public final class TrimCost {
  private static final long MB = 1L << 20;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int ROUNDS = 7;

  private final AtomicLong clock = new AtomicLong();
  private final ProcessMemory memory = ProcessMemory.ofThisProcess(clock::get, true);
  private final int piece;
  private final int keptOneOf;
  private volatile boolean running;
  private double cpu; // of the last trim, in ms

  private TrimCost(boolean holes) {
    piece = holes ? 16 << 10 : 64 << 10;
    keptOneOf = holes ? 2 : 32;
  }

  /** Starts a JVM for each case, or is one if there is an argument. */
  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      new TrimCost(args[0].equals("holes")).measure();
      return;
    }
    System.out.println(
        "JDK "
            + Runtime.version()
            + "; milliseconds, median / largest of "
            + ROUNDS
            + "\n\n| heap | native heap | first trim | freed | trim | its processor time | again at once"
            + " | safepoint, no trim | safepoint, trim | clock gap, no trim | clock gap, trim"
            + " | malloc, no trim | malloc, trim |\n"
            + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (String heap : List.of("256m", "1g", "4g")) {
      child(heap, "holes", "");
    }
    child("1g", "runs", "");
    child("1g", "holes", "1");
  }

  private static void child(String heap, String shape, String arenas) throws Exception {
    System.out.print("| " + heap + " | " + shape + (arenas.isEmpty() ? "" : ", one arena"));
    System.out.flush();
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms" + heap,
                "-Xmx" + heap,
                "-XX:+AlwaysPreTouch",
                "-XX:+UseG1GC",
                "-XX:MaxDirectMemorySize=2g",
                "-cp",
                System.getProperty("java.class.path"),
                TrimCost.class.getName(),
                shape)
            .inheritIO();
    if (!arenas.isEmpty()) {
      builder.environment().put("MALLOC_ARENA_MAX", arenas);
    }
    if (builder.start().waitFor() != 0) {
      throw new IllegalStateException("the JVM with " + heap + " failed");
    }
  }

  private void measure() throws Exception {
    double first = trim();
    double[] freed = new double[ROUNDS];
    double[] trim = new double[ROUNDS];
    double[] processor = new double[ROUNDS];
    double[] again = new double[ROUNDS];
    double[][] without = new double[3][ROUNDS];
    double[][] with = new double[3][ROUNDS];
    ExecutorService threads = Executors.newCachedThreadPool();
    for (int round = 0; round < ROUNDS; round++) {
      List<ByteBuffer> kept = new ArrayList<>();
      fill(kept);
      long before = memory.resident().orElseThrow();
      // once to see what the trim alone takes, then a like one with company
      trim[round] = trim();
      processor[round] = cpu;
      freed[round] = (before - memory.resident().orElseThrow()) / (double) MB;
      again[round] = trim();
      fill(kept);
      double length = trim[round];
      company(threads, without, round, () -> spin(length));
      company(threads, with, round, this::trim);
      kept.clear();
      awaitPool(0);
    }
    threads.shutdown();
    System.out.printf(Locale.ROOT, " | %.1f | %.0f MB", first, median(freed));
    print(trim);
    print(processor);
    print(again);
    for (int i = 0; i < 3; i++) {
      print(without[i]);
      print(with[i]);
    }
    System.out.println(" |");
  }

  /** The longest waits of three threads while something goes on. */
  private void company(
      ExecutorService threads, double[][] longest, int round, Callable<Double> what)
      throws Exception {
    running = true;
    List<Future<Double>> waits =
        List.of(
            threads.submit(() -> longest(Thread::getAllStackTraces)),
            threads.submit(() -> longest(() -> {})),
            threads.submit(() -> longest(() -> new Inflater().end())));
    Thread.sleep(20); // so that all three run
    what.call();
    running = false;
    for (int i = 0; i < waits.size(); i++) {
      longest[i][round] = waits.get(i).get();
    }
  }

  private double longest(Runnable step) {
    long longest = 0;
    long last = System.nanoTime();
    while (running) {
      step.run();
      long now = System.nanoTime();
      longest = Math.max(longest, now - last);
      last = now;
    }
    return longest / 1e6;
  }

  private static double spin(double millis) {
    long end = System.nanoTime() + (long) (millis * 1e6);
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    return millis;
  }

  private double trim() {
    clock.addAndGet(60_000_000_000L);
    long start = System.nanoTime();
    long busy = THREADS.getCurrentThreadCpuTime();
    if (!memory.trim(100 * MB)) {
      throw new IllegalStateException("this JVM cannot trim its native heap");
    }
    cpu = (THREADS.getCurrentThreadCpuTime() - busy) / 1e6;
    return (System.nanoTime() - start) / 1e6;
  }

  /** Takes 500 MB and gives some of the pieces back. */
  private void fill(List<ByteBuffer> kept) throws InterruptedException {
    List<ByteBuffer> dropped = new ArrayList<>();
    for (int i = 0; i < 500 * MB / piece; i++) {
      (i % keptOneOf == 0 ? kept : dropped).add(ByteBuffer.allocateDirect(piece));
    }
    dropped.clear();
    awaitPool(kept.size());
  }

  /** Until the collector has freed what nobody holds. */
  private static void awaitPool(long count) throws InterruptedException {
    BufferPoolMXBean pool =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(each -> each.getName().equals("direct"))
            .findFirst()
            .orElseThrow();
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (pool.getCount() > count + 8) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(pool.getCount() + " buffers are still there");
      }
      System.gc();
      Thread.sleep(20);
    }
  }

  private static void print(double[] values) {
    System.out.printf(
        Locale.ROOT, " | %.1f / %.1f", median(values), Arrays.stream(values).max().orElse(0));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
