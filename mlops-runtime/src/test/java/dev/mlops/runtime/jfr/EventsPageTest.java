package dev.mlops.runtime.jfr;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.ValueDescriptor;
import org.junit.jupiter.api.Test;

/** The events in docs/metrics.md are those there are, with their fields. */
final class EventsPageTest {
  @Test
  void table_isWhatTheEventsAre() throws IOException {
    Set<String> registered =
        Stream.concat(
                Stream.of(JfrEvents.class.getDeclaredClasses()), Stream.of(SlowPrediction.class))
            .map(type -> EventType.getEventType(type.asSubclass(Event.class)))
            .map(type -> type.getName() + ": " + fields(type))
            .collect(toCollection(TreeSet::new));
    Set<String> shown =
        Files.readAllLines(Path.of("../docs/metrics.md")).stream()
            .filter(line -> line.startsWith("| `mlops.") && line.split("\\|", -1).length == 5)
            .map(line -> line.split("\\|", -1))
            .map(
                cells ->
                    cells[1].replace('`', ' ').strip()
                        + ": "
                        + cells[3].strip().replace(", and the stack of the caller", ""))
            .collect(toCollection(TreeSet::new));
    assertThat(shown).isEqualTo(registered);
  }

  private static String fields(EventType type) {
    return type.getFields().stream()
        .map(ValueDescriptor::getName)
        .filter(
            name -> !Set.of("startTime", "duration", "eventThread", "stackTrace").contains(name))
        .collect(Collectors.joining(", "));
  }
}
