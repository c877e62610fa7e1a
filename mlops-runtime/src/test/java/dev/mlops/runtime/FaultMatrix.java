package dev.mlops.runtime;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.model.ElementType;
import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.store.StoreUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Everything that can go wrong with a successor, over and over, while two threads predict on the
 * version in force; run in a JVM of its own, whose folder for temporary files nobody else uses.
 *
 * <p>Prints one line a fault, and exits with 0 if each left everything as it was: no prediction
 * failed, the version in force never changed, no session, package, file or temporary file was left,
 * and the runtime then took over a good version.
 */
final class FaultMatrix {
  private static final String BAD = "2.0.0";

  /** How faults begin that need a disk of their own. */
  private static final String SMALL_DISK = "disk full ";

  /** What is done to the runtime in one run; mostly it throws what the runtime threw. */
  private interface Injection {
    void run(FaultBed bed, Random random) throws Exception;
  }

  /**
   * A fault.
   *
   * @param forgotten whether it says nothing about the version, so that the same revision serves as
   *     soon as the fault is gone
   */
  private record Fault(String name, boolean forgotten, Injection prepare, Injection once) {}

  private final Path folder;
  private final int runs;
  private final long seed;
  private final boolean mounts;
  private final List<Fault> faults = new ArrayList<>();
  private final List<String> wrong = new ArrayList<>();

  private FaultMatrix(Path folder, int runs, long seed) throws Exception {
    this.folder = folder;
    this.runs = runs;
    this.seed = seed;
    Path probe = Files.createDirectory(folder.resolve("probe"));
    this.mounts = mount(probe);
    if (mounts) {
      run("umount", probe.toString());
    }
    files();
    models();
    disks();
    code();
    parts();
  }

