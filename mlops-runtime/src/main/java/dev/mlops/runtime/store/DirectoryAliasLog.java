package dev.mlops.runtime.store;

import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.store.AliasConflictException;
import dev.mlops.store.AliasLog;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The revisions of an alias as numbered files. A revision is written aside as a whole and gets its
 * number by a hard link, which fails if the number is taken: so of several movers one wins, and no
 * reader ever sees half a revision. The digest of the revision before ties them into a chain.
 */
final class DirectoryAliasLog implements AliasLog {
  private static final String FORM = "mlops.alias/1";
  private static final Pattern FILE = Pattern.compile("([0-9]{10})\\.json");
  private static final int TRIES = 16;

  private final DirectoryModelStore store;
  private final Path folder;
  private final String model;
  private final String alias;

  DirectoryAliasLog(DirectoryModelStore store, Path folder, String model, String alias) {
    this.store = store;
    this.folder = folder;
    this.model = model;
    this.alias = alias;
  }

  @Override
  public Optional<Revision> head() {
    try {
      long last = last();
      if (last == 0) {
        return Optional.empty();
      }
      String before = last == 1 ? null : Sha256.of(PackageFolder.bytes(file(last - 1)));
      return Optional.of(read(last, PackageFolder.bytes(file(last)), before));
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  @Override
  public List<Revision> history() {
    try {
      List<Revision> revisions = new ArrayList<>();
      long last = last();
      String before = null;
      for (long number = 1; number <= last; number++) {
        byte[] bytes = PackageFolder.bytes(file(number));
        revisions.add(read(number, bytes, before));
        before = Sha256.of(bytes);
      }
      return List.copyOf(revisions);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  @Override
  public Revision moveTo(String number, String actor, String reason) {
    for (int tries = 1; ; tries++) {
      long seen = head().map(Revision::revision).orElse(0L);
      try {
        return moveTo(seen, number, actor, reason);
      } catch (AliasConflictException e) {
        if (tries == TRIES) {
          throw e;
        }
      }
    }
  }

  @Override
  public Revision moveTo(long seen, String number, String actor, String reason) {
    Version version = store.resolve(new ModelRef(model, ModelRef.Kind.NUMBER, number));
    Optional<Revision> head = head();
    if (head.map(Revision::revision).orElse(0L) != seen) {
      throw new AliasConflictException(name(), seen, head.orElse(null));
    }
    Instant now = store.clock().instant();
    Revision next = new Revision(seen + 1, version, actor, reason, now);
    try {
      String before = seen == 0 ? null : Sha256.of(PackageFolder.bytes(file(seen)));
      byte[] bytes = bytes(next, before);
      Disk disk = store.disk();
      disk.createFolders(folder);
      try (Staging staging = Staging.open(store.root(), disk, now)) {
        take(disk, staging.create("revision.json", bytes), file(next.revision()));
      }
      disk.force(folder);
      return next;
    } catch (FileAlreadyExistsException e) {
      throw new AliasConflictException(name(), seen, head().orElse(null));
    } catch (IOException e) {
      throw new StoreUnavailableException("Cannot move " + name() + " in " + folder + ": " + e, e);
    }
  }

  private static void take(Disk disk, Path written, Path name) throws IOException {
    try {
      disk.link(written, name);
    } catch (UnsupportedOperationException e) {
      takeByFolder(disk, written, name);
    } catch (FileSystemException e) {
      if (e.getClass() != FileSystemException.class) {
        throw e; // taken, forbidden, or the folder is gone
      }
      takeByFolder(disk, written, name);
    }
  }

  /*
   * Where a file cannot have two names, making a folder is the one thing that fails if it was
   * there. Who made it moves the revision to its place. If its maker dies in between, the alias
   * cannot move until a person removes the folder: rather that than two revisions of one number.
   */
  private static void takeByFolder(Disk disk, Path written, Path name) throws IOException {
    Path claim = name.resolveSibling(name.getFileName() + ".claim");
    try {
      disk.createFolder(claim);
    } catch (FileAlreadyExistsException e) {
      throw new IOException(
          "another process is moving it; if none is, remove the folder " + claim, e);
    }
    try {
      if (Files.exists(name, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(name.toString());
      }
      disk.move(written, name);
    } finally {
      disk.remove(claim);
    }
  }

  /** The number of the last revision, 0 if there is none. */
  private long last() throws IOException {
    if (!store.isFolder(folder)) {
      return 0;
    }
    long count = 0;
    long last = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Matcher name = FILE.matcher(String.valueOf(file.getFileName()));
        if (name.matches()) {
          count++;
          last = Math.max(last, Long.parseLong(name.group(1)));
        }
      }
    }
    if (last != count) {
      long missing = 1;
      while (Files.exists(file(missing), LinkOption.NOFOLLOW_LINKS)) {
        missing++;
      }
      if (missing <= last) {
        throw new PackageCorruptException(
            name()
                + ": revision "
                + missing
                + " is missing in "
                + folder
                + ", which holds "
                + count
                + " up to "
                + last
                + "; revisions are numbered without gaps and never removed");
      }
    }
    return last;
  }

  private Path file(long revision) {
    return folder.resolve(String.format(Locale.ROOT, "%010d.json", revision));
  }

  private String name() {
    return model + "@" + alias;
  }

  private StoreUnavailableException unreadable(IOException e) {
    return new StoreUnavailableException("Cannot read " + name() + " in " + folder + ": " + e, e);
  }

  private byte[] bytes(Revision revision, @Nullable String before) {
    JsonText json = new JsonText();
    json.beginObject();
    json.field("schema", FORM);
    json.field("name", model);
    json.field("alias", alias);
    json.field("revision", revision.revision());
    json.field("version", revision.version().number());
    json.field("id", revision.version().id());
    if (before != null) {
      json.field("previousRevisionSha256", before);
    }
    json.field("actor", revision.actor());
    json.field("reason", revision.reason());
    json.field("time", revision.time().toString());
    json.endObject();
    return json.bytes();
  }

  private Revision read(long number, byte[] bytes, @Nullable String before) {
    JsonFields json = JsonFields.read(bytes, name() + " revision " + number);
    same(json, "schema", FORM, Function.identity());
    same(json, "name", model, Function.identity());
    same(json, "alias", alias, Function.identity());
    if (json.count("revision") != number) {
      throw json.refused("revision", number + ", as its file is called");
    }
    if (before == null) {
      if (json.has("previousRevisionSha256")) {
        throw json.refused("previousRevisionSha256", "absent in revision 1");
      }
    } else {
      same(
          json,
          "previousRevisionSha256",
          before,
          b -> b + ", the SHA-256 of revision " + (number - 1));
    }
    try {
      return new Revision(
          number,
          new Version(model, json.text("version"), json.text("id")),
          json.text("actor"),
          json.text("reason"),
          Instant.parse(json.text("time")));
    } catch (DateTimeException e) {
      throw json.refused("time", "a UTC time such as \"2026-11-24T00:00:00Z\"");
    } catch (IllegalArgumentException e) {
      throw json.refused(String.valueOf(e.getMessage()));
    }
  }

  private static void same(
      JsonFields json, String field, String wanted, Function<String, String> words) {
    if (!json.text(field).equals(wanted)) {
      throw json.refused(field, words.apply(wanted));
    }
  }
}
