package dev.mlops.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.memory.ProcessMemory.Room;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AdmissionTest {
  private static final long MB = 1L << 20;
  private static final String CONTAINER = "the container's limit (cgroup v2)";

  private static Admission admission(long limit, long used, long untouched, long allowed) {
    return new Admission(
        new Room(limit * MB, used * MB, CONTAINER), new JavaHeap(untouched * MB, allowed * MB));
  }

  @ParameterizedTest
  @CsvSource({"100, 5", "512, 25", "1280, 64", "1300, 64", "65536, 64"})
  void margin_isATwentiethAndAtMost64Megabytes(long limit, long margin) {
    assertThat(admission(limit, 0, 0, 0).margin() / MB).isEqualTo(margin);
  }

  @Test
  void refusal_withUntouchedHeap_namesItAndXms() {
    assertThat(admission(2000, 300, 850, 0).refusal(1200 * MB))
        .contains(
            "needs about 1,200 MB beside what there is; "
                + CONTAINER
                + " is 2,000 MB, 300 MB are in use, 850 MB more are the Java heap's to fill and"
                + " 64 MB stay free: raise the limit, lower slots or -Xms, or turn the check off"
                + " with memoryCheck(false)");
  }

  @Test
  void load_thatFitsUntilTheHeapGrows_isWarnedOfAndNotRefused() {
    Admission admission = admission(1000, 300, 100, 400);
    assertThat(admission.refusal(400 * MB)).isEmpty();
    assertThat(admission.warning(400 * MB))
        .contains(
            "needs about 400 MB beside what there is; "
                + CONTAINER
                + " is 1,000 MB, 300 MB are in use. That fits now, and not if the Java heap grows"
                + " by the 500 MB that -Xmx still allows it: raise the limit or lower -Xmx");
    assertThat(admission.warning(150 * MB)).isEmpty();
  }

  @Test
  void load_thatIsRefused_isNotWarnedOf() {
    assertThat(admission(1000, 300, 0, 400).warning(900 * MB)).isEmpty();
  }

  @Property(tries = 5000, seed = "42")
  void decision_ofAnyNumbers_isOneOfThreeAndNeverThrows(
      @ForAll @LongRange(min = 0) long limit,
      @ForAll @LongRange(min = 0) long used,
      @ForAll @LongRange(min = 0, max = 1L << 50) long untouched,
      @ForAll @LongRange(min = 0, max = 1L << 50) long allowed,
      @ForAll long needed) {
    Admission admission =
        new Admission(new Room(limit, used, CONTAINER), new JavaHeap(untouched, allowed));
    boolean refused = admission.refusal(needed).isPresent();
    assertThat(refused && admission.warning(needed).isPresent()).isFalse();
    if (needed > Math.max(0, limit - used)) {
      assertThat(refused || needed <= 0).isTrue();
    }
    if (needed <= 0) {
      assertThat(refused).isFalse();
    }
  }
}
