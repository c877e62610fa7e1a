package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a JVM loads before its first prediction in plain Java. Each lambda is linked for a third of
 * a millisecond, and a class that is not in the JDK's archive takes some tenths as well: before
 * they were left out here, the first prediction took twice as long.
 */
final class StartUpTest {
  @TempDir private Path folder;

  @Test
  void predict_firstOfAJvm_linksNoLambdaAndLoadsNoOtherLibrary() throws Exception {
    ChildJvm.Result started =
        new ChildJvm(folder)
            .options("-Xlog:class+load:stdout")
            .run(
                StartUp.class, FixtureModels.resource("models/storms-xgb/1/model.onnx").toString());
    assertThat(started.exit()).as(started.output()).isZero();
    assertThat(started.output()).contains("label=");
    assertThat(started.output().lines().takeWhile(line -> !line.equals("predicted")))
        .hasSizeGreaterThan(500)
        .filteredOn(
            line ->
                line.matches(".*dev\\.mlops\\.\\S*\\$\\$Lambda.*")
                    || line.contains(" com.fasterxml.")
                    || line.contains(" ai.onnxruntime.")
                    || line.contains("System$Logger"))
        .isEmpty();
  }
}
