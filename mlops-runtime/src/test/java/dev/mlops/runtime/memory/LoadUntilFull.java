package dev.mlops.runtime.memory;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.DirectoryModelStore;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A service in a container that is asked for one version after the other and keeps them all. It
 * says how far it came.
 *
 * <p>Arguments: a store with versions of a model {@code chain}, how many there are, the bytes that
 * one needs, and {@code check} or {@code no-check}.
 */
final class LoadUntilFull {
  private static final Row ROW = Row.of("x", new float[1024]);

  private LoadUntilFull() {}

  public static void main(String[] args) {
    int versions = Integer.parseInt(args[1]);
    long needed = Long.parseLong(args[2]);
    boolean check = args[3].equals("check");
    ProcessMemory memory = ProcessMemory.ofThisProcess();
    System.out.println(
        memory.room().map(room -> room.source() + " " + room.limit()).orElse("no limit"));
    try (ModelRuntime runtime =
        ModelRuntime.builder().store(DirectoryModelStore.at(Path.of(args[0]))).slots(1).build()) {
      ModelHandle<Row, Row> first = runtime.model("chain:1");
      for (int version = 2; version <= versions; version++) {
        Optional<String> refusal = check ? memory.refusal(needed) : Optional.empty();
        if (refusal.isPresent()) {
          System.out.println("refused: version " + version + " " + refusal.get());
          break;
        }
        runtime.model("chain:" + version);
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
