package dev.mlops.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

final class NativeHeapTest {
  @TempDir Path folder;

  @Test
  @EnabledOnOs(OS.LINUX)
  void trim_afterNativeMemoryWasFreed_givesItBack() throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder).heap("128m\n-Xms128m\n-XX:+AlwaysPreTouch").run(FreeAndTrim.class);
    assertThat(result.output())
        .matches("held \\d+ MB, freed (\\d|[12]\\d) MB, trimmed true (9\\d|1[01]\\d) MB");
  }

  /** As in an image made by jlink without it: a caller is answered, and nothing fails. */
  @Test
  void memory_withoutTheModuleJavaManagement_answersWhatItCan() throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder).heap("64m\n--limit-modules\njava.base").run(WithoutManagement.class);
    assertThat(result.output()).isEqualTo("trim false false, refusal false true");
    assertThat(result.exit()).isZero();
  }

  /** Asks everything of this process. */
  static final class WithoutManagement {
    public static void main(String[] args) {
      ProcessMemory memory = ProcessMemory.ofThisProcess();
      boolean known = memory.room().isPresent();
      System.out.println(
          "trim "
              + memory.trim(100L << 20)
              + " "
              + memory.trim(100L << 20)
              + ", refusal "
              + memory.refusal(1).isPresent()
              + " "
              + (memory.refusal(1L << 60).isPresent() == known));
    }
  }
}
