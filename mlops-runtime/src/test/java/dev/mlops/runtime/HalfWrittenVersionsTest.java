package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.Version;
import dev.mlops.rollout.SwapReport;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.AliasConflictException;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody writes into a store's folders by hand, in pieces and in any order, while a runtime
 * follows it: only what is complete and what its digests say is ever served, and what happens to
 * the files of the version in force changes no answer.
 */
final class HalfWrittenVersionsTest {
  private static final String ROUTE = "m@champion";
  private static final int VERSIONS = 7;

  /** Whose model is always another's: what is wrong must be so before the alias names it. */
  private static final String FORGED = "8";

  private static final long BREATH = 50_000;

  @TempDir private Path folder;
  private DirectoryModelStore store;
  private Path versions;
  private Path aliases;
  private Path complete;
  private final Map<String, Version> published = new HashMap<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
  private final AtomicLong predictions = new AtomicLong();
  private volatile boolean done;

  /** Version k answers k·x. All are published elsewhere, to be copied from there. */
  @BeforeEach
  void publish() {
    DirectoryModelStore elsewhere = DirectoryModelStore.at(folder.resolve("elsewhere"));
    complete = folder.resolve("elsewhere/m/versions");
    store = DirectoryModelStore.at(folder.resolve("store"));
    versions = folder.resolve("store/m/versions");
    aliases = folder.resolve("store/m/aliases/champion");
    for (int k = VERSIONS + 1; k >= 1; k--) {
      ModelPackage content =
          ModelPackage.of("m", String.valueOf(k), FaultBed.SCHEMA)
              .model("onnx", FaultBed.times(folder.resolve("model.onnx"), k))
              .build();
      published.put(String.valueOf(k), elsewhere.publish(content));
      if (k == 1) {
        store.publish(content);
      }
    }
    store.alias("m", "champion").moveTo("1", "test", "first");
  }

  @Test
  void refresh_whileFilesComeAndGo_servesOnlyWhatIsComplete() throws Exception {
    follow(1976, 60);
  }

  @Test
  @Tag("proof")
  void refresh_whileFilesComeAndGoAThousandTimes_servesOnlyWhatIsComplete() throws Exception {
    follow(42, 1_000);
  }

  private void follow(long seed, int rounds) throws Exception {
    try (ModelRuntime runtime =
        ModelRuntime.builder()
            .store(store)
            .slots(3)
            .within(Duration.ofSeconds(20))
            .keepWarm(Duration.ZERO)
            .build()) {
      ModelHandle<Row, Row> model = runtime.model(ROUTE);
      List<Thread> threads =
          List.of(
              new Thread(() -> predict(model)),
              new Thread(() -> predict(model)),
              new Thread(() -> refresh(runtime)));
      threads.forEach(Thread::start);
      Random random = new Random(seed);
      for (int round = 0; round < rounds && wrong.isEmpty(); round++) {
        write(random, model);
      }
      done = true;
      for (Thread thread : threads) {
        thread.join();
      }
      System.out.printf(
          "seed %d: %d rounds, %d predictions, refreshes %s%n",
          seed, rounds, predictions.get(), new TreeMap<>(seen));
      assertThat(wrong.stream().limit(5)).as("seed %d", seed).isEmpty();
      assertThat(seen).containsKeys("swapped", "package-corrupt");
      assertThat(predictions).hasPositiveValue();

      // all that was in the way is forgotten when it is gone
      String last = model.version().number().equals("2") ? "3" : "2";
      copy(last, random, -1);
      store.alias("m", "champion").moveTo(last, "test", "last");
      assertThat(runtime.refresh(ROUTE).to()).isEqualTo(published.get(last));
      check(model.predict(Row.of("x", 3)), 3);
      assertThat(wrong).isEmpty();
    }
  }

  private void refresh(ModelRuntime runtime) {
    while (!done) {
      try {
        SwapReport report = runtime.refresh(ROUTE);
        count(report.swapped() ? "swapped" : "unchanged");
        if (!report.to().equals(published.get(report.to().number()))) {
          wrong.add("activated " + report.to());
        }
      } catch (MlopsException e) {
        count(e.code());
      } catch (RuntimeException | Error e) {
        wrong.add("refresh threw " + e);
      }
      LockSupport.parkNanos(BREATH);
    }
  }

  private void predict(ModelHandle<Row, Row> model) {
    for (int x = 1; !done; x = x % 1000 + 1) {
      try {
        check(model.predict(Row.of("x", x)), x);
        predictions.incrementAndGet();
      } catch (RuntimeException | Error e) {
        wrong.add("a prediction failed: " + e);
        return;
      }
      LockSupport.parkNanos(BREATH);
    }
  }

  private void check(Prediction<Row> answer, int x) {
    Version version = answer.version();
    if (!version.equals(published.get(version.number()))) {
      wrong.add("answered by " + version);
    }
    if (answer.value().number("y") != x * Double.parseDouble(version.number())) {
      wrong.add(version + " answered " + answer.value() + " to " + x);
    }
  }

  private void count(String outcome) {
    seen.computeIfAbsent(outcome, o -> new AtomicInteger()).incrementAndGet();
  }

  // ------------------------------------------------------------ who writes by hand

