package dev.mlops.runtime.serving;

import dev.mlops.rollout.Gate.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a route must do, without threads, sessions and files: the rules of {@code docs/lifecycle.md}
 * as code. A version is its number. Each call answers {@code 1 -> 2}, or the name of what is
 * thrown.
 *
 * <p>The small methods at the end are rules of their own, so that a test can break one.
 */
class RouteModel {
  /** What the store, the engine and the gates say of a version. */
  enum Condition {
    GOOD,
    GONE,
    CORRUPT,
    UNLOADABLE,
    /** A gate that does not compare fails it. */
    BAD,
    /** A gate that does not compare cannot decide. */
    UNSURE,
    /** A gate that compares fails it beside a lower number. */
    WORSE,
    /** A gate that compares cannot decide. */
    OPEN,
    BAD_AND_WORSE,
    BAD_AND_OPEN
  }

  /** Where a route lives; the routes of a runtime share it. */
  static final class World {
    final List<String> revisions = new ArrayList<>(); // revision 1 is the first
    final Map<String, Condition> conditions = new HashMap<>();
    final List<RouteModel> routes = new ArrayList<>();
    final boolean folder;
    final boolean retains;
    final boolean degraded;
    final boolean comparesFirst;
    boolean down;
    boolean closed;

    World(boolean folder, boolean retains, boolean degraded, boolean comparesFirst) {
      this.folder = folder;
      this.retains = retains;
      this.degraded = degraded;
      this.comparesFirst = comparesFirst;
    }

    /** The same, to go on with in another way. */
    World copy() {
      World copy = new World(folder, retains, degraded, comparesFirst);
      copy.takesFrom(this);
      routes.forEach(route -> copy.routes.add(route.copyFor(copy)));
      return copy;
    }

    /** What happened to the store of another. */
    void takesFrom(World other) {
      revisions.clear();
      revisions.addAll(other.revisions);
      conditions.putAll(other.conditions);
      down = other.down;
      closed = other.closed;
    }

    Condition condition(String version) {
      return conditions.getOrDefault(version, Condition.GOOD);
    }

    long head() {
      return revisions.size();
    }

    String named(long revision) {
      return revisions.get((int) revision - 1);
    }

    /** The versions that are loaded: one session each, whatever the number of routes. */
    Set<String> loaded() {
      Set<String> loaded = new TreeSet<>();
      for (RouteModel route : routes) {
        if (!closed && route.serving != null) {
          loaded.add(route.serving);
        }
        if (!closed && route.warm != null) {
          loaded.add(route.warm);
        }
      }
      return loaded;
    }

    /** What is thrown when it is loaded; null if it is there. */
    @Nullable String thrownByLoading(String version) {
      if (loaded().contains(version)) {
        return null;
      }
      return switch (condition(version)) {
        case GONE -> "ModelNotFoundException";
        case CORRUPT -> "PackageCorruptException";
        case UNLOADABLE -> "ModelFailedException";
        default -> null;
      };
    }

    Outcome plain(String version) {
      return switch (condition(version)) {
        case BAD, BAD_AND_WORSE, BAD_AND_OPEN -> Outcome.FAIL;
        case UNSURE -> Outcome.UNDECIDED;
        default -> Outcome.PASS;
      };
    }

    Outcome comparison(String version, @Nullable String beside) {
      if (beside == null) {
        return Outcome.SKIPPED;
      }
      return switch (condition(version)) {
        case WORSE, BAD_AND_WORSE -> beside.compareTo(version) < 0 ? Outcome.FAIL : Outcome.PASS;
        case OPEN, BAD_AND_OPEN -> Outcome.UNDECIDED;
        default -> Outcome.PASS;
      };
    }

    /** The first gate that does not let a version pass, with what it says; else PASS. */
    Outcome gates(String version, @Nullable String beside, boolean all) {
      Outcome plain = all ? plain(version) : Outcome.PASS;
      Outcome comparison = comparison(version, beside);
      Outcome first = comparesFirst ? comparison : plain;
      Outcome second = comparesFirst ? plain : comparison;
      return lets(first) ? lets(second) ? Outcome.PASS : second : first;
    }
  }

  /** A failed gate is told again without loading: for the same revision beside the same version. */
  private record Refusal(long revision, String beside) {}

  /** A version to try at a start; an override has no revision. */
  private record Attempt(
      String version, long revision, boolean news, boolean known, boolean fallback) {}

  private final World world;

  /* Kept in the state folder. */
  private long decided;
  private long highest;
  @Nullable String override;
  @Nullable String banned;
  private final Set<String> passed = new HashSet<>();

  /* Gone with the process. */
  boolean there;
  @Nullable String serving;
  @Nullable String warm;
  boolean problem;
  private boolean banKnown;
  private final Map<String, Refusal> refused = new HashMap<>();

