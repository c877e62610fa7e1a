package dev.mlops.runtime.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.Version;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.SwapReport;
import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the recorder costs where nobody records, and where there is none. */
final class JfrAbsentTest {
  @TempDir Path folder;

  /** Tells a listener of a swap, and asks whether calls are wanted. */
  static final class OneSwap {
    public static void main(String[] args) {
      Version version = new Version("storms", "1.0.0", "sha256:" + "0".repeat(64));
      String route = "storms@champion";
      JfrListener listener = new JfrListener();
      listener.happened(
          new LifecycleEvent.Swapped(
              Instant.EPOCH,
              route,
              LifecycleEvent.Cause.START,
              new SwapReport(
                  route,
                  Optional.empty(),
                  version,
                  "tabular",
                  List.of(),
                  Map.of("load", Duration.ofMillis(1)))));
      System.out.println(
          (ModuleLayer.boot().findModule("jdk.jfr").isPresent() ? "recorder" : "no recorder")
              + ", calls "
              + (listener.calls(route, version).isPresent() ? "wanted" : "not wanted"));
    }
  }

  private String run(String options) throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder)
            .environment("JDK_JAVA_OPTIONS", options + " -Xlog:class+load:stdout")
            .run(OneSwap.class);
    assertThat(result.exit()).as(result.output()).isZero();
    return result.output();
  }

  @Test
  void listener_withoutTheModule_doesNothing() throws Exception {
    String output = run("--limit-modules java.base");
    assertThat(output).contains("no recorder, calls not wanted");
    assertThat(output).doesNotContain("dev.mlops.runtime.jfr.JfrEvents");
  }

  @Test
  void listener_withoutARecording_loadsNoEvent() throws Exception {
    String output = run("");
    assertThat(output).containsPattern("(?m)^recorder, calls not wanted$");
    assertThat(output)
        .contains("dev.mlops.runtime.jfr.JfrEvents ")
        .doesNotContain("dev.mlops.runtime.jfr.JfrEvents$", "dev.mlops.runtime.jfr.Slow")
        .doesNotContain("jdk.jfr.internal");
  }

  @Test
  void listener_underARecordingFromTheStart_loadsTheEvents() throws Exception {
    String output =
        run("-XX:StartFlightRecording:settings=none,filename=" + folder.resolve("all.jfr"));
    assertThat(output).containsPattern("(?m)^recorder, calls wanted$");
    assertThat(output)
        .contains("dev.mlops.runtime.jfr.JfrEvents$Swap ", "dev.mlops.runtime.jfr.SlowPrediction ");
  }
}