  private void write(Random random, ModelHandle<Row, Row> model) throws IOException {
    String serving = model.version().number();
    String number = String.valueOf(1 + random.nextInt(VERSIONS));
    while (number.equals(serving)) {
      number = String.valueOf(1 + random.nextInt(VERSIONS));
    }
    Path version = versions.resolve(number);
    switch (random.nextInt(12)) {
      case 0, 1 -> { // as it should be, if slowly
        copy(number, random, -1);
        move(number);
      }
      case 2, 3 -> { // the alias moves while files are still on their way
        remove(version, random);
        Files.createDirectories(version);
        put(number, "manifest.json", null);
        move(number);
        pause(random);
        put(number, "model.onnx", bytes -> Arrays.copyOf(bytes, random.nextInt(bytes.length)));
        pause(random);
        if (random.nextBoolean()) {
          put(number, "model.onnx", null);
        }
      }
      case 4 -> copy(number, random, random.nextInt(3)); // and no more
      case 5 -> { // another version's model behind a manifest that is sound
        Path forged = versions.resolve(FORGED);
        if (!Files.isDirectory(forged)) {
          Files.createDirectories(forged);
          Files.copy(model(complete, number), forged.resolve("model.onnx"));
          put(FORGED, "manifest.json", null);
        }
        move(FORGED);
      }
      case 6 -> { // under another number
        copy(number, random, -1);
        Path free = versions.resolve("9");
        remove(free, random);
        Files.move(version, free);
        move("9");
      }
      case 7 -> remove(version, random);
      case 8 -> overwriteServing(serving, random);
      case 9 -> { // names that are only for a while
        Files.createDirectories(version);
        Files.write(version.resolve("model.onnx.part"), new byte[random.nextInt(100)]);
        Files.write(versions.resolve("." + number + ".tmp"), new byte[7]);
        Files.createDirectories(versions.resolve("upload-" + random.nextInt(1000)));
        move(number);
        pause(random);
        Files.deleteIfExists(version.resolve("model.onnx.part"));
      }
      case 10 -> { // half a revision, which nobody can read
        long next = store.alias("m", "champion").head().orElseThrow().revision() + 1;
        Path file = aliases.resolve("%010d.json".formatted(next));
        Files.writeString(file, "{\"schema\":\"mlops.alias/1\",\"name\":\"m\",\"ali");
        pause(random);
        Files.delete(file);
      }
      default -> { // flips between complete and not
        copy(number, random, -1);
        move(number);
        Path file = model(versions, number);
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i < 5; i++) {
          replace(file, new byte[bytes.length], random);
          pause(random);
          replace(file, bytes, random);
          pause(random);
        }
      }
    }
    pause(random);
  }

  /** Whatever happens to the files of the version in force. */
  private void overwriteServing(String serving, Random random) throws IOException {
    Path file = model(versions, serving);
    if (!Files.exists(file)) {
      return;
    }
    switch (random.nextInt(4)) {
      case 0 -> replace(file, Files.readAllBytes(model(complete, "7")), random);
      case 1 -> Files.write(file, new byte[0]);
      case 2 -> Files.delete(file);
      default -> remove(versions.resolve(serving), random);
    }
  }

  private static Path model(Path versions, String number) {
    return versions.resolve(number).resolve("model.onnx");
  }

  /** In place, or by a file that takes the name. */
  private void replace(Path file, byte[] bytes, Random random) throws IOException {
    if (random.nextBoolean()) {
      Files.write(file, bytes);
    } else {
      Path aside = Files.write(folder.resolve("aside"), bytes);
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private void move(String number) {
    try {
      store.alias("m", "champion").moveTo(number, "test", "by hand");
    } catch (ModelNotFoundException | PackageCorruptException | AliasConflictException e) {
      // without a manifest it is no version
    } catch (StoreUnavailableException e) {
      // a folder vanished while it was looked at
    }
  }

  private interface Damage {
    byte[] to(byte[] bytes);
  }

  private void put(String number, String name, @Nullable Damage damage) throws IOException {
    Path from = complete.resolve(number).resolve(name);
    byte[] bytes = Files.readAllBytes(from);
    Files.write(
        versions.resolve(number).resolve(name),
        damage == null ? bytes : damage.to(bytes),
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE);
  }

  /** Makes a version anew from its files in any order; so many of them, or all if negative. */
  private void copy(String number, Random random, int atMost) throws IOException {
    remove(versions.resolve(number), random);
    Files.createDirectories(versions.resolve(number));
    List<String> names = new ArrayList<>(List.of("manifest.json", "model.onnx"));
    Collections.shuffle(names, random);
    int left = atMost < 0 ? names.size() : atMost;
    for (String name : names) {
      if (left-- > 0) {
        put(number, name, bytes -> Arrays.copyOf(bytes, bytes.length / 2));
        pause(random);
        put(number, name, null);
      }
    }
  }

  /** File by file, in any order. */
  private static void remove(Path version, Random random) throws IOException {
    if (!Files.isDirectory(version)) {
      return;
    }
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.list(version)) {
      files.addAll(all.sorted().toList());
    }
    Collections.shuffle(files, random);
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
    Files.walkFileTree(
        version,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
              throws IOException {
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void pause(Random random) {
    LockSupport.parkNanos(random.nextInt(3) * 1_000_000L);
  }
}