  RouteModel(World world) {
    this.world = world;
  }

  private RouteModel copyFor(World other) {
    RouteModel copy = new RouteModel(other);
    copy.decided = decided;
    copy.highest = highest;
    copy.override = override;
    copy.banned = banned;
    copy.passed.addAll(passed);
    copy.there = there;
    copy.serving = serving;
    copy.warm = warm;
    copy.problem = problem;
    copy.banKnown = banKnown;
    copy.refused.putAll(refused);
    return copy;
  }

  /** All of it. */
  @Override
  public String toString() {
    return states()
        + (override == null ? "" : ", overridden with " + override)
        + (problem ? ", a problem" : "")
        + ", decided "
        + decided
        + ", highest "
        + highest
        + ", banned "
        + banned
        + ", refused "
        + new TreeMap<>(refused)
        + ", passed "
        + new TreeSet<>(passed);
  }

  /** A handle is asked for: the first one loads. */
  String ask() {
    if (world.closed) {
      return "OverloadedException";
    }
    if (serving == null) {
      String answer = start();
      there = there || serving != null || world.degraded;
      return there ? "a handle" : answer;
    }
    return "a handle";
  }

  String refresh() {
    String cannot = cannot();
    if (cannot != null) {
      return cannot;
    }
    if (serving == null) {
      return start();
    }
    if (world.down) {
      return fails("StoreUnavailableException");
    }
    long head = world.head();
    if (head == 0 || lower(head, highest)) {
      return stays(true);
    }
    if (head <= decided) {
      return stays(override != null || !passed.contains(world.named(head))); // another by now
    }
    highest = head;
    String named = world.named(head);
    if (named.equals(serving)) {
      follows(head);
      return stays(false);
    }
    if (told(named, head)) {
      return fails("VersionRefusedException");
    }
    return tries(head, !passed.contains(named));
  }

  String clearOverride() {
    String cannot = cannot();
    if (cannot != null) {
      return cannot;
    }
    if (serving == null) {
      override = null;
      banned = null;
      banKnown = false;
      return start();
    }
    if (world.down) {
      return fails("StoreUnavailableException");
    }
    long head = world.head();
    if (head == 0 || head < highest) {
      return stays(true);
    }
    if (override == null && banned == null) {
      return stays(false);
    }
    highest = head;
    if (world.named(head).equals(serving)) {
      follows(head);
      return stays(false);
    }
    return tries(head, true);
  }

  String override(String version) {
    String cannot = cannot();
    if (cannot != null) {
      return cannot;
    }
    if (world.down) {
      return "StoreUnavailableException";
    }
    if (world.condition(version) == Condition.GONE) {
      return "ModelNotFoundException";
    }
    String thrown = world.thrownByLoading(version);
    if (thrown != null) {
      return fails(thrown);
    }
    if (!lets(obeyed(version))) {
      return fails("VersionRefusedException");
    }
    String answer = serves(version);
    override = version;
    banned = version.equals(banned) ? null : banned;
    problem = true;
    return answer;
  }

  String rollback() {
    String cannot = cannotUnlessServing();
    if (cannot != null) {
      return cannot;
    }
    String back = warm;
    if (back == null || turnedAway(back)) {
      return "IllegalStateException";
    }
    banned = serving;
    banKnown = true;
    String answer = serves(back);
    override = back;
    problem = true;
    return answer;
  }

  void expire() {
    warm = null;
  }

  /** The process ends and begins anew. */
  void restart() {
    if (!world.folder) {
      decided = 0;
      highest = 0;
      override = null;
      banned = null;
      passed.clear();
    }
    there = false;
    serving = null;
    warm = null;
    problem = false;
    banKnown = false;
    refused.clear();
  }

  /** The head if it is news; what was decided last; older ones; the rest; but no banned one. */
  private String start() {
    if (world.down) {
      return fails("StoreUnavailableException");
    }
    long head = world.head();
    if (head == 0) {
      return fails("ModelNotFoundException");
    }
    String first = null;
    List<Attempt> attempts = attempts(head);
    for (int i = 0; i < attempts.size(); i++) {
      Attempt attempt = attempts.get(i);
      String thrown = world.thrownByLoading(attempt.version());
      if (thrown == null && !passes(attempt, attempts.subList(i + 1, attempts.size()))) {
        thrown = "VersionRefusedException";
      }
      if (thrown == null) {
        boolean wentBack = head < highest;
        boolean overridden = override != null && !attempt.news(); // it serves, or it is lost
        begins(attempt);
        problem = first != null || wentBack || overridden;
        return "nothing -> " + serving;
      }
      first = first == null ? thrown : first;
    }
    return fails(first == null ? "ModelNotFoundException" : first);
  }

