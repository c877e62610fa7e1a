package dev.mlops.runtime.serving;

import dev.mlops.model.Version;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.runtime.memory.ProcessMemory;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** All that support would ask for, as text for people: nothing in it is personal or secret. */
final class Description {
  private final StringBuilder text = new StringBuilder();

  static String of(
      Settings settings, List<Route> routes, Health health, Events events, ProcessMemory memory) {
    Description description = new Description();
    description.environment(health);
    description.settings(settings);
    description.memory(memory);
    routes.forEach(description::route);
    description.events(events, health);
    return description.text.toString();
  }

  private void line(String said) {
    text.append(said).append('\n');
  }

  private void environment(Health health) {
    String version = Description.class.getPackage().getImplementationVersion();
    line(
        "mlops runtime %s, %s"
            .formatted(
                version == null ? "of unknown version" : version,
                health.ready() ? "ready" : "not ready"));
    line(
        "  on Java %s (%s), %s %s, %d processors"
            .formatted(
                System.getProperty("java.runtime.version"),
                System.getProperty("java.vm.vendor"),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                java.lang.Runtime.getRuntime().availableProcessors()));
  }

  private void settings(Settings settings) {
    Settings.Limits limits = settings.limits();
    Settings.Upkeep upkeep = settings.upkeep();
    line("  store %s".formatted(settings.store()));
    line(
        "  engines %s"
            .formatted(
                settings.engines().stream()
                    .map(
                        engine ->
                            engine.engine().name()
                                + engine.model().map(model -> " for " + model).orElse(""))
                    .toList()));
    line(
        "  gates %s"
            .formatted(
                settings.gates().stream()
                    .map(
                        gate ->
                            gate.gate().name()
                                + gate.model().map(model -> " of " + model).orElse(""))
                    .toList()));
    line(
        "  slots %d, within %s, keepWarm %s, drain %s, follow %s"
            .formatted(
                limits.slots(),
                limits.within(),
                limits.keepWarm(),
                limits.drain(),
                upkeep.follow()));
    line(
        "  startDegraded %s, leaseStacks %s, memoryCheck %s, trimMemory %s, state %s"
            .formatted(
                upkeep.startDegraded(),
                upkeep.leaseStacks(),
                upkeep.memoryCheck(),
                upkeep.trim(),
                settings.state().map(Object::toString).orElse("not kept")));
  }

  private void memory(ProcessMemory memory) {
    OptionalLong resident = memory.resident();
    Optional<ProcessMemory.Room> room = memory.room();
    java.lang.Runtime jvm = java.lang.Runtime.getRuntime();
    line(
        "  memory: resident %s; heap %d MB of at most %d MB; %s"
            .formatted(
                resident.isPresent() ? (resident.getAsLong() >> 20) + " MB" : "unknown",
                (jvm.totalMemory() - jvm.freeMemory()) >> 20,
                jvm.maxMemory() >> 20,
                room.map(
                        r ->
                            (r.free() >> 20)
                                + " MB left of "
                                + (r.limit() >> 20)
                                + " MB, "
                                + r.source())
                    .orElse("no limit known")));
  }

  private void route(Route route) {
    Health.Route health = route.health();
    RouteState state = route.state();
    line("route %s".formatted(health.route()));
    line(
        "  serving %s; revision %d decided, %d seen; %d handles, batches of at most %d"
            .formatted(
                health.serving().map(version -> version + " " + version.id()).orElse("nothing"),
                state.decided(),
                state.highest(),
                route.handles(),
                route.rowCounts().largest()));
    health.problem().ifPresent(problem -> line("  problem: %s".formatted(problem)));
    route.engine().ifPresent(engine -> line("  engine %s".formatted(engine)));
    for (Health.Loaded loaded : health.versions()) {
      line("  %s %s, %d rows".formatted(loaded.version(), loaded.state(), loaded.predictions()));
    }
    for (Decision.Refusal refusal : route.refusals()) {
      line(
          "  revision %d refused beside %s: %s"
              .formatted(
                  refusal.revision(),
                  refusal.beside(),
                  refusal.results().stream()
                      .filter(result -> !result.lets())
                      .map(Gate.Result::toString)
                      .collect(Collectors.joining("; "))));
    }
  }

  private void events(Events events, Health health) {
    line("last events, %d dropped".formatted(health.droppedEvents()));
    for (LifecycleEvent event : events.last()) {
      line("  %s".formatted(inOneLine(event)));
    }
  }

  private static String inOneLine(LifecycleEvent event) {
    if (!(event instanceof LifecycleEvent.Swapped swapped)) {
      return event.toString();
    }
    SwapReport report = swapped.report();
    return "%s %s %s from %s to %s on %s in %d ms%s"
        .formatted(
            swapped.time(),
            swapped.route(),
            swapped.cause(),
            report.from().map(Version::toString).orElse("nothing"),
            report.to(),
            report.engine(),
            report.took().toMillis(),
            report.forced() ? ", forced" : "");
  }
}
