package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What runs in plain Java is compiled by the time it serves, and a swap throws away nothing that is
 * compiled for calls: without the runs before the swap the calls after it take several times as
 * long, and so they do with a branch on their way that only the first call of a version takes.
 */
@Tag("proof")
final class CallsAfterSwapTest {
  private static final int JVMS = 5;
  private static final double MOST = 2;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"linear-to-trees", "trees-to-trees", "trees-to-linear"})
  void predict_callsTwoToAThousandAfterASwap_takeAtMostTwiceAWarmOne(String swap) throws Exception {
    double[] ratios = new double[JVMS];
    for (int jvm = 0; jvm < JVMS; jvm++) {
      Path own = Files.createDirectory(folder.resolve("jvm" + jvm));
      ChildJvm.Result result =
          new ChildJvm(own).run(CallsAfterSwap.class, own.resolve("store").toString());
      assertThat(result.exit()).as(result.output()).isZero();
      ratios[jvm] = result.figure(swap);
    }
    Arrays.sort(ratios);
    System.out.println(swap + ": calls 2 to 1,000 took " + Arrays.toString(ratios) + " times");
    assertThat(ratios[JVMS / 2]).isLessThanOrEqualTo(MOST);
  }
}
