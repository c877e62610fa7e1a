package dev.mlops.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.mlops.engine.Engine;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * All contenders on one subject in one JVM: they are held to the same answers, and then take turns
 * in short slices. Prints lines that {@link Rivals} reads.
 */
public final class Contest {
  /** The sizes of batches, in a quick run those at even places. */
  static final int[] BATCHES = {1, 8, 64, 512};

  /** How far answers may be from those of ONNX Runtime on one thread. */
  static final double TOLERANCE = 2e-6;

  static final String PREDICT = "predict, ";
  static final String RECORDED = "predict and record, ";
  static final String SLOT = "bare slot, ";
  static final String TUNED = "tuned ONNX Runtime";

  static final String TYPICAL = "typical ONNX Runtime";
  static final String DJL = "DJL";

  private static final long SLICE = 2_000_000; // ns

  private final Subject<?> subject;
  private final List<Named> contenders = new ArrayList<>();
  private final boolean quick;
  private final ExecutorService other =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread thread = new Thread(work, "other");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean stop;
  private volatile boolean runs;

  private record Named(String name, Contender contender) {}

  private Contest(Subject<?> subject, boolean quick) {
    this.subject = subject;
    this.quick = quick;
  }

  /** Takes the name of a subject, {@code quick} or {@code full}, and the folder of the fixtures. */
  public static void main(String[] args) throws Exception {
    String name = args[0];
    Subject<?> subject =
        name.startsWith("adult-")
            ? Subject.adult(Path.of(args[2]), name.substring("adult-".length()))
            : Subject.of(name);
    boolean quick = args[1].equals("quick");
    Contest contest = new Contest(subject, quick);
    subject.trees().ifPresent(trees -> say("trees", trees));
    contest.enter();
    contest.check();
    for (int threads = 1; threads <= 2; threads++) {
      for (int i = 0; i < BATCHES.length; i += quick ? 2 : 1) {
        contest.time(threads, BATCHES[i]);
      }
    }
    contest.amongOtherWork();
    contest.close();
  }

  private void enter() {
    List<Named> last = new ArrayList<>();
    subject.floats().ifPresent(rows -> enter(last, DJL, () -> Contenders.djl(subject, rows)));
    for (String engine : Engines.NAMES) {
      Supplier<Engine> it = () -> Engines.of(engine);
      enter(contenders, PREDICT + engine, () -> Contenders.predict(subject, it.get()));
      enter(contenders, RECORDED + engine, () -> Contenders.recorded(subject, it.get()));
      enter(contenders, SLOT + engine, () -> Contenders.slot(subject, it.get()));
    }
    enter(contenders, TUNED, () -> Contenders.tuned(subject));
    enter(contenders, TYPICAL, () -> Contenders.typical(subject));
    contenders.addAll(last);
    subject
        .trees()
        .ifPresent(
            trees -> {
              float[][] rows = subject.floats().orElseThrow();
              for (Rival rival : ServiceLoader.load(Rival.class)) {
                enter(contenders, rival.name(), () -> rival.load(trees, rows));
              }
            });
  }

  /** What does not come up here is told, and the others go on. */
  private static void enter(List<Named> into, String name, Callable<Contender> contender) {
    try {
      into.add(new Named(name, contender.call()));
    } catch (UnsupportedOperationException e) {
      out(name, "declines it: " + e.getMessage());
    } catch (Exception | LinkageError e) {
      out(name, "does not run here: " + e);
    }
  }

  private static void out(String name, String why) {
    say("out", name, why.lines().findFirst().orElse("").replace('\t', ' '));
  }

  private static void say(Object... words) {
    StringBuilder line = new StringBuilder("@");
    for (Object word : words) {
      line.append('\t');
      line.append(
          word instanceof Double number ? String.format(Locale.ROOT, "%.4g", number) : word);
    }
    System.out.println(line);
  }

  /** Whose answers differ is not timed. */
  private void check() throws Exception {
    Named tuned =
        contenders.stream().filter(named -> named.name().equals(TUNED)).findFirst().orElseThrow();
    float[] wanted = answers(tuned.contender(), 1);
    for (Named named : List.copyOf(contenders)) {
      try {
        say("check", named.name(), check(named.contender(), wanted));
      } catch (Exception | LinkageError e) {
        out(named.name(), e instanceof IllegalStateException ? "" + e.getMessage() : e.toString());
        contenders.remove(named);
      }
    }
    int likely = 0;
    for (float answer : wanted) {
      likely += answer > 0.5 ? 1 : 0;
    }
    say("rows", wanted.length, "likely", likely);
  }

  /** The largest difference. */
  private double check(Contender contender, float[] wanted) throws Exception {
    double most = 0;
    for (int i = 0; i < BATCHES.length; i += quick ? 2 : 1) {
      float[] answers = answers(contender, BATCHES[i]);
      for (int row = 0; row < answers.length; row++) {
        double off = Math.abs(answers[row] - wanted[row]);
        if (!(off <= TOLERANCE)) {
          throw new IllegalStateException(
              String.format(
                  Locale.ROOT,
                  "answers %s for row %d in a batch of %d, and ONNX Runtime %s",
                  answers[row],
                  row,
                  BATCHES[i],
                  wanted[row]));
        }
        most = Math.max(most, off);
      }
    }
    return most;
  }

  private static float[] answers(Contender contender, int rows) throws Exception {
    float[] all = new float[Subject.ROWS];
    float[] into = new float[rows];
    try (Contender.Calls calls = contender.calls(rows)) {
      for (int batch = 0; batch < Subject.ROWS / rows; batch++) {
        calls.score(batch, into);
        System.arraycopy(into, 0, all, batch * rows, rows);
      }
    }
    return all;
  }

