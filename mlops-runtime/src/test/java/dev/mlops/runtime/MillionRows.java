package dev.mlops.runtime;

import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.model.Column;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.store.ModelFile;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * A batch of a million rows on one slot, in a JVM of its own whose heap is the measure. The inputs
 * are made when they are asked for, so what the heap holds is the answers and what the batch works
 * with. Prints one line; exits with 0 if all went well.
 */
final class MillionRows {
  static final int ROWS = 1_000_000;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private static final int BATCHES = 5;

  /**
   * A stall of the machine or the JVM: a thread that sleeps for 1 ms at a time woke up so much
   * later, or the batch's thread got no processor for so long although it never sleeps. Whoever
   * misses a deadline in one was not kept waiting by the batch, but with it.
   */
  private static final long STALL_NANOS = 5_000_000;

  private static final Duration DEADLINE = Duration.ofMillis(50);

  private record Storm(
      float month,
      float hour,
      float lat,
      @Column("long") float lon,
      float wind,
      float pressure,
      @Column("wind_change_6h") float windChange,
      @Column("pressure_change_6h") float pressureChange) {}

  private record Growth(@Column("probabilities.1") float grows) {}

  private record Span(long from, long to) {
    long within(Span other) {
      return Math.max(0, Math.min(to, other.to) - Math.max(from, other.from));
    }
  }

  private final Queue<Span> stalls = new ConcurrentLinkedQueue<>();
  private final List<Span> missed = new ArrayList<>();
  private final List<Long> waits = new ArrayList<>();
  /* Of the batch's thread alone. */
  private long lastWall;
  private long lastCpu;

  private int batches; // read when its thread has ended
  private volatile boolean done;

  public static void main(String[] args) throws Exception {
    ModelSchema schema =
        ModelSchema.builder()
            .input(
                "features",
                ElementType.FLOAT,
                "month",
                "hour",
                "lat",
                "long",
                "wind",
                "pressure",
                "wind_change_6h",
                "pressure_change_6h")
            .output("probabilities", ElementType.FLOAT, "0", "1")
            .score("probabilities.1")
            .build();
    boolean good;
    try (ModelRuntime runtime =
        ModelRuntime.builder().store(ModelFile.at(Path.of(args[0]), schema)).slots(1).build()) {
      ModelHandle<Storm, Growth> model = runtime.model("model", Storm.class, Growth.class);
      model.predict(storm(0));
      good =
          switch (args[1]) {
            case "alone" -> alone(model, lazy());
            case "copied" -> alone(model, new ArrayList<>(lazy()));
            default -> new MillionRows().beside(model);
          };
    }
    System.exit(good ? 0 : 1);
  }

  /** The heap before and after, with the answers in hand. */
  private static boolean alone(ModelHandle<Storm, Growth> model, List<Storm> storms) {
    long before = used();
    List<Prediction<Growth>> answers = model.predictAll(storms);
    long after = used();
    boolean whole = answers.size() == ROWS && same(model, answers);
    System.out.println("answers " + (after - before) + " bytes, whole " + whole);
    return whole;
  }

  private static boolean same(ModelHandle<Storm, Growth> model, List<Prediction<Growth>> answers) {
    for (int row = 0; row < ROWS; row += 99_999) {
      float alone = model.predict(storm(row)).value().grows();
      if (Math.abs(alone - answers.get(row).value().grows()) > 1e-6) {
        return false;
      }
    }
    return true;
  }

  private static long used() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** A single caller on the one slot, until the batches are through. */
  private boolean beside(ModelHandle<Storm, Growth> model) throws InterruptedException {
    Thread batch = new Thread(() -> batches(model));
    Thread watch = new Thread(this::watch);
    watch.setDaemon(true);
    watch.start();
    batch.start();
    while (!done) {
      call(model);
      LockSupport.parkNanos(1_000_000);
    }
    batch.join();
    waits.sort(null);

    long unexcused = missed.stream().filter(this::unexcused).count();
    System.out.printf(
        "calls %d, missed %d, of them in no stall of the machine %d, stalls %d, batches %d,"
            + " call p50 %.2f ms, largest %.1f ms%n",
        waits.size() + missed.size(),
        missed.size(),
        unexcused,
        stalls.size(),
        batches,
        waits.get(waits.size() / 2) / 1e6,
        waits.get(waits.size() - 1) / 1e6);
    boolean mostInTime = missed.size() * 10 < waits.size(); // behind the batch, most are not
    return unexcused == 0 && mostInTime && batches == BATCHES && waits.size() >= 100;
  }

  /**
   * Whether most of the deadline passed while the machine ran what was ready to run. Two watchers
   * may have seen one stall, so time in two of them counts once.
   */
  private boolean unexcused(Span miss) {
    long stalled = 0;
    long counted = miss.from();
    for (Span stall : stalls.stream().sorted(Comparator.comparingLong(Span::from)).toList()) {
      Span rest = new Span(Math.max(counted, stall.from()), stall.to());
      stalled += rest.within(miss);
      counted = Math.max(counted, stall.to());
    }
    return miss.to() - miss.from() - stalled > DEADLINE.toNanos() * 4 / 5;
  }

  private void call(ModelHandle<Storm, Growth> model) {
    long from = System.nanoTime();
    try {
      model.predict(storm(7), Call.with().within(DEADLINE));
      waits.add(System.nanoTime() - from);
    } catch (OverloadedException | DeadlineException e) {
      missed.add(new Span(from, System.nanoTime()));
    }
  }

  /** Several, so that there are calls enough beside them. */
  private void batches(ModelHandle<Storm, Growth> model) {
    try {
      while (batches < BATCHES) {
        lastWall = System.nanoTime();
        lastCpu = THREADS.getCurrentThreadCpuTime();
        model.predictAll(new Watched(), Call.with().within(Duration.ofSeconds(60)));
        batches++;
      }
    } finally {
      done = true;
    }
  }

  private void watch() {
    long last = System.nanoTime();
    while (!done) {
      LockSupport.parkNanos(1_000_000);
      long now = System.nanoTime();
      if (now - last > STALL_NANOS) {
        stalls.add(new Span(last, now));
      }
      last = now;
    }
  }

  private static List<Storm> lazy() {
    return new Lazy();
  }

  private static class Lazy extends AbstractList<Storm> {
    @Override
    public Storm get(int index) {
      return storm(index);
    }

    @Override
    public int size() {
      return ROWS;
    }
  }

  /** Looks at the clocks of the batch's thread four times a chunk. */
  private final class Watched extends Lazy {
    @Override
    public Storm get(int index) {
      if ((index & 255) == 0) {
        long wall = System.nanoTime();
        long cpu = THREADS.getCurrentThreadCpuTime();
        if (wall - lastWall - (cpu - lastCpu) > STALL_NANOS) {
          stalls.add(new Span(lastWall, wall));
        }
        lastWall = wall;
        lastCpu = cpu;
      }
      return super.get(index);
    }
  }

  private static Storm storm(int i) {
    return new Storm(
        1 + i % 12,
        i % 24,
        10 + i % 40,
        -90 + i % 70,
        20 + i % 120,
        900 + i % 110,
        i % 7,
        -(i % 9));
  }
}
