package dev.mlops.runtime.memory;

import dev.mlops.runtime.memory.ProcessMemory.Room;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The control groups this process is in, and what each leaves of its memory limit.
 *
 * <p>{@code /proc/self/cgroup} names the group as a path in its hierarchy; {@code
 * /proc/self/mountinfo} says which part of the hierarchy is mounted where. A container often sees
 * its own subtree only, mounted as if it were the whole, while the path still begins at the host's
 * root: where the path does not exist below the mount, the mount is the group.
 */
final class ControlGroups {
  /**
   * Version 1 says "no limit" with the largest number of whole pages: 9223372036854771712 with
   * pages of 4 kB, less with larger ones.
   */
  private static final long NO_LIMIT = 1L << 60;

  private static final Pattern BLANK = Pattern.compile(" ");
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-3][0-7]{2})");

  private ControlGroups() {}

  /** Every limit that binds this process; empty where there is none. */
  static List<Room> rooms(Path root) {
    List<Room> rooms = new ArrayList<>();
    List<String> groups =
        KernelText.read(root.resolve("proc/self/cgroup")).orElse("").lines().toList();
    String mounts = KernelText.read(root.resolve("proc/self/mountinfo")).orElse("");
    mounts
        .lines()
        .map(Mount::parse)
        .flatMap(Optional::stream)
        .forEach(
            mount ->
                groups.stream()
                    .map(line -> pathIn(mount.hierarchy, line))
                    .flatMap(Optional::stream)
                    .forEach(path -> walk(root, mount, path, rooms)));
    return rooms;
  }

  /** The two hierarchies that can limit memory. */
  private enum Hierarchy {
    V1,
    V2
  }

  /** One mount of a hierarchy: which part of it, and where. */
  private record Mount(Hierarchy hierarchy, String part, String point) {
    /**
     * A line of mountinfo: {@code 36 35 98:0 /part /point rw,noatime master:1 - type source
     * options}, with any number of optional fields before the dash.
     */
    static Optional<Mount> parse(String line) {
      List<String> words = Arrays.asList(BLANK.split(line));
      int dash = words.indexOf("-");
      if (dash < 6 || words.size() < dash + 4) {
        return Optional.empty();
      }
      String part = unescaped(words.get(3));
      String point = unescaped(words.get(4));
      return switch (words.get(dash + 1)) {
        case "cgroup2" -> Optional.of(new Mount(Hierarchy.V2, part, point));
        case "cgroup" ->
            List.of(words.get(dash + 3).split(",", -1)).contains("memory")
                ? Optional.of(new Mount(Hierarchy.V1, part, point))
                : Optional.empty();
        default -> Optional.empty();
      };
    }

    private static String unescaped(String text) {
      return OCTAL
          .matcher(text)
          .replaceAll(
              found ->
                  Matcher.quoteReplacement(
                      String.valueOf((char) Integer.parseInt(found.group(1), 8))));
    }
  }

  /**
   * The path in a line of {@code /proc/self/cgroup}, {@code 4:memory:/path} or {@code 0::/path}.
   */
  private static Optional<String> pathIn(Hierarchy hierarchy, String line) {
    String[] parts = line.split(":", 3);
    if (parts.length < 3) {
      return Optional.empty();
    }
    boolean mine =
        hierarchy == Hierarchy.V2
            ? parts[0].equals("0") && parts[1].isEmpty()
            : List.of(parts[1].split(",", -1)).contains("memory");
    return mine ? Optional.of(parts[2]) : Optional.empty();
  }

  /** From the group up to the root of the mount: each limit on the way binds. */
  private static void walk(Path root, Mount mount, String path, List<Room> rooms) {
    Optional<Path> top = KernelText.below(root, mount.point);
    if (top.isEmpty()) {
      return;
    }
    Path dir = top.get();
    Optional<Path> own = KernelText.below(dir, beneath(mount.part, path));
    if (own.isPresent() && own.get().startsWith(dir)) {
      dir = own.get();
    }
    boolean around = false;
    while (dir != null && dir.startsWith(top.get())) {
      if (isGroup(mount.hierarchy, dir)) {
        room(mount.hierarchy, dir, around).ifPresent(rooms::add);
        around = true;
      }
      dir = dir.getParent();
    }
  }

  /** A group's path from the root of the mount; the path itself if the mount shows another part. */
  private static String beneath(String part, String path) {
    if (part.equals("/")) {
      return path;
    }
    return path.equals(part) || path.startsWith(part + "/") ? path.substring(part.length()) : path;
  }

  private static boolean isGroup(Hierarchy hierarchy, Path dir) {
    return KernelText.read(
            dir.resolve(hierarchy == Hierarchy.V2 ? "memory.current" : "memory.usage_in_bytes"))
        .isPresent();
  }

  private static Optional<Room> room(Hierarchy hierarchy, Path dir, boolean around) {
    boolean v2 = hierarchy == Hierarchy.V2;
    // above memory.high the kernel slows every allocation down to a crawl, so it binds as well
    long limit =
        v2
            ? Math.min(limit(dir.resolve("memory.max")), limit(dir.resolve("memory.high")))
            : limit(dir.resolve("memory.limit_in_bytes"));
    OptionalLong used =
        KernelText.number(dir.resolve(v2 ? "memory.current" : "memory.usage_in_bytes"));
    if (limit >= NO_LIMIT || used.isEmpty()) {
      return Optional.empty();
    }
    // pages of files that nobody read lately are counted as used, and go when memory is asked for
    long cached =
        KernelText.valueOf(
                v2 ? "inactive_file" : "total_inactive_file",
                KernelText.read(dir.resolve("memory.stat")).orElse(""))
            .orElse(0);
    return Optional.of(
        new Room(
            limit,
            Math.max(0, used.getAsLong() - cached),
            (around ? "the limit of a group around the container" : "the container's limit")
                + (v2 ? " (cgroup v2)" : " (cgroup v1)")));
  }

  /** Text such as {@code max} is no limit. */
  private static long limit(Path file) {
    return KernelText.number(file).orElse(Long.MAX_VALUE);
  }
}
