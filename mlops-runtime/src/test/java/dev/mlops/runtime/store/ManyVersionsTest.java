package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The promise for a store that grew for years: listed in a second, looked up in 5 ms. */
@Tag("proof")
final class ManyVersionsTest {
  private static final int VERSIONS = 10_000;
  private static final Duration LISTED = Duration.ofSeconds(1);
  private static final Duration RESOLVED = Duration.ofMillis(5);

  @TempDir Path root;

  private interface Work {
    void run() throws Exception;
  }

  @Test
  void tenThousandVersions_listedAndResolvedInTime() throws Exception {
    for (int i = 1; i <= VERSIONS; i++) {
      write("1." + i);
    }
    // each time a store that knows nothing yet; the best, as what else runs here is not its doing
    Duration listed = Duration.ofDays(1);
    for (int i = 0; i < 3; i++) {
      DirectoryModelStore fresh = DirectoryModelStore.at(root);
      Duration once = time(() -> assertThat(fresh.versions("many")).hasSize(VERSIONS));
      listed = once.compareTo(listed) < 0 ? once : listed;
    }
    DirectoryModelStore store = DirectoryModelStore.at(root);
    List<Version> versions = store.versions("many");
    assertThat(versions.get(VERSIONS - 1).number()).isEqualTo("1.10000");
    for (int i = 1; i <= 20; i++) {
      store.alias("many", "champion").moveTo("1." + i, "ci", "move " + i);
    }
    Version last = versions.get(VERSIONS - 1);
    Duration number = median(() -> store.resolve(ModelRef.parse("many:1.10000")));
    Duration alias = median(() -> store.resolve(ModelRef.parse("many")));
    Duration digest = median(() -> store.resolve(ModelRef.parse("many@" + last.id())));
    Duration opened = median(() -> store.open(last).close());
    Duration cold =
        time(() -> DirectoryModelStore.at(root).resolve(ModelRef.parse("many@" + last.id())));

    String measured =
        "listed %s, resolved by number %s, alias %s, digest %s (cold %s), opened %s"
            .formatted(listed, number, alias, digest, cold, opened);
    System.out.println(VERSIONS + " versions: " + measured);
    assertThat(listed).as(measured).isLessThan(LISTED);
    assertThat(cold).as(measured).isLessThan(LISTED);
    assertThat(opened).as(measured).isLessThan(LISTED);
    assertThat(number).as(measured).isLessThan(RESOLVED);
    assertThat(alias).as(measured).isLessThan(RESOLVED);
    assertThat(digest).as(measured).isLessThan(RESOLVED);
  }

  /** As publishing would, without its flushing to disk. */
  private void write(String number) throws IOException {
    byte[] model = ("model " + number).getBytes(StandardCharsets.UTF_8);
    Path folder = Files.createDirectories(root.resolve("many/versions").resolve(number));
    Files.write(folder.resolve("model.raw"), model);
    Manifest manifest =
        new Manifest(
            "many",
            number,
            null,
            "raw",
            "model.raw",
            List.of(new Manifest.Entry("model.raw", model.length, Sha256.of(model), "model")),
            StormsPackage.SCHEMA,
            null,
            0);
    Files.write(folder.resolve("manifest.json"), manifest.bytes());
  }

  private static Duration median(Work work) throws Exception {
    Duration[] times = new Duration[101];
    for (int i = 0; i < times.length; i++) {
      times[i] = time(work);
    }
    Arrays.sort(times);
    return times[times.length / 2];
  }

  private static Duration time(Work work) throws Exception {
    long start = System.nanoTime();
    work.run();
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
