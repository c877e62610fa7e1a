package dev.mlops.runtime.memory;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * The memory of this process as the operating system and the container count it. Everything is read
 * anew at each question, from files of the kernel: some 0.1 ms, nothing for the path of a
 * prediction. Where there are no such files, as outside Linux, every answer is empty and every load
 * fits. Safe for concurrent use.
 */
public final class ProcessMemory {
  /**
   * What is left of a limit. Swap is not counted: a model that is swapped out answers in seconds,
   * and containers have none as a rule.
   *
   * @param limit bytes
   * @param used bytes, without what the kernel gives up as soon as it is asked for memory
   * @param source whose limit, in words: {@code the container's limit (cgroup v2)} or {@code the
   *     machine's memory}
   */
  public record Room(long limit, long used, String source) {
    /** Bytes that are left; never below 0. */
    public long free() {
      return Math.max(0, limit - used);
    }
  }

  /** Less than this is not worth a trim: 8 MB. */
  private static final long LARGE = 8L << 20;

  private static final long MINUTE = 60_000_000_000L;

  private final Path root;
  private final LongSupplier nanoClock;
  private final Heaps heaps;
  private final AtomicBoolean warned = new AtomicBoolean();

  private final Object turn = new Object();
  private long freed; // since the last trim; guarded by turn
  private boolean trimmed; // once at least; guarded by turn
  private long trimmedAt; // by the nano clock; guarded by turn

  ProcessMemory(Path root, LongSupplier nanoClock, Heaps heaps) {
    this.root = root;
    this.nanoClock = nanoClock;
    this.heaps = heaps;
  }

  /** The memory of this process; nothing is read yet. */
  public static ProcessMemory ofThisProcess() {
    return ofThisProcess(System::nanoTime, true);
  }

  /**
   * The memory of this process; nothing is read yet.
   *
   * @param nanoClock what the rate of trims is limited by
   * @param trims whether freed memory may be given back at all
   */
  public static ProcessMemory ofThisProcess(LongSupplier nanoClock, boolean trims) {
    return new ProcessMemory(Path.of("/"), nanoClock, new JvmHeaps(trims));
  }

  /** Bytes of memory the process has; empty where the operating system does not say. */
  public OptionalLong resident() {
    return KernelText.valueOf("VmRSS:", read("proc/self/status"));
  }

  /**
   * What is left for this process: of its container's limit, of the limit of a group around the
   * container, or of the machine's memory, whichever leaves least. Empty where nothing says.
   */
  public Optional<Room> room() {
    List<Room> rooms = new ArrayList<>(ControlGroups.rooms(root));
    machine().ifPresent(rooms::add);
    return rooms.stream().min(Comparator.comparingLong(Room::free));
  }

  private Optional<Room> machine() {
    String text = read("proc/meminfo");
    OptionalLong total = KernelText.valueOf("MemTotal:", text);
    OptionalLong available = KernelText.valueOf("MemAvailable:", text);
    return total.isPresent() && available.isPresent()
        ? Optional.of(
            new Room(
                total.getAsLong(),
                Math.max(0, total.getAsLong() - available.getAsLong()),
                "the machine's memory"))
        : Optional.empty();
  }

  private String read(String file) {
    return KernelText.read(root.resolve(file)).orElse("");
  }

  /**
   * Whether there is room for a load. Before it says no it gives freed memory back, unless that was
   * done within the last minute and nothing was freed since. Where a load fits only as long as the
   * Java heap does not grow to its largest size, one warning is logged.
   *
   * @param needed bytes beyond the Java heap; 0 always fits
   * @return why not, with the numbers and what to do, to follow the name of what was to be loaded;
   *     empty if there is room, and where nobody knows
   */
  public Optional<String> refusal(long needed) {
    if (needed <= 0) {
      return Optional.empty();
    }
    Optional<Admission> now = admission();
    if (now.flatMap(numbers -> numbers.refusal(needed)).isPresent()
        && isDue(0, true)
        && heaps.trim()) {
      now = admission();
    }
    now.flatMap(numbers -> numbers.warning(needed))
        .filter(warning -> warned.compareAndSet(false, true))
        .ifPresent(warning -> log().log(Level.WARNING, "a model that is loaded {0}", warning));
    return now.flatMap(numbers -> numbers.refusal(needed));
  }

  private Optional<Admission> admission() {
    return room().map(left -> new Admission(left, heaps.java()));
  }

  /**
   * Gives memory that was freed outside the Java heap back to the operating system, at most once a
   * minute and when at least 8 MB were freed since the last time. It takes some tens of
   * milliseconds, and a collection of garbage that begins meanwhile waits for its end: nothing for
   * a thread that answers calls.
   *
   * @param freedBytes about how much the caller has freed; 0 to make up for what came too soon
   * @return whether it was done; false if it is not due, and where the JVM or its C library cannot
   */
  public boolean trim(long freedBytes) {
    return isDue(freedBytes, false) && heaps.trim();
  }

  private boolean isDue(long freedBytes, boolean needed) {
    synchronized (turn) {
      freed =
          Math.min(
              Long.MAX_VALUE >> 1, freed + Math.min(Long.MAX_VALUE >> 2, Math.max(0, freedBytes)));
      long now = nanoClock.getAsLong();
      boolean rested = !trimmed || now - trimmedAt >= MINUTE;
      if (needed ? !rested && freed == 0 : !rested || freed < LARGE) {
        return false;
      }
      freed = 0;
      trimmed = true;
      trimmedAt = now;
      return true;
    }
  }

  private static System.Logger log() {
    return System.getLogger(ProcessMemory.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
