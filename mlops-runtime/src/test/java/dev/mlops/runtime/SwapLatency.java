package dev.mlops.runtime;

import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * What calls wait when a model is swapped, in a JVM of its own. Calls arrive at even intervals, at
 * half the rate that two threads can answer, whether or not the one before is answered; a call's
 * latency counts from when it was to start. So a stall is seen by all calls it delays.
 *
 * <p>Blocks with a swap in their middle and blocks without take turns. A thread that has nothing to
 * do sleeps and looks how late it wakes, which is the machine's doing or a garbage collection:
 * pairs of blocks in which it was late by more than {@value #STALL_MS} ms are left out. Where too
 * few are left, as on a shared machine, those with stalls of up to {@value #MOST_STALL_MS} ms are
 * taken in: that is the bound on what a swap may cost, and shorter stalls meet blocks of both kinds
 * alike. In the time of the swap itself it is not asked, nor for as long in the middle of the other
 * blocks: what the swap does to the machine is to be measured and not left out.
 *
 * <p>{@code locked} is the control: one of the callers loads, under a lock that calls wait for.
 *
 * <p>Prints one line of figures; exits with 0 if no call failed.
 */
final class SwapLatency {
  private static final double STALL_MS = 1;
  private static final double MOST_STALL_MS = 5;
  private static final int CALLERS = 2;

  /** After a swap what was replaced is closed, which is a part of the swap. */
  private static final long CLOSING_NANOS = 20_000_000;

  private static final long SECOND = 1_000_000_000L;

  /** A block with a swap and one without. */
  private record Pair(Block with, Block without) {
    double difference() {
      return with.p999() - without.p999();
    }

    double stall() {
      return Math.max(with.stall, without.stall);
    }
  }

  /* All times by System.nanoTime. */
  private record Span(long from, long to) {}

  /**
   * Calls of one block.
   *
   * @param millis latency of each, in order
   * @param swapped when the swap began and the new version served
   * @param stall the longest of the machine outside the swap, in milliseconds
   */
  private record Block(double[] millis, long start, long interval, Span swapped, double stall) {
    double p999() {
      return quantile(millis, 0.999);
    }

    double largest() {
      return quantile(millis, 1);
    }
  }

  private final Swapping swapping;
  private final boolean locked;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Queue<Span> stalls = new ConcurrentLinkedQueue<>();
  private volatile boolean done;
  private volatile boolean due; // for the control: the next caller is to load
  private volatile @Nullable Span swapped;
  private long usual = 20_000_000; // how long a swap takes

  private SwapLatency(Swapping swapping, boolean locked) {
    this.swapping = swapping;
    this.locked = locked;
  }

  public static void main(String[] args) throws Exception {
    Path store = Path.of(args[0]);
    switch (args[1]) {
      case "picture" -> {
        List<Block> free = blocks(store, false, Integer.parseInt(args[2]));
        List<Block> locked = blocks(store, true, Integer.parseInt(args[2]));
        Files.writeString(Path.of(args[3]), picture(free, locked));
      }
      default -> {
        try (Swapping swapping = new Swapping(store, OnnxRuntimeEngine.create())) {
          new SwapLatency(swapping, args[1].equals("locked"))
              .compare(
                  Integer.parseInt(args[2]),
                  Integer.parseInt(args[3]),
                  (long) (Double.parseDouble(args[4]) * SECOND));
        }
      }
    }
    System.exit(0);
  }

  /** Pairs until enough of them are quiet, or all are used up. */
  private void compare(int quiet, int most, long nanos) throws Exception {
    long before = System.nanoTime();
    watch();
    long interval = interval();
    List<Pair> pairs = new ArrayList<>();
    while (pairs.size() < most && within(pairs, STALL_MS).size() < quiet) {
      boolean first = pairs.size() % 2 == 0; // which of the two comes first takes turns as well
      Block one = block(interval, nanos, first);
      Block two = block(interval, nanos, !first);
      pairs.add(first ? new Pair(one, two) : new Pair(two, one));
    }
    done = true;
    double stall = within(pairs, STALL_MS).size() < quiet ? MOST_STALL_MS : STALL_MS;
    List<Pair> calm = within(pairs, stall);
    List<Pair> judged = calm.isEmpty() ? pairs : calm; // the caller sees how many were quiet
    System.out.printf(
        Locale.ROOT,
        "pairs %d, longest stall %.0f, quiet %d, judged %d, calls a block %d, capacity a second %.0f, ms a swap %.1f,"
            + " p50 with %.3f and without %.3f, p99.9 with %.2f and without %.2f, median difference"
            + " of p99.9 %.2f ms, largest with %.1f ms, largest without %.1f ms, minutes %.2f%n",
        pairs.size(),
        stall,
        calm.size(),
        judged.size(),
        nanos / interval,
        SECOND / (interval / 2.0),
        median(judged, pair -> (pair.with.swapped.to - pair.with.swapped.from) / 1e6),
        median(judged, pair -> quantile(pair.with.millis, 0.5)),
        median(judged, pair -> quantile(pair.without.millis, 0.5)),
        median(judged, pair -> pair.with.p999()),
        median(judged, pair -> pair.without.p999()),
        median(judged, Pair::difference),
        judged.stream().mapToDouble(pair -> pair.with.largest()).max().orElse(0),
        judged.stream().mapToDouble(pair -> pair.without.largest()).max().orElse(0),
        (System.nanoTime() - before) / 60e9);
  }

  private static List<Pair> within(List<Pair> pairs, double stall) {
    return pairs.stream().filter(pair -> pair.stall() <= stall).toList();
  }

  /** Blocks of a second with a swap each, for the picture. */
  private static List<Block> blocks(Path store, boolean locked, int swaps) throws Exception {
    try (Swapping swapping = new Swapping(store, OnnxRuntimeEngine.create())) {
      SwapLatency latency = new SwapLatency(swapping, locked);
      latency.watch();
      long interval = latency.interval();
      List<Block> blocks = new ArrayList<>();
      for (int tries = 0; blocks.size() < swaps && tries < 2 * swaps; tries++) {
        Block block = latency.block(interval, SECOND, true);
        // on a machine that is never quiet the second half is taken as it comes
        if (block.stall <= STALL_MS || tries >= swaps) {
          blocks.add(block);
        }
      }
      latency.done = true;
      return blocks;
    }
  }

  /** The interval of arrivals at half of what the callers can answer. */
  private long interval() throws Exception {
    for (int i = 0; i < 10; i++) { // code is compiled
      swapping.swap();
      closedLoop(SECOND / 5);
    }
    return 2 * SECOND / closedLoop(2 * SECOND);
  }

  /** Calls a second when each caller calls as soon as it has its answer. */
  private long closedLoop(long nanos) throws Exception {
    long start = System.nanoTime();
    Callers callers = new Callers().add(CALLERS, swapping::predict);
    LockSupport.parkNanos(nanos);
    callers.stop();
    return Math.max(1, callers.calls() * SECOND / (System.nanoTime() - start));
  }

  private Block block(long interval, long nanos, boolean swap) throws Exception {
    stalls.clear();
    swapped = null;
    double[] millis = new double[Math.toIntExact(nanos / interval)];
    AtomicInteger next = new AtomicInteger();
    long start = System.nanoTime() + 20_000_000;
    Thread[] threads = new Thread[CALLERS];
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < CALLERS; i++) {
      threads[i] =
          new Thread(
              () -> {
                try {
                  calls(millis, next, start, interval);
                } catch (Throwable e) { // told when the block is over
                  failures.add(e);
                }
              });
      threads[i].start();
    }
    long middle = start + nanos / 2;
    await(middle);
    if (swap && locked) {
      due = true;
    } else if (swap) {
      swap();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty()) {
      throw new AssertionError("a call failed: " + failures.peek(), failures.peek());
    }
    if (!swapping.engine.awaitLive(1)) {
      throw new AssertionError("sessions that do not close: " + swapping.engine.live());
    }
    Span own = swapped;
    if (own == null) {
      own = new Span(middle, middle + usual);
    } else {
      usual = own.to - own.from;
    }
    long end = start + nanos;
    Span spared = own;
    double stall =
        stalls.stream()
            .filter(
                late ->
                    late.to > start
                        && late.from < end
                        && (late.to < spared.from || late.from > spared.to + CLOSING_NANOS))
            .mapToDouble(late -> (late.to - late.from) / 1e6)
            .max()
            .orElse(0);
    return new Block(millis, start, interval, own, stall);
  }

  private void calls(double[] millis, AtomicInteger next, long start, long interval) {
    for (int call = next.getAndIncrement(); call < millis.length; call = next.getAndIncrement()) {
      long intended = start + call * interval;
      await(intended);
      if (locked) {
        if (due) {
          swapUnderLock();
        }
        lock.readLock().lock();
        try {
          swapping.predict();
        } finally {
          lock.readLock().unlock();
        }
      } else {
        swapping.predict();
      }
      millis[call] = (System.nanoTime() - intended) / 1e6;
    }
  }

  private void swapUnderLock() {
    lock.writeLock().lock();
    try {
      if (due) {
        due = false;
        swap();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private void swap() {
    long from = System.nanoTime();
    swapping.swap();
    swapped = new Span(from, System.nanoTime());
  }

  /** Sleeps and looks how late it wakes. */
  private void watch() {
    Thread watch =
        new Thread(
            () -> {
              long last = System.nanoTime();
              while (!done) {
                LockSupport.parkNanos(200_000);
                long now = System.nanoTime();
                if (now - last > STALL_MS * 1e6 + 200_000) {
                  stalls.add(new Span(last, now));
                }
                last = now;
              }
            });
    watch.setDaemon(true);
    watch.start();
  }

  private static void await(long until) {
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left); // to spin would take the processor from the load
    }
  }

  private interface Figure {
    double of(Pair pair);
  }

  private static double median(List<Pair> pairs, Figure figure) {
    return quantile(pairs.stream().mapToDouble(figure::of).toArray(), 0.5);
  }

  /** The least value that a share of them does not exceed. */
  private static double quantile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }

  private static String picture(List<Block> free, List<Block> locked) {
    double load =
        quantile(
            free.stream().mapToDouble(b -> (b.swapped.to - b.swapped.from) / 1e6).toArray(), 0.5);
    return LatencyPicture.of(free.size(), load, points(free), points(locked));
  }

  private static List<LatencyPicture.Point> points(List<Block> blocks) {
    List<LatencyPicture.Point> points = new ArrayList<>();
    for (Block block : blocks) {
      for (int call = 0; call < block.millis.length; call++) {
        points.add(
            new LatencyPicture.Point(
                (block.start + call * block.interval - block.swapped.to) / 1e6,
                block.millis[call]));
      }
    }
    return points;
  }
}