  /** Arguments: a folder, runs of each fault, a seed, in how many parts, and which of them. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    FaultMatrix matrix =
        new FaultMatrix(folder, Integer.parseInt(arguments[1]), Long.parseLong(arguments[2]));
    int parts = Integer.parseInt(arguments[3]);
    int part = Integer.parseInt(arguments[4]);
    System.exit(matrix.all(parts, part) ? 0 : 1);
  }

  // ------------------------------------------------------------ the faults

  private void files() {
    faults.add(
        new Fault(
            "truncated file",
            true,
            FaultMatrix::publishBad,
            (bed, random) -> {
              Path file = any(bed.files(BAD), random);
              byte[] bytes = Files.readAllBytes(file);
              try {
                Files.write(file, java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length)));
                bed.refresh();
              } finally {
                Files.write(file, bytes);
              }
            }));
    faults.add(
        new Fault(
            "wrong digest",
            true,
            FaultMatrix::publishBad,
            (bed, random) -> {
              Path file = any(bed.files(BAD), random);
              byte[] bytes = Files.readAllBytes(file);
              byte[] flipped = bytes.clone();
              flipped[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
              try {
                Files.write(file, flipped);
                bed.refresh();
              } finally {
                Files.write(file, bytes);
              }
            }));
    faults.add(
        new Fault(
            "missing external data",
            true,
            (bed, random) -> {
              Path model = Files.createDirectory(bed.folder.resolve("external"));
              Files.write(model.resolve("w.bin"), OnnxGraph.rawFloats(2));
              OnnxGraph.named("beside")
                  .input("x", OnnxGraph.FLOAT, "batch")
                  .initializer(
                      OnnxGraph.external("w", OnnxGraph.FLOAT, new long[] {1}, "location", "w.bin"))
                  .node("Mul", List.of("x", "w"), List.of("y"))
                  .output("y", OnnxGraph.FLOAT, "batch")
                  .writeTo(model.resolve("model.onnx"));
              bed.publish(BAD, FaultBed.SCHEMA, model, 2f);
              bed.move(BAD);
            },
            (bed, random) -> {
              Path weights = bed.files(BAD).resolve("model/w.bin");
              byte[] bytes = Files.readAllBytes(weights);
              try {
                if (random.nextBoolean()) {
                  Files.delete(weights);
                } else { // after the store has looked
                  bed.steps.arm((what, number) -> deleteAt("engine.load", what, weights));
                }
                bed.refresh();
              } finally {
                bed.steps.disarm();
                Files.write(weights, bytes);
              }
            }));
  }

  private void models() {
    ModelSchema other =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, Shape.perRow(7))
            .output("y", ElementType.FLOAT)
            .build();
    faults.add(
        new Fault(
            "schema not the graph's",
            false,
            (bed, random) -> {
              publishBad(bed, random);
              bed.stepped.lie(BAD, other);
            },
            FaultMatrix::moveAndRefresh));
    faults.add(
        new Fault(
            "schema not a handle's",
            false,
            (bed, random) ->
                bed.publish(
                    BAD,
                    FaultBed.schema("z"),
                    OnnxGraph.named("renamed")
                        .input("z", OnnxGraph.FLOAT, "batch")
                        .node("Abs", List.of("z"), List.of("y"))
                        .output("y", OnnxGraph.FLOAT, "batch")
                        .writeTo(bed.folder.resolve("z.onnx")),
                    null),
            FaultMatrix::moveAndRefresh));
    faults.add(
        new Fault(
            "output not a number",
            false,
            (bed, random) ->
                bed.publish(
                    BAD,
                    FaultBed.SCHEMA,
                    FaultBed.times(bed.folder.resolve("nan.onnx"), Float.NaN),
                    null),
            FaultMatrix::moveAndRefresh));
    faults.add(
        new Fault(
            "no memory in the engine",
            false,
            (bed, random) ->
                bed.publish(
                    BAD, FaultBed.SCHEMA, insatiable(bed.folder.resolve("huge.onnx")), null),
            FaultMatrix::moveAndRefresh));
    faults.add(
        new Fault(
            "slow warm-up",
            true,
            FaultMatrix::publishBad,
            (bed, random) -> {
              AtomicBoolean once = new AtomicBoolean();
              bed.steps.arm(
                  (what, number) -> {
                    if (what.equals("slot.run") && once.compareAndSet(false, true)) {
                      bed.awaitAnswers(50); // the version in force answers meanwhile
                    }
                  });
              refresh(bed);
            }));
    faults.add(
        new Fault(
            "exception in warm-up",
            true,
            FaultMatrix::publishBad,
            (bed, random) -> {
              int at = 1 + random.nextInt(9); // three slots, three runs each
              int[] run = new int[1];
              bed.steps.arm(
                  (what, number) -> {
                    if (what.equals("slot.run") && ++run[0] == at) {
                      throw any(random);
                    }
                  });
              refresh(bed);
            }));
  }

  private void disks() {
    faults.add(
        new Fault(
            SMALL_DISK + "while staging",
            true,
            FaultMatrix::publishBad,
            (bed, random) -> {
              Path disk = bed.state.getParent();
              fill(disk.resolve("filler"), random.nextInt(6) * 4096L);
              Path models = disk.resolve("models");
              try {
                dev.mlops.runtime.store.DirectoryModelStore.at(models)
                    .publish(
                        dev.mlops.model.ModelPackage.of("m", "3.0.0", FaultBed.SCHEMA)
                            .model("onnx", bed.folder.resolve("bad.onnx"))
                            .golden(Files.writeString(bed.folder.resolve("big.jsonl"), BIG), 1e-5)
                            .build());
              } finally {
                Files.delete(disk.resolve("filler"));
                if (Files.isDirectory(models.resolve(".staging"))
                    && !FaultBed.listing(models.resolve(".staging")).isEmpty()) {
                  bed.failures.add("staging holds " + FaultBed.listing(models.resolve(".staging")));
                }
              }
            }));
    faults.add(
        new Fault(
            SMALL_DISK + "at the state",
            true,
            FaultMatrix::publishBad,
            (bed, random) -> {
              fill(bed.state.resolveSibling("filler"), 0);
              bed.gate.shut = false; // it is the disk that refuses
              try {
                bed.refresh();
              } finally {
                bed.gate.shut = true;
                Files.delete(bed.state.resolveSibling("filler"));
              }
            }));
  }

  private static final String BIG =
      "{\"in\":{\"x\":1},\"out\":{\"y\":2}}\n".repeat(1000); // 8 pages

  private void code() {
    gate("OutOfMemoryError in a gate", () -> thrown(new OutOfMemoryError("in a test")));
    gate("StackOverflowError in a gate", FaultMatrix::recurse);
    gate("AssertionError in a gate", () -> thrown(new AssertionError("in a test")));
    codec("OutOfMemoryError in a codec", () -> thrown(new OutOfMemoryError("in a test")));
    codec("StackOverflowError in a codec", FaultMatrix::recurse);
  }

  private void gate(String name, Runnable fault) {
    faults.add(
        new Fault(
            name,
            false,
            FaultMatrix::publishBad,
            (bed, random) -> {
              bed.gate.instead = fault;
              try {
                moveAndRefresh(bed, random);
              } finally {
                bed.gate.instead = null;
              }
            }));
  }

  private void codec(String name, Runnable fault) {
    faults.add(
        new Fault(
            name,
            true,
            FaultMatrix::publishBad,
            (bed, random) -> {
              switch (random.nextInt(3)) {
                case 0 -> bed.codec.beforeWrite = fault;
                case 1 -> bed.codec.afterWrite = fault;
                default -> bed.codec.beforeRead = fault;
              }
              try {
                bed.byCodec.predict(3f);
              } finally {
                bed.codec.beforeWrite = null;
                bed.codec.afterWrite = null;
                bed.codec.beforeRead = null;
                for (int i = 0; i < 3; i++) { // whatever slot it was
                  if (bed.byCodec.predict(2f).value() != 2f) {
                    bed.failures.add("a wrong answer after a codec threw");
                  }
                }
              }
            }));
  }

  private void parts() {
    faults.add(
        new Fault("interrupts at random", true, FaultMatrix::publishBad, FaultMatrix::interrupt));
    faults.add(
        new Fault(
            "store down at every k-th step",
            true,
            FaultMatrix::publishBad,
            (bed, random) -> {
              int k = 1 + random.nextInt(12);
              int[] mine = new int[1];
              bed.steps.arm(
                  (what, number) -> {
                    if (isStore(what) && ++mine[0] % k == 0) {
                      throw what.equals("part.read")
                          ? new UncheckedIOException(new IOException("in a test, at " + what))
                          : new StoreUnavailableException("in a test, at " + what, null);
                    }
                  });
              refresh(bed);
            }));
    faults.add(
        new Fault(
            "store throws at every k-th step",
            false,
            FaultMatrix::publishBad,
            (bed, random) -> everyKth(bed, random, true)));
    faults.add(
        new Fault(
            "engine throws at every k-th step",
            false,
            FaultMatrix::publishBad,
            (bed, random) -> everyKth(bed, random, false)));
  }

  private static void everyKth(FaultBed bed, Random random, boolean store) {
    int k = 1 + random.nextInt(store ? 12 : 60);
    int[] mine = new int[1];
    bed.steps.arm(
        (what, number) -> {
          synchronized (mine) { // what ends is closed by another thread
            if (isStore(what) == store && ++mine[0] % k == 0) {
              if (what.endsWith(".close")) {
                throw new IllegalStateException("in a test, at " + what);
              }
              throw any(random);
            }
          }
        });
    try {
      moveAndRefresh(bed, random);
    } finally {
      bed.steps.disarm();
    }
  }

  private static boolean isStore(String what) {
    return !what.startsWith("engine.") && !what.startsWith("s");
  }

  private static void interrupt(FaultBed bed, Random random) throws InterruptedException {
    Thread refreshing = Thread.currentThread();
    if (random.nextBoolean()) { // at a step, which is the same each time ...
      int at = 1 + random.nextInt(40);
      bed.steps.arm(
          (what, number) -> {
            if (number == at) {
              refreshing.interrupt();
            }
          });
      try {
        bed.refresh();
      } finally {
        bed.steps.disarm();
        Thread.interrupted();
      }
      return;
    } // ... or at any moment
    AtomicBoolean over = new AtomicBoolean();
    long wait = random.nextInt(6_000_000);
    Object lock = new Object();
    Thread interrupter =
        new Thread(
            () -> {
              LockSupport.parkNanos(wait);
              synchronized (lock) {
                if (!over.get()) {
                  refreshing.interrupt();
                }
              }
            });
    interrupter.start();
    try {
      bed.refresh();
    } finally {
      synchronized (lock) {
        over.set(true);
      }
      Thread.interrupted();
      interrupter.join();
    }
  }

  private static void refresh(FaultBed bed) {
    try {
      bed.refresh();
    } finally {
      bed.steps.disarm();
    }
  }

  private static void moveAndRefresh(FaultBed bed, Random random) {
    bed.move(BAD);
    bed.refresh();
  }

  private static void publishBad(FaultBed bed, Random random) throws IOException {
    bed.publish(BAD, FaultBed.SCHEMA, FaultBed.times(bed.folder.resolve("bad.onnx"), 2), 2f);
    bed.move(BAD);
  }

  /** Asks for 2^52 bytes in its run, which no machine can give. */
  private static Path insatiable(Path file) {
    return OnnxGraph.named("insatiable")
        .input("x", OnnxGraph.FLOAT, "batch")
        .initializer(OnnxGraph.longs("shape", new long[] {2}, 1L << 50, 1))
        .node("Expand", List.of("x", "shape"), List.of("many"))
        .node(
            "ReduceMax",
            List.of("many"),
            List.of("y"),
            OnnxGraph.ints("axes", 0),
            OnnxGraph.attribute("keepdims", 0L))
        .output("y", OnnxGraph.FLOAT, "batch")
        .writeTo(file);
  }