  /** Where one thread is in the rows, with what it calls. */
  private static final class Runner implements AutoCloseable {
    private final Contender.Calls calls;
    private final float[] into;
    private final int batches;
    private int next;

    Runner(Contender contender, int rows, int thread) throws Exception {
      calls = contender.calls(rows);
      into = new float[rows];
      batches = Subject.ROWS / rows;
      next = thread * batches / 2;
    }

    void run(int times) throws Exception {
      for (int i = 0; i < times; i++) {
        calls.score(next, into);
        next = next + 1 == batches ? 0 : next + 1;
      }
    }

    /** Runs for some time at least. */
    int runFor(long nanos) throws Exception {
      long start = System.nanoTime();
      int done = 0;
      while (System.nanoTime() - start < nanos) {
        run(1 + done / 8);
        done += 1 + done / 8;
      }
      return done;
    }

    @Override
    public void close() {
      calls.close();
    }
  }

  private void time(int threads, int rows) throws Exception {
    ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int n = contenders.size();
    Runner[][] runners = new Runner[n][threads];
    int[] times = new int[n];
    List<List<Double>> nanos = new ArrayList<>();
    List<List<Double>> bytes = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      for (int thread = 0; thread < threads; thread++) {
        runners[i][thread] = new Runner(contenders.get(i).contender(), rows, thread);
      }
      // the first is compiled, the others get used to a batch size
      long warm = (quick ? 150_000_000L : 500_000_000L) / (threads == 1 && rows == 1 ? 1 : 5);
      runners[i][0].runFor(warm);
      times[i] = Math.max(1, runners[i][0].runFor(SLICE));
      nanos.add(new ArrayList<>());
      bytes.add(new ArrayList<>());
    }
    List<Integer> order = order(n);
    Random random = new Random(rows);
    long end = System.nanoTime() + (quick ? 200_000_000L : 4_000_000_000L);
    for (int round = 0; round < 5 || (round < 200 && System.nanoTime() < end); round++) {
      Collections.shuffle(order, random); // so that nobody always comes after the same
      for (int i : order) {
        if (threads == 2) {
          nanos.get(i).add(sliceOfTwo(runners[i], times[i]));
        } else {
          long allocated = bean.getCurrentThreadAllocatedBytes();
          long start = System.nanoTime();
          runners[i][0].run(times[i]);
          nanos.get(i).add((System.nanoTime() - start) / (double) times[i]);
          allocated = bean.getCurrentThreadAllocatedBytes() - allocated;
          bytes.get(i).add(allocated / (double) times[i]);
        }
      }
    }
    for (int i = 0; i < n; i++) {
      double[] sorted = sorted(nanos.get(i));
      double[] sizes = sorted(bytes.get(i));
      long size = sizes.length == 0 ? -1 : Math.round(sizes[sizes.length / 2]);
      double p10 = sorted[sorted.length / 10];
      say(
          "time",
          contenders.get(i).name(),
          threads,
          rows,
          p10,
          sorted[sorted.length / 2],
          size,
          sorted.length);
      for (Runner runner : runners[i]) {
        runner.close();
      }
    }
  }

  /** Nanoseconds a call of each thread, while both call. */
  private double sliceOfTwo(Runner[] runners, int times) throws Exception {
    stop = false;
    runs = false;
    Future<Double> others =
        other.submit(
            () -> {
              int done = 0;
              runs = true;
              long start = System.nanoTime();
              while (!stop) {
                runners[1].run(1);
                done++;
              }
              return (System.nanoTime() - start) / (double) done;
            });
    while (!runs) {
      Thread.onSpinWait();
    }
    long start = System.nanoTime();
    runners[0].run(times);
    double mine = (System.nanoTime() - start) / (double) times;
    stop = true;
    double its = others.get();
    return 2 / (1 / mine + 1 / its);
  }

  /** Of each contender among other work. */
  static int calls(boolean quick) {
    return quick ? 100 : 1_500;
  }

  /**
   * Single calls, before each of which the caches and the branch predictor were used for others.
   */
  private void amongOtherWork() throws Exception {
    int calls = calls(quick);
    int n = contenders.size();
    List<Runner> runners = new ArrayList<>();
    for (Named named : contenders) {
      Runner runner = new Runner(named.contender(), 1, 0);
      runner.runFor(20_000_000);
      runners.add(runner);
    }
    double[][] took = new double[n][calls];
    Walk walk = new Walk();
    List<Integer> order = order(n);
    Random random = new Random(n);
    for (int call = 0; call < calls; call++) {
      Collections.shuffle(order, random);
      for (int i : order) {
        walk.walk();
        long start = System.nanoTime();
        runners.get(i).run(1);
        took[i][call] = System.nanoTime() - start;
      }
    }
    for (int i = 0; i < n; i++) {
      Arrays.sort(took[i]);
      say("among", contenders.get(i).name(), took[i][calls / 2], took[i][calls * 99 / 100]);
      runners.get(i).close();
    }
    say("walk", walk.sum);
  }

  /** Other work: every line of 4 MB, with a branch at each that nothing foresees. */
  private static final class Walk {
    private static final int LINE = 16; // ints

    private final int[] memory = new Random(4).ints(1 << 20).toArray();
    private int calls;
    private long sum;

    void walk() {
      int way = 1 << (calls++ & 31);
      for (int at = 0; at < memory.length; at += LINE) {
        if ((memory[at] & way) == 0) {
          sum += at;
        } else {
          memory[at + 1] ^= (int) sum;
        }
      }
    }
  }

  private static List<Integer> order(int n) {
    return new ArrayList<>(IntStream.range(0, n).boxed().toList());
  }

  private static double[] sorted(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  private void close() {
    contenders.forEach(named -> named.contender().close());
    other.shutdown();
  }
}
