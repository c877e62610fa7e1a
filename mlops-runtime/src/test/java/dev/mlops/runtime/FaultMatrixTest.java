package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever goes wrong with a successor, what serves goes on serving and nothing is left behind. */
final class FaultMatrixTest {
  /** Of the table: the rest of the output is what is logged of the failures. */
  private static final Pattern LINE = Pattern.compile("^[\\w ,'-]{34} +\\d+  (\\{|skipped)");

  @TempDir private Path folder;

  @Test
  void refresh_eachFaultAFewTimes_leavesEverythingAsItWas() throws Exception {
    matrix(3, 20_241_104, 1);
  }

  @Test
  @Tag("proof")
  void refresh_eachFaultAHundredTimes_leavesEverythingAsItWas() throws Exception {
    matrix(100, 1_976, 4);
  }

  private void matrix(int runs, long seed, int parts) throws Exception {
    List<String> table = new ArrayList<>();
    table.add(
        "seed %d%n%-34s %4s  %-58s %11s  %s"
            .formatted(seed, "fault", "runs", "thrown", "predictions", "left over"));
    for (int part = 0; part < parts; part++) {
      Path own = Files.createDirectory(folder.resolve("part" + part));
      Path beds = Files.createDirectory(own.resolve("beds"));
      Path temporary = Files.createDirectory(own.resolve("child"));
      ChildJvm.Result result =
          new ChildJvm(temporary)
              .run(
                  FaultMatrix.class,
                  beds.toString(),
                  String.valueOf(runs),
                  String.valueOf(seed),
                  String.valueOf(parts),
                  String.valueOf(part));
      assertThat(result.exit()).as(result.output()).isZero();
      assertThat(result.output()).contains("wrong 0");
      result.output().lines().filter(LINE.asPredicate()).forEach(table::add);
    }
    table.forEach(System.out::println);
  }
}