  private static void deleteAt(String step, String what, Path file) {
    if (what.equals(step)) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static Path any(Path folder, Random random) throws IOException {
    try (var files = Files.walk(folder)) {
      List<Path> all = files.filter(Files::isRegularFile).sorted().toList();
      return all.get(random.nextInt(all.size()));
    }
  }

  /** Something to throw; errors are thrown here and now. */
  private static RuntimeException any(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> new ModelFailedException("in a test", null);
      case 1 -> new IllegalStateException("in a test");
      case 2 -> new UncheckedIOException(new IOException("in a test"));
      case 3 -> thrown(new OutOfMemoryError("in a test"));
      case 4 -> thrown(new NoClassDefFoundError("in a test"));
      default -> thrown(new StackOverflowError("in a test"));
    };
  }

  private static RuntimeException thrown(Error error) {
    throw error;
  }

  @SuppressWarnings("InfiniteRecursion") // that is the point
  private static void recurse() {
    recurse();
  }

  // ------------------------------------------------------------ the runs

  private boolean all(int parts, int part) throws Exception {
    one(new Fault("nothing", true, FaultMatrix::publishBad, (bed, random) -> bed.refresh()), 2);
    for (int i = part; i < faults.size(); i += parts) {
      one(faults.get(i), runs);
    }
    System.out.println("wrong " + wrong.size());
    wrong.stream().limit(20).forEach(System.out::println);
    return wrong.isEmpty();
  }

