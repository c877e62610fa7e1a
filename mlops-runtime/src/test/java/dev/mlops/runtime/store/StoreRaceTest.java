package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.store.Revision;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two that publish the same number and move the same alias: one wins, the other is told. */
final class StoreRaceTest {
  @TempDir Path temp;

  @Test
  @Timeout(120)
  void race_twoThreads20Rounds_oneWinnerEach() throws Exception {
    StoreRacer anna = new StoreRacer(temp.resolve("models"), own("anna"), "anna");
    StoreRacer ben = new StoreRacer(temp.resolve("models"), own("ben"), "ben");

    race(20, anna::answer, ben::answer);
  }

  @Test
  @Tag("proof")
  @Timeout(300)
  void race_twoProcesses200Rounds_oneWinnerEach() throws Exception {
    try (Child anna = new Child("anna");
        Child ben = new Child("ben")) {
      race(200, anna::answer, ben::answer);
    }
  }

  private void race(int rounds, UnaryOperator<String> anna, UnaryOperator<String> ben)
      throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    DirectoryModelStore store = DirectoryModelStore.at(temp.resolve("models"));
    int annaWon = 0;
    try {
      for (int round = 1; round <= rounds; round++) {
        List<String> published = both(pool, round, "publish 1." + round, anna, ben);
        assertThat(published).as("round %s", round).anyMatch(a -> a.startsWith("won "));
        assertThat(published).as("round %s", round).anyMatch(a -> a.startsWith("exists "));
        Version version = store.resolve(ModelRef.parse("race:1." + round));
        assertThat(published).allMatch(answer -> answer.endsWith(" " + version.id()));
        store.open(version).close();
        annaWon += published.get(0).startsWith("won") ? 1 : 0;

        List<String> moved = both(pool, round, "move 1." + round + " " + (round - 1), anna, ben);
        assertThat(moved)
            .as("round %s", round)
            .containsExactlyInAnyOrder("moved " + round, "conflict " + round);

        List<String> anyhow = both(pool, round, "anyhow 1." + round, anna, ben);
        assertThat(anyhow)
            .as("round %s", round)
            .containsExactlyInAnyOrder("moved " + (2 * round - 1), "moved " + 2 * round);
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(store.alias("race", "champion").history())
        .extracting(Revision::revision)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, rounds).boxed().toList());
    assertThat(store.alias("race", "busy").history()).hasSize(2 * rounds);
    assertThat(store.versions("race")).hasSize(rounds);
    assertThat(temp.resolve("models/.staging")).isEmptyDirectory();
    assertThat(annaWon)
        .as("of %s rounds won by one side: was it a race?", rounds)
        .isBetween(1, rounds - 1);
  }

  /** In turns the one or the other is asked first, as on a busy machine that may decide it. */
  private static List<String> both(
      ExecutorService pool,
      int round,
      String command,
      UnaryOperator<String> anna,
      UnaryOperator<String> ben)
      throws Exception {
    CyclicBarrier start = new CyclicBarrier(2);
    List<Future<String>> answers = new ArrayList<>();
    for (UnaryOperator<String> racer : round % 2 == 0 ? List.of(anna, ben) : List.of(ben, anna)) {
      answers.add(
          pool.submit(
              () -> {
                start.await(30, TimeUnit.SECONDS);
                return racer.apply(command);
              }));
    }
    if (round % 2 != 0) {
      Collections.reverse(answers);
    }
    return List.of(
        answers.get(0).get(60, TimeUnit.SECONDS), answers.get(1).get(60, TimeUnit.SECONDS));
  }

  private Path own(String name) throws IOException {
    Path folder = Files.createDirectories(temp.resolve(name));
    return Files.writeString(folder.resolve("model.raw"), "the model of " + name);
  }

  private final class Child implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final Writer in;

    Child(String name) throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  StoreRacer.class.getName(),
                  temp.resolve("models").toString(),
                  own(name).toString(),
                  name)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      in = process.outputWriter(StandardCharsets.UTF_8);
      assertThat(out.readLine()).isEqualTo("ready");
    }

    String answer(String command) {
      try {
        in.write(command + "\n");
        in.flush();
        return String.valueOf(out.readLine());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() throws IOException {
      in.close(); // ends its loop
      process
          .onExit()
          .orTimeout(10, TimeUnit.SECONDS)
          .handle((p, e) -> process.destroyForcibly())
          .join();
    }
  }
}