  private List<Attempt> attempts(long head) {
    List<Attempt> attempts = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    if (head > decided) {
      seen.add(world.named(head));
      boolean known = world.named(head).equals(last());
      attempts.add(new Attempt(world.named(head), head, true, known, false));
    }
    if (banned != null) {
      seen.add(banned);
    }
    if (override != null && world.condition(override) != Condition.GONE && seen.add(override)) {
      attempts.add(new Attempt(override, 0, false, true, true));
    }
    for (long revision = Math.min(head, decided); revision > 0; revision--) {
      older(revision, head, seen, attempts);
    }
    for (long revision = head; revision > decided; revision--) { // what was never decided on
      older(revision, head, seen, attempts);
    }
    return attempts;
  }

  private void older(long revision, long head, Set<String> seen, List<Attempt> attempts) {
    String version = world.named(revision);
    if (seen.add(version)) {
      boolean known = revision <= decided && passed.contains(version);
      attempts.add(new Attempt(version, revision, false, known, revision < head));
    }
  }

  /** What this process served by a decision of its own, if the store still says which it was. */
  private @Nullable String last() {
    if (override != null) {
      return world.condition(override) == Condition.GONE ? null : override;
    }
    boolean there = decided > 0 && decided <= world.head();
    return there && passed.contains(world.named(decided)) ? world.named(decided) : null;
  }

  private boolean passes(Attempt attempt, List<Attempt> later) {
    if (attempt.known()) {
      return true;
    }
    String beside =
        later.stream()
            .map(Attempt::version)
            .filter(version -> world.thrownByLoading(version) == null)
            .findFirst()
            .orElse(null);
    Outcome plain = world.plain(attempt.version());
    Outcome comparison = world.comparison(attempt.version(), beside);
    return attempt.fallback()
        ? plain != Outcome.FAIL && comparison != Outcome.FAIL
        : lets(plain) && lets(comparison);
  }

  private void begins(Attempt attempt) {
    if (attempt.news()) {
      follows(attempt.revision());
    } else if (attempt.revision() > 0) { // an earlier one serves; a ban stays
      decided = Math.max(decided, attempt.revision());
      passed.add(attempt.version());
      override = null;
    }
    highest = Math.max(highest, world.head());
    banKnown = banned != null && world.revisions.contains(banned);
    serving = attempt.version();
  }

  private String tries(long head, boolean all) {
    String named = world.named(head);
    String thrown = world.thrownByLoading(named);
    if (thrown != null) {
      return fails(thrown);
    }
    Outcome found = world.gates(named, serving, all);
    if (found == Outcome.FAIL) {
      refused.put(named, new Refusal(head, String.valueOf(serving)));
    }
    if (found != Outcome.PASS) {
      return fails("VersionRefusedException");
    }
    String answer = serves(named);
    follows(head);
    problem = override != null;
    return answer;
  }

  private String serves(String version) {
    String before = serving == null ? "nothing" : serving;
    refused.remove(version);
    if (!version.equals(before)) {
      warm = world.retains ? serving : null;
      serving = version;
    }
    return before + " -> " + version;
  }

  private String stays(boolean told) {
    problem = told;
    return serving + " -> " + serving;
  }

  private String fails(String thrown) {
    problem = true;
    return thrown;
  }

  private @Nullable String cannot() {
    if (!there) {
      return "InvalidSettingsException";
    }
    return world.closed ? "OverloadedException" : null;
  }

  private @Nullable String cannotUnlessServing() {
    String cannot = cannot();
    return cannot == null && serving == null ? "ModelUnavailableException" : cannot;
  }

  private static boolean lets(Outcome outcome) {
    return outcome == Outcome.PASS || outcome == Outcome.SKIPPED;
  }

  /** The versions with their states, as health tells them. */
  Set<String> states() {
    Set<String> states = new TreeSet<>();
    if (serving != null) {
      states.add(serving + " ACTIVE");
    }
    if (warm != null) {
      states.add(warm + " RETAINED");
    }
    if (banned != null && banKnown) {
      states.add(banned + " BANNED");
    }
    refused.keySet().forEach(version -> states.add(version + " REFUSED"));
    return states;
  }

  // --- rules that a test breaks ---

  /** The alias's own version serves: override and ban end. */
  void follows(long head) {
    decided = head;
    passed.add(world.named(head));
    refused.remove(world.named(head));
    override = null;
    banned = null;
  }

  /** A revision lower than one seen is not followed. */
  boolean lower(long head, long highest) {
    return head < highest;
  }

  /** A failed version is told again without loading, for the same revision and beside the same. */
  boolean told(String version, long head) {
    return new Refusal(head, String.valueOf(serving)).equals(refused.get(version));
  }

  /** A rollback does not go to what a rollback turned away. */
  boolean turnedAway(String version) {
    return version.equals(banned);
  }

  /** An override obeys the gates that do not compare. */
  Outcome obeyed(String version) {
    return world.plain(version);
  }
}