  private void one(Fault fault, int times) throws Exception {
    boolean small = fault.name().startsWith(SMALL_DISK);
    if (small && !mounts) {
      System.out.printf(
          "%-34s %4d  skipped: needs the right to mount a small file system%n", fault.name(), 0);
      return;
    }
    Path home = Files.createDirectory(folder.resolve(fault.name().replace(' ', '-')));
    Path disk = Files.createDirectory(home.resolve("disk"));
    boolean mounted = small && mount(disk);
    Map<String, Integer> thrown = new TreeMap<>();
    Set<String> left = new TreeSet<>();
    Set<String> temporary = FaultBed.listing(Path.of(System.getProperty("java.io.tmpdir")));
    long predictions;
    List<String> failed;
    try {
      FaultBed bed = new FaultBed(home, disk.resolve("state"));
      Random random = new Random(seed + fault.name().hashCode());
      fault.prepare().run(bed, random);
      for (int run = 0; run < times; run++) {
        thrown.merge(outcome(fault, bed, random), 1, Integer::sum);
        left.addAll(bed.leftovers());
      }
      predictions = bed.predictions.get();
      failed = new ArrayList<>(bed.failures);
      if (!fault.forgotten()) {
        bed.publish("3.0.0", FaultBed.SCHEMA, FaultBed.times(home.resolve("3.onnx"), 3), 3f);
        bed.move("3.0.0");
      }
      try {
        bed.swap(fault.forgotten() ? BAD : "3.0.0", fault.forgotten() ? 2 : 3);
      } catch (RuntimeException | Error e) {
        failed.add("the good version did not serve: " + e);
      }
      left.addAll(bed.leftovers());
      bed.end();
      failed.addAll(bed.failures);
    } finally {
      if (mounted) {
        run("umount", disk.toString());
      }
    }
    Set<String> after = FaultBed.listing(Path.of(System.getProperty("java.io.tmpdir")));
    after.removeAll(temporary);
    after.forEach(name -> left.add("tmp/" + name));
    left.addAll(openFiles());
    if (fault.name().equals("nothing")) { // it loads what the others use
      return;
    }
    System.out.printf(
        "%-34s %4d  %-58s %,11d  %s%n",
        fault.name(), times, thrown, predictions, left.isEmpty() ? "none" : left);
    failed.stream().distinct().forEach(what -> wrong.add(fault.name() + ": " + what));
    left.forEach(what -> wrong.add(fault.name() + ": left over: " + what));
  }

