package dev.mlops.runtime.jfr;

import static java.util.stream.Collectors.joining;

import dev.mlops.model.Version;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** The events of versions, and how they are filled. */
final class JfrEvents {
  /** What the runtime says where a gate did not let a version pass. */
  private static final String REFUSED = "version-refused";

  private JfrEvents() {}

  static boolean recorderRuns() {
    return FlightRecorder.isInitialized();
  }

  static void write(LifecycleEvent event) {
    if (event instanceof LifecycleEvent.Swapped swapped) {
      write(swapped);
    } else if (event instanceof LifecycleEvent.Refused refused) {
      write(refused.route(), refused.version().number(), REFUSED, words(refused.results()));
    } else if (event instanceof LifecycleEvent.Failed failed) {
      String version = failed.version().map(Version::number).orElse("");
      write(failed.route(), version, failed.code(), failed.reason());
    } else if (event instanceof LifecycleEvent.Closed closed) {
      write(closed);
    } else if (event instanceof LifecycleEvent.Parked parked) {
      write(parked);
    } else if (event instanceof LifecycleEvent.LeaseExpired expired) {
      write(expired);
    }
  }

  private static void write(LifecycleEvent.Swapped swapped) {
    SwapReport report = swapped.report();
    if (report.phases().containsKey("load")) {
      Load load = new Load();
      load.route = swapped.route();
      load.version = report.to().number();
      load.open = took(report, "open");
      load.load = took(report, "load");
      load.warm = took(report, "warm");
      load.gates = took(report, "gates");
      load.commit();
    }
    Swap swap = new Swap();
    swap.route = swapped.route();
    swap.cause = swapped.cause().name().toLowerCase(Locale.ROOT);
    swap.from = report.from().map(Version::number).orElse("");
    swap.to = report.to().number();
    swap.took = report.phases().values().stream().reduce(Duration.ZERO, Duration::plus).toNanos();
    swap.publish = took(report, "publish");
    swap.gates = words(report.gates());
    swap.forced = report.forced();
    swap.commit();
  }

  private static long took(SwapReport report, String phase) {
    return report.phases().getOrDefault(phase, Duration.ZERO).toNanos();
  }

  private static String words(List<Gate.Result> gates) {
    return gates.stream().map(Gate.Result::toString).collect(joining("; "));
  }

  private static void write(String route, String version, String code, String reason) {
    Refused refused = new Refused();
    refused.route = route;
    refused.version = version;
    refused.code = code;
    refused.reason = reason;
    refused.commit();
  }

  private static void write(LifecycleEvent.Closed closed) {
    Drain drain = new Drain();
    drain.route = closed.route();
    drain.version = closed.version().number();
    drain.drain = closed.drain().toNanos();
    drain.predictions = closed.predictions();
    drain.slowest = closed.slowest().orElse(Duration.ZERO).toNanos();
    drain.residentBefore = closed.residentBefore().orElse(0);
    drain.residentAfter = closed.residentAfter().orElse(0);
    drain.terminated = closed.terminated();
    drain.shared = closed.shared();
    drain.commit();
  }

  private static void write(LifecycleEvent.Parked event) {
    Parked parked = new Parked();
    parked.route = event.route();
    parked.version = event.version().number();
    parked.reason = event.reason();
    parked.commit();
  }

  private static void write(LifecycleEvent.LeaseExpired event) {
    LeaseExpired expired = new LeaseExpired();
    expired.route = event.route();
    expired.version = event.version().number();
    expired.thread = event.thread();
    expired.acquired =
        event.acquired().stream()
            .flatMap(taken -> Stream.of(taken.getStackTrace()))
            .map(StackTraceElement::toString)
            .collect(joining("\n"));
    expired.commit();
  }

  /** A version was loaded. */
  @Name("mlops.Load")
  @Label("Model Load")
  @Description("A version was opened, loaded, warmed up and put through the gates")
  @Category("mlops")
  @StackTrace(false)
  static final class Load extends Event {
    @Label("Route")
    String route = "";

    @Label("Version")
    String version = "";

    @Label("Open and Verify")
    @Timespan(Timespan.NANOSECONDS)
    long open;

    @Label("Load into the Engine")
    @Timespan(Timespan.NANOSECONDS)
    long load;

    @Label("Warm Up")
    @Timespan(Timespan.NANOSECONDS)
    long warm;

    @Label("Gates")
    @Timespan(Timespan.NANOSECONDS)
    long gates;
  }

  /** Another version serves. */
  @Name("mlops.Swap")
  @Label("Model Swap")
  @Description("Another version serves on a route")
  @Category("mlops")
  @StackTrace(false)
  static final class Swap extends Event {
    @Label("Route")
    String route = "";

    @Label("Cause")
    String cause = "";

    @Label("From")
    String from = "";

    @Label("To")
    String to = "";

    @Label("All Phases")
    @Timespan(Timespan.NANOSECONDS)
    long took;

    @Label("Publish")
    @Timespan(Timespan.NANOSECONDS)
    long publish;

    @Label("Gates")
    String gates = "";

    @Label("Forced")
    @Description("It serves although a gate did not let it pass")
    boolean forced;
  }

  /** A version does not serve. */
  @Name("mlops.Refused")
  @Label("Model Refused")
  @Description("A version was refused by a gate, or could not be read or loaded")
  @Category("mlops")
  @StackTrace(false)
  static final class Refused extends Event {
    @Label("Route")
    String route = "";

    @Label("Version")
    String version = "";

    @Label("Code")
    String code = "";

    @Label("Reason")
    String reason = "";
  }

  /** A version has ended. */
  @Name("mlops.Drain")
  @Label("Model Drain")
  @Description("A version that left a route has ended")
  @Category("mlops")
  @StackTrace(false)
  static final class Drain extends Event {
    @Label("Route")
    String route = "";

    @Label("Version")
    String version = "";

    @Label("Drain")
    @Timespan(Timespan.NANOSECONDS)
    long drain;

    @Label("Predictions")
    long predictions;

    @Label("Slowest Call")
    @Description(
        "The longest call from the beginning of the load that replaced it to the end of its drain")
    @Timespan(Timespan.NANOSECONDS)
    long slowest;

    @Label("Resident before")
    @DataAmount
    long residentBefore;

    @Label("Resident after")
    @DataAmount
    long residentAfter;

    @Label("Terminated")
    @Description("A call had to be ended by force")
    boolean terminated;

    @Label("Shared")
    @Description("Its session stays open for another route")
    boolean shared;
  }

  /** A version cannot be closed. */
  @Name("mlops.Parked")
  @Label("Model Parked")
  @Description("A call runs on in a version that was to end, and its engine does not stop it")
  @Category("mlops")
  @StackTrace(false)
  static final class Parked extends Event {
    @Label("Route")
    String route = "";

    @Label("Version")
    String version = "";

    @Label("Reason")
    String reason = "";
  }

  /** A lease was not closed within its time. */
  @Name("mlops.LeaseExpired")
  @Label("Lease Expired")
  @Description("A lease was not closed within its time")
  @Category("mlops")
  @StackTrace(false)
  static final class LeaseExpired extends Event {
    @Label("Route")
    String route = "";

    @Label("Version")
    String version = "";

    @Label("Thread")
    @Description("The name of the thread that took it")
    String thread = "";

    @Label("Acquired")
    @Description("The stack that took it, if the runtime keeps the stacks of leases")
    String acquired = "";
  }
}
