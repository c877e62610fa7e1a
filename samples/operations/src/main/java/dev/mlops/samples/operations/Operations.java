package dev.mlops.samples.operations;

import dev.mlops.runtime.ModelRuntime;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * A service through a bad week, in some seconds: its store is down when it starts, a broken version
 * is released, a good one disappoints and is taken back, the process restarts, and at last it is
 * shut down in the middle of its work.
 */
public final class Operations {
  /* Held, or the setting would go with it. */
  private static final Logger LOG = Logger.getLogger("dev.mlops");

  private final Path state;
  private final Releases releases;
  private final long pause;
  private final Answers answers = new Answers();
  private final Timeline timeline;
  private final Counted counted;

  /**
   * A story to be told.
   *
   * @param models a folder for each version's files
   * @param pause how many answers the callers get between two things that happen
   */
  Operations(Path models, Path target, long pause, PrintStream out) throws IOException {
    clean(target);
    this.state = target.resolve("state");
    this.releases = new Releases(models, target.resolve("store"));
    this.pause = pause;
    this.timeline = new Timeline(out, answers);
    this.counted = new Counted(timeline);
  }

  /** Tells the story on the terminal. */
  public static void main(String[] args) throws Exception {
    LOG.setUseParentHandlers(false); // the timeline tells it all
    Path models = Path.of("..", "quickstart", "models");
    new Operations(models, Path.of("target", "operations"), 1_500, System.out).tell();
  }

  /** Tells it, and returns what the callers got. */
  Answers tell() throws Exception {
    releases.publish("1.0.0", "1.0.0");
    releases.publish("1.1.0", "broken");
    releases.publish("2.0.0", "2.0.0");
    releases.champion("1.0.0", "ci", "first release");
    releases.unmount();
    try (ModelRuntime runtime = runtime()) {
      new FirstRun(runtime, releases, answers, timeline, pause).tell();
    }
    timeline.printAll();
    try (ModelRuntime runtime = runtime()) {
      new SecondRun(runtime, answers, timeline, counted, pause).tell();
    }
    timeline.end();
    return answers;
  }

  private ModelRuntime runtime() {
    // spotless:off
    // region runtime
    ModelRuntime runtime = ModelRuntime.builder()
        .store(releases.store())
        .startDegraded(true)             // the store may be down when the service starts
        .follow(Duration.ofMillis(500))  // looks at the alias by itself; every 30 s unless said
        .state(state)                    // a rollback outlives a restart
        .listener(timeline)              // is told what happens to versions
        .observer(counted)               // is told of predictions
        .build();
    // endregion
    // spotless:on
    return runtime;
  }

  private static void clean(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> old = Files.walk(folder)) {
        for (Path path : old.sorted((a, b) -> b.compareTo(a)).toList()) {
          Files.delete(path);
        }
      }
    }
    Files.createDirectories(folder);
  }
}