  private String outcome(Fault fault, FaultBed bed, Random random) {
    try {
      fault.once().run(bed, random);
      return "nothing";
    } catch (MlopsException e) {
      return e.code();
    } catch (Exception | Error e) {
      return e.getClass().getSimpleName();
    }
  }

  /** Files below our folder that this process holds open, where the system tells. */
  private Set<String> openFiles() throws IOException {
    Set<String> open = new TreeSet<>();
    Path descriptors = Path.of("/proc/self/fd");
    if (Files.isDirectory(descriptors)) {
      for (String number : FaultBed.listing(descriptors)) {
        try {
          String file = Files.readSymbolicLink(descriptors.resolve(number)).toString();
          if (file.startsWith(folder.toString())) {
            open.add("open " + file);
          }
        } catch (NoSuchFileException e) {
          // closed meanwhile: the listing's own, or another thread's
        }
      }
    }
    return open;
  }

  // ------------------------------------------------------------ a small disk

  private static boolean mount(Path at) throws Exception {
    try {
      return run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", at.toString()) == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static int run(String... command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().close(); // or it is an open file until it is collected
    return process.waitFor(30, TimeUnit.SECONDS) ? process.exitValue() : -1;
  }

  /** Writes until nothing more goes on the disk, and gives some back. */
  private static void fill(Path filler, long spare) throws IOException {
    try (var out = Files.newOutputStream(filler)) {
      byte[] page = new byte[4096];
      while (true) {
        out.write(page);
      }
    } catch (IOException full) {
      try (var channel = Files.newByteChannel(filler, StandardOpenOption.WRITE)) {
        channel.truncate(Math.max(0, channel.size() - spare));
      }
    }
  }
}
