package dev.mlops.runtime.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The memory of this process, as Linux counts it. */
final class ResidentMemory {
  private ResidentMemory() {}

  /** Bytes; empty where the operating system does not say. */
  static OptionalLong now() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      // VmRSS:     123456 kB
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
