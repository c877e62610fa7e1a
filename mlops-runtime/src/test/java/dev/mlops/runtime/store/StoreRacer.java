package dev.mlops.runtime.store;

import dev.mlops.model.ElementType;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.store.AliasConflictException;
import dev.mlops.store.AliasLog;
import dev.mlops.store.VersionExistsException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * One of several that publish and move against each other, in a thread or as a process of its own
 * that reads commands from its input and answers each with one line.
 */
final class StoreRacer {
  private final DirectoryModelStore store;
  private final Path own;
  private final String name;

  /**
   * Creates a racer.
   *
   * @param own a file of this racer's own, so that its packages differ from the others'
   */
  StoreRacer(Path root, Path own, String name) {
    this.store = DirectoryModelStore.at(root);
    this.own = own;
    this.name = name;
  }

  /** Publishes a number: {@code won} or {@code exists} and the id of the version that is there. */
  String publish(String number) {
    ModelSchema schema =
        ModelSchema.builder().input("x", ElementType.FLOAT).output("y", ElementType.FLOAT).build();
    try {
      Version version =
          store.publish(ModelPackage.of("race", number, schema).model("raw", own).build());
      return "won " + version.id();
    } catch (VersionExistsException e) {
      return "exists " + e.present().id();
    }
  }

  /** Moves the alias from a revision it saw: {@code moved} or {@code conflict} and the head. */
  String move(String number, long seen) {
    AliasLog alias = store.alias("race", "champion");
    try {
      return "moved " + alias.moveTo(seen, number, name, "race").revision();
    } catch (AliasConflictException e) {
      return "conflict " + e.head().orElseThrow().revision();
    }
  }

  /** Moves the alias whatever it names: {@code moved} and the revision, or {@code conflict}. */
  String moveAnyhow(String number) {
    AliasLog alias = store.alias("race", "busy");
    try {
      return "moved " + alias.moveTo(number, name, "race").revision();
    } catch (AliasConflictException e) {
      return "conflict";
    }
  }

  String answer(String command) {
    String[] words = command.split(" ", -1);
    return switch (words[0]) {
      case "publish" -> publish(words[1]);
      case "move" -> move(words[1], Long.parseLong(words[2]));
      case "anyhow" -> moveAnyhow(words[1]);
      default -> throw new IllegalArgumentException(command);
    };
  }

  /** Reads commands until its input ends. */
  @SuppressWarnings("SystemOut") // the answers go to whoever started this process
  public static void main(String[] args) throws IOException {
    StoreRacer racer = new StoreRacer(Path.of(args[0]), Path.of(args[1]), args[2]);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println("ready");
    for (String command = in.readLine(); command != null; command = in.readLine()) {
      System.out.println(racer.answer(command));
    }
  }
}
