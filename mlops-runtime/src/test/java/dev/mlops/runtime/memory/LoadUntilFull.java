package dev.mlops.runtime.memory;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.DirectoryModelStore;
import java.nio.file.Path;

/**
 * A service in a container that is asked for one version after the other and keeps them all. It
 * says how far it came.
 *
 * <p>Arguments: a store with versions of a model {@code chain}, how many there are, and {@code
 * check} or {@code no-check}.
 */
final class LoadUntilFull {
  private static final Row ROW = Row.of("x", new float[1024]);

  private LoadUntilFull() {}

  public static void main(String[] args) {
    int versions = Integer.parseInt(args[1]);
    boolean check = args[2].equals("check");
    ProcessMemory memory = ProcessMemory.ofThisProcess();
    System.out.println(
        memory.room().map(room -> room.source() + " " + room.limit()).orElse("no limit"));
    try (ModelRuntime runtime =
        ModelRuntime.builder()
            .store(DirectoryModelStore.at(Path.of(args[0])))
            .slots(1)
            .memoryCheck(check)
            .build()) {
      ModelHandle<Row, Row> first = runtime.model("chain:1");
      for (int version = 2; version <= versions; version++) {
        try {
          runtime.model("chain:" + version);
        } catch (VersionRefusedException e) {
          System.out.println("refused: " + e.getMessage());
          break;
        }
        System.out.println(
            "loaded " + version + ", resident " + (memory.resident().orElse(0) >> 20) + " MB");
      }
      for (int call = 0; call < 100; call++) {
        first.predict(ROW);
      }
      System.out.println("serves on");
    }
  }
}
