package dev.mlops.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.memory.ProcessMemory.Room;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Whatever the kernel's files hold, reading them ends without a failure. */
final class KernelFilesProperties {
  private static final List<String> FILES =
      List.of(
          "proc/self/cgroup",
          "proc/self/mountinfo",
          "proc/self/status",
          "proc/meminfo",
          "sys/fs/cgroup/memory.max",
          "sys/fs/cgroup/memory.current",
          "sys/fs/cgroup/memory.stat");

  /** Pieces that the formats are made of, so that garbage gets past the first check. */
  private static final List<String> PIECES =
      List.of(
          "0::/",
          "4:memory:",
          ":",
          "/",
          "..",
          "/../..",
          " - ",
          "cgroup2",
          "cgroup",
          "memory",
          " ",
          "\t",
          "\n",
          "max",
          "0",
          "1024",
          "18446744073709551616",
          "-1",
          "kB",
          "MemTotal:",
          "MemAvailable:",
          "VmRSS:",
          "inactive_file",
          "\\040",
          "\\000",
          "\\777",
          "\0",
          "é",
          "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
          "/sys/fs/cgroup");

  @Provide
  Arbitrary<String> garbage() {
    return Arbitraries.oneOf(
            Arbitraries.of(PIECES),
            Arbitraries.strings().all().ofMaxLength(4).edgeCases(c -> c.none()))
        .list()
        .ofMaxSize(24)
        .map(pieces -> String.join("", pieces));
  }

  @Property(tries = 100, seed = "1", edgeCases = EdgeCasesMode.NONE)
  void room_ofSpoiltFiles_isSensibleOrNone(
      @ForAll @IntRange(max = 6) int first,
      @ForAll @IntRange(max = 6) int second,
      @ForAll("garbage") String text,
      @ForAll("garbage") String other)
      throws IOException {
    Path root = Files.createTempDirectory("spoilt");
    try {
      KernelTree.unpack("kubernetes-v2", root);
      spoil(root, FILES.get(first), text);
      spoil(root, FILES.get(second), other);
      ProcessMemory memory = new ProcessMemory(root, () -> 0, new JvmHeaps(false));
      for (Room room : memory.room().stream().toList()) {
        assertThat(room.free()).isBetween(0L, room.limit());
        assertThat(room.used()).isNotNegative();
      }
      assertThat(memory.resident().orElse(0)).isNotNegative();
      assertThat(memory.refusal(1)).isNotNull();
    } finally {
      delete(root);
    }
  }

  private static void spoil(Path root, String file, String text) throws IOException {
    KernelTree.write(root, file, "");
    Files.write(root.resolve(file), text.getBytes(StandardCharsets.UTF_8));
  }

  private static void delete(Path root) throws IOException {
    try (var files = Files.walk(root)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }

  @Property(seed = "2")
  void number_ofAnyText_isNoneOrNotNegative(@ForAll("garbage") String text) {
    assertThat(KernelText.number(text).orElse(0)).isNotNegative();
  }

  @Property(seed = "3")
  void number_ofDigits_isItself(@ForAll long value) {
    OptionalLong expected = value < 0 ? OptionalLong.empty() : OptionalLong.of(value);
    assertThat(KernelText.number(" " + value + "\n")).isEqualTo(expected);
  }

  @Property(seed = "4")
  void value_inKilobytes_isBytes(@ForAll long value, @ForAll("garbage") String before) {
    long kilobytes = value & Long.MAX_VALUE >> 11;
    String key = "SomeKey:";
    assertThat(KernelText.valueOf(key, before + "\n" + key + "\t " + kilobytes + " kB\n"))
        .hasValue(kilobytes << 10);
  }
}
