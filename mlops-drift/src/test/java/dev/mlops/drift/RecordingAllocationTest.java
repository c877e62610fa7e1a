package dev.mlops.drift;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mlops.inference.Call;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A prediction that is counted allocates what one that is not does. */
class RecordingAllocationTest {
  private static final int CALLS = 20_000;

  @Test
  void predict_counted_allocatesNothingMore(@TempDir Path folder) {
    try (ServedModel storms = ServedModel.storms(folder, 0.1)) {
      Call unrecorded = Call.with().unrecorded();
      Call recorded = Call.with();
      for (int i = 0; i < 3; i++) { // the compiler first
        bytes(storms, unrecorded);
        bytes(storms, recorded);
      }
      long bare = Long.MAX_VALUE;
      long counted = Long.MAX_VALUE;
      for (int i = 0; i < 5; i++) { // the least of each: what is compiled meanwhile costs once
        bare = Math.min(bare, bytes(storms, unrecorded));
        counted = Math.min(counted, bytes(storms, recorded));
      }
      assertThat(storms.rotate().rows()).isEqualTo(8L * CALLS);
      assertThat((counted - bare) / (double) CALLS).isLessThan(1);
    }
  }

  private static long bytes(ServedModel storms, Call call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long before = threads.getThreadAllocatedBytes(thread);
    for (int i = 0; i < CALLS; i++) {
      storms.handle.predict(Fixtures.STORM, call);
    }
    return threads.getThreadAllocatedBytes(thread) - before;
  }
}
