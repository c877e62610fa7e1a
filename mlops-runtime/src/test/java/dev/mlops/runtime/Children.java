package dev.mlops.runtime;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Many small JVMs, two at a time, each with a folder of its own. */
final class Children {
  /** What one of them is to do. */
  interface Work {
    ChildJvm.Result run(ChildJvm child, int index) throws Exception;
  }

  private Children() {}

  /** A JVM that starts fast and stays small. */
  static ChildJvm small(Path folder) {
    return new ChildJvm(folder).heap("64m").options("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
  }

  /** The results in order. */
  static List<ChildJvm.Result> run(Path folder, int children, Work work) throws Exception {
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      List<Future<ChildJvm.Result>> running = new ArrayList<>();
      for (int i = 0; i < children; i++) {
        int index = i;
        running.add(
            two.submit(
                () -> {
                  Path own = Files.createDirectory(folder.resolve("child" + index));
                  return work.run(small(own), index);
                }));
      }
      List<ChildJvm.Result> results = new ArrayList<>();
      for (Future<ChildJvm.Result> each : running) {
        results.add(each.get());
      }
      return results;
    } finally {
      two.shutdownNow();
    }
  }
}
