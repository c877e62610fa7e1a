package dev.mlops.runtime.memory;

import dev.mlops.runtime.memory.ProcessMemory.Room;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether a load fits, decided by numbers alone.
 *
 * @param room what is left
 * @param heap what the Java heap will take of it
 */
record Admission(Room room, JavaHeap heap) {
  /** The margin at most: what threads, compiled code and a call's scratch memory may add. */
  private static final long MOST_MARGIN = 64L << 20;

  /** Room that a load leaves: 5 % of the limit, at most 64 MB. */
  long margin() {
    return Math.min(room.limit() / 20, MOST_MARGIN);
  }

  /** Why a load may not be tried; empty if it fits. */
  Optional<String> refusal(long needed) {
    if (needed <= 0 || needed <= room.free() - heap.untouched() - margin()) {
      return Optional.empty();
    }
    return Optional.of(
        numbers(needed)
            + (heap.untouched() > 0
                ? ", " + megabytes(heap.untouched()) + " more are the Java heap's to fill"
                : "")
            + " and "
            + megabytes(margin())
            + " stay free: raise the limit, lower slots"
            + (heap.untouched() > 0 ? " or -Xms" : "")
            + ", or turn the check off with memoryCheck(false)");
  }

  /**
   * What would not fit if the Java heap grew to its largest size; empty if it fits, and if it is
   * refused anyway.
   */
  Optional<String> warning(long needed) {
    if (needed <= 0
        || refusal(needed).isPresent()
        || needed <= room.free() - heap.untouched() - heap.allowed() - margin()) {
      return Optional.empty();
    }
    return Optional.of(
        numbers(needed)
            + ". That fits now, and not if the Java heap grows by the "
            + megabytes(heap.allowed() + heap.untouched())
            + " that -Xmx still allows it: raise the limit or lower -Xmx");
  }

  private String numbers(long needed) {
    return "needs about "
        + megabytes(needed)
        + " beside what there is; "
        + room.source()
        + " is "
        + megabytes(room.limit())
        + ", "
        + megabytes(room.used())
        + " are in use";
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MB", (bytes + (1L << 19)) >> 20);
  }
}
