package dev.mlops.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.runtime.memory.ProcessMemory.Room;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProcessMemoryTest {
  private static final long MB = 1L << 20;
  private static final long MINUTE = 60_000_000_000L;

  @TempDir Path root;

  private final AtomicLong clock = new AtomicLong(-7); // a nano clock may be anywhere
  private final AtomicInteger trims = new AtomicInteger();
  private JavaHeap heap = JavaHeap.UNKNOWN;
  private boolean canTrim = true;
  private Runnable onTrim = () -> {};

  private ProcessMemory memory() {
    return new ProcessMemory(
        root,
        clock::get,
        new Heaps() {
          @Override
          public JavaHeap java() {
            return heap;
          }

          @Override
          public boolean trim() {
            trims.incrementAndGet();
            onTrim.run();
            return canTrim;
          }
        });
  }

  // ---------------------------------------------------------------- room

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          kubernetes-v2                |      512 |  160 | the container's limit (cgroup v2)
          kubernetes-v2-host-namespace |      768 |  680 | the limit of a group around the container (cgroup v2)
          docker-v1                    |     1024 |  400 | the container's limit (cgroup v1)
          systemd-v2                   |      800 |  300 | the container's limit (cgroup v2)
          hybrid                       |      256 |  100 | the container's limit (cgroup v1)
          subtree-v2                   |      384 |   96 | the container's limit (cgroup v2)
          outside-v2                   |      384 |  100 | the container's limit (cgroup v2)
          machine-is-short             |     8192 | 7992 | the machine's memory
          """)
  void room_ofALayout_isWhatBindsMost(String layout, long limit, long used, String source) {
    KernelTree.unpack(layout, root);
    assertThat(memory().room()).contains(new Room(limit * MB, used * MB, source));
  }

  @ParameterizedTest
  @CsvSource({"none-v1", "none-v2"})
  void room_withoutALimit_isTheMachines(String layout) {
    KernelTree.unpack(layout, root);
    assertThat(memory().room())
        .contains(new Room(8_000_000 * 1024L, 2_000_000 * 1024L, "the machine's memory"));
  }

  @Test
  void room_withoutFilesOfTheKernel_isUnknown() {
    assertThat(memory().room()).isEmpty();
    assertThat(memory().resident()).isEmpty();
    assertThat(memory().refusal(Long.MAX_VALUE)).isEmpty();
  }

  @Test
  void room_withoutMemoryOfItsOwnInMeminfo_isUnknown() {
    KernelTree.write(root, "proc/meminfo", "MemTotal: 100 kB\nMemFree: 50 kB\n"); // before 3.14
    assertThat(memory().room()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"none-v1", "none-v2"})
  void room_withoutALimitAndMeminfo_isUnknown(String layout) {
    KernelTree.unpack(layout, root);
    KernelTree.write(root, "proc/meminfo", "");
    assertThat(memory().room()).isEmpty();
  }

  @Test
  void room_withALimitBelowWhatIsUsed_leavesNothing() {
    KernelTree.unpack("kubernetes-v2", root);
    KernelTree.write(root, "sys/fs/cgroup/memory.max", "1048576\n");
    assertThat(memory().room().orElseThrow().free()).isZero();
  }

  @Test
  void room_withMoreCacheThanUse_countsNothingAsUsed() {
    KernelTree.unpack("kubernetes-v2", root);
    KernelTree.write(root, "sys/fs/cgroup/memory.stat", "inactive_file 99999999999\n");
    assertThat(memory().room().orElseThrow().used()).isZero();
  }

  @Test
  void room_afterAChangeOfTheLimit_isReadAnew() {
    KernelTree.unpack("kubernetes-v2", root);
    ProcessMemory memory = memory();
    long before = memory.room().orElseThrow().limit();
    KernelTree.write(root, "sys/fs/cgroup/memory.max", "1073741824\n");
    assertThat(before).isEqualTo(512 * MB);
    assertThat(memory.room().orElseThrow().limit()).isEqualTo(1024 * MB);
  }

  @Test
  void resident_isWhatStatusSays() {
    KernelTree.write(
        root, "proc/self/status", "Name:\tjava\nVmHWM:\t  999 kB\nVmRSS:\t  1740 kB\n");
    assertThat(memory().resident()).hasValue(1740 * 1024);
  }

  @Test
  void thisProcess_onLinux_knowsItsMemory() {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "only Linux has /proc/self");
    ProcessMemory memory = ProcessMemory.ofThisProcess();
    assertThat(memory.resident().orElseThrow()).isBetween(20 * MB, 64L << 30);
    Room room = memory.room().orElseThrow();
    assertThat(room.used()).isPositive();
    assertThat(room.limit()).isGreaterThan(64 * MB);
    assertThat(memory.refusal(1)).isEmpty();
  }

  // ---------------------------------------------------------------- refusal

  @Test
  void refusal_withoutRoom_saysTheNumbers() {
    KernelTree.unpack("kubernetes-v2", root);
    assertThat(memory().refusal(352 * MB))
        .contains(
            "needs about 352 MB beside what there is; the container's limit (cgroup v2) is 512 MB,"
                + " 160 MB are in use and 26 MB stay free: raise the limit, lower slots, or turn the"
                + " check off with memoryCheck(false)");
  }

  @Test
  void refusal_withRoom_isNone() {
    KernelTree.unpack("kubernetes-v2", root);
    assertThat(memory().refusal(326 * MB)).isEmpty();
    assertThat(memory().refusal(327 * MB)).isPresent();
    assertThat(memory().refusal(0)).isEmpty();
  }

  @Test
  void refusal_asksForATrimFirst_andLooksAgain() {
    KernelTree.unpack("kubernetes-v2", root);
    onTrim = () -> KernelTree.write(root, "sys/fs/cgroup/memory.current", "104857600\n");
    assertThat(memory().refusal(352 * MB)).isEmpty();
    assertThat(trims).hasValue(1);
  }

  @Test
  void refusal_thatRepeats_trimsOnceAMinuteOrAfterAClose() {
    KernelTree.unpack("kubernetes-v2", root);
    ProcessMemory memory = memory();
    List<Integer> after = new ArrayList<>();
    for (Runnable between :
        List.<Runnable>of(
            () -> {}, () -> {}, () -> memory.trim(1), () -> {}, () -> clock.addAndGet(MINUTE))) {
      between.run();
      assertThat(memory.refusal(352 * MB)).isPresent();
      after.add(trims.get());
    }
    assertThat(after).containsExactly(1, 1, 2, 2, 3);
  }

  @Test
  void refusal_whereNothingCanBeTrimmed_stands() {
    KernelTree.unpack("kubernetes-v2", root);
    canTrim = false;
    assertThat(memory().refusal(352 * MB)).isPresent();
  }

  @Test
  void refusal_countsWhatTheHeapHasCommitted() {
    KernelTree.unpack("kubernetes-v2", root);
    heap = new JavaHeap(100 * MB, 0);
    assertThat(memory().refusal(226 * MB)).isEmpty();
    assertThat(memory().refusal(227 * MB)).isPresent();
  }

  // ---------------------------------------------------------------- trim

  @Test
  void trim_afterALargeClose_isDone() {
    assertThat(memory().trim(8 * MB)).isTrue();
    assertThat(trims).hasValue(1);
  }

  @Test
  void trim_afterASmallClose_isNot() {
    assertThat(memory().trim(8 * MB - 1)).isFalse();
    assertThat(trims).hasValue(0);
  }

  @Test
  void trim_afterManySmallCloses_isDone() {
    ProcessMemory memory = memory();
    assertThat(List.of(memory.trim(4 * MB), memory.trim(3 * MB), memory.trim(MB)))
        .containsExactly(false, false, true);
    assertThat(memory.trim(0)).isFalse();
  }

  @Test
  void trim_withinAMinute_waits_andIsMadeUpFor() {
    ProcessMemory memory = memory();
    assertThat(memory.trim(50 * MB)).isTrue();
    clock.addAndGet(MINUTE - 1);
    assertThat(memory.trim(50 * MB)).isFalse();
    clock.addAndGet(1);
    assertThat(memory.trim(0)).isTrue();
    clock.addAndGet(MINUTE);
    assertThat(memory.trim(0)).isFalse();
    assertThat(trims).hasValue(2);
  }

  @Test
  void trim_ofMoreThanThereIs_doesNotOverflow() {
    ProcessMemory memory = memory();
    memory.trim(1);
    assertThat(memory.trim(Long.MAX_VALUE)).isTrue();
    memory.trim(Long.MAX_VALUE);
    memory.trim(Long.MAX_VALUE);
    memory.trim(-5);
    clock.addAndGet(MINUTE);
    assertThat(memory.trim(Long.MIN_VALUE)).isTrue();
  }

  @Test
  void trim_whereTheJvmCannot_saysSo() {
    canTrim = false;
    assertThat(memory().trim(8 * MB)).isFalse();
  }

  @Test
  void trim_turnedOff_doesNothing() {
    assertThat(ProcessMemory.ofThisProcess(System::nanoTime, false).trim(8 * MB)).isFalse();
  }
}
