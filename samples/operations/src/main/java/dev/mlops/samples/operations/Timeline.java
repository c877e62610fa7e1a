package dev.mlops.samples.operations;

import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.RuntimeListener;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Prints what happens, in order, and beside each line what serves by then and what the callers got
 * since the line before. Any thread may add to it; the one that tells the story prints.
 */
final class Timeline implements RuntimeListener {
  private static final int WIDTH = 58;
  private static final long PATIENCE_SECONDS = 60;

  private record Entry(Instant time, String who, String what, @Nullable LifecycleEvent event) {}

  private final PrintStream out;
  private final Answers answers;
  private final BlockingQueue<Entry> waiting = new LinkedBlockingQueue<>();

  /* Of the thread that tells the story. */
  private final List<LifecycleEvent> printed = new ArrayList<>();
  private Instant start = Instant.MAX;
  private volatile Supplier<Health> health = () -> new Health(false, List.of(), 0);
  private long answered;
  private long failed;

  Timeline(PrintStream out, Answers answers) {
    this.out = out;
    this.answers = answers;
    line("time", "who", "what", "serves", "answered", "failed");
  }

  // --- told by the runtime ---

  @Override
  public void started(Supplier<Health> now) {
    health = now;
  }

  @Override
  public void happened(LifecycleEvent event) {
    waiting.add(new Entry(event.time(), "runtime", Words.of(event), event));
  }

  @Override
  public void closed() {
    add("runtime", "has told its listeners everything");
  }

  // --- told by us ---

  /** Something happened, told by any thread. */
  void add(String who, String what) {
    waiting.add(new Entry(Instant.now(), who, what, null));
  }

  /** Something is about to be done by the thread that tells the story. */
  void tell(String who, String what) {
    add(who, what);
    printAll();
  }

  /** Prints what was added. */
  void printAll() {
    for (Entry next = waiting.poll(); next != null; next = waiting.poll()) {
      print(next);
    }
  }

  /** Prints what was added last, and what the callers got in all. */
  void end() {
    printAll();
    out.println();
    answers
        .byVersion()
        .forEach(
            (version, rows) -> out.printf(Locale.ROOT, "%,9d answered by %s%n", rows, version));
    out.printf(Locale.ROOT, "%,9d failed%n", answers.failed());
  }

  /** Prints what happens until there was an event of this kind that was not waited for before. */
  void until(Class<? extends LifecycleEvent> wanted) throws InterruptedException {
    while (true) {
      for (LifecycleEvent event : printed) {
        if (wanted.isInstance(event)) {
          printed.remove(event);
          return;
        }
      }
      Entry next = waiting.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (next == null) {
        throw new IllegalStateException("no " + wanted.getSimpleName() + " came");
      }
      print(next);
    }
  }

  private void print(Entry entry) {
    start = entry.time().isBefore(start) ? entry.time() : start;
    long answeredNow = answers.answered();
    long failedNow = answers.failed();
    String time = seconds(Duration.between(start, entry.time()));
    Health now = health.get();
    String serves =
        now.routes().stream()
            .filter(route -> now.ready()) // not when it is closed
            .flatMap(route -> route.serving().stream())
            .map(version -> version.number())
            .findFirst()
            .orElse("none");
    String rest = entry.what();
    int end = cut(rest);
    line(
        time,
        entry.who(),
        rest.substring(0, end),
        serves,
        "%,d".formatted(answeredNow - answered),
        String.valueOf(failedNow - failed));
    for (rest = rest.substring(end).strip(); !rest.isEmpty(); rest = rest.substring(end).strip()) {
      end = cut(rest);
      line("", "", rest.substring(0, end), "", "", "");
    }
    answered = answeredNow;
    failed = failedNow;
    if (entry.event() != null) {
      printed.add(entry.event());
    }
  }

  private static int cut(String text) {
    if (text.length() <= WIDTH) {
      return text.length();
    }
    int end = text.lastIndexOf(' ', WIDTH);
    int next = text.indexOf(' '); // of a word that is too long for a line
    return end > 0 ? end : next > 0 ? next : text.length();
  }

  private void line(String... columns) {
    String format = "%6s  %-9s %-" + WIDTH + "s %-6s %8s %6s";
    out.println(String.format(Locale.ROOT, format, (Object[]) columns).stripTrailing());
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.1f s", Math.max(0, time.toMillis()) / 1000.0);
  }
}
