package dev.mlops.runtime.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelRef;
import dev.mlops.model.PackagePart;
import dev.mlops.model.Version;
import dev.mlops.store.AliasLog;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.ModelStore;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import dev.mlops.store.VersionExistsException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A folder as a model store: of one process or of many that share it, on a disk or a network file
 * system. A version is a folder that appears by one rename, an alias a row of files that only grows
 * longer; nothing is ever locked, and reading writes nothing, so a reader may have the folder
 * read-only. The form is written down in {@code docs/formats/package.md}.
 *
 * <p>Versions are listed by number, {@code 1.9.0} before {@code 1.10.0}. A model's name may hold
 * {@code /} and then is a folder in a folder; no part of it may be {@code versions} or {@code
 * aliases}. Whether an ONNX file is sound and reads no file but the package's own is looked at when
 * it is published, and again by the engine before it opens it; {@link #open} does not repeat it.
 *
 * <p>{@link #open} copies the version to a folder of its own below {@code java.io.tmpdir}, checks
 * the copy, and removes it when the version is closed: what happens to the store's files changes
 * nothing that serves. It takes the room of every version that is open, which where the temporary
 * folder is memory ({@code tmpfs}) counts as the container's. What a killed process leaves there is
 * removed when a version is next opened there.
 *
 * <p>{@link #publish} and moving an alias make the folder if need be; everything else throws {@link
 * StoreUnavailableException} where there is none. Safe for all threads.
 */
public final class DirectoryModelStore implements ModelStore {
  private static final String VERSIONS = "versions";
  private static final String ALIASES = "aliases";
  private static final Set<String> OURS = Set.of(VERSIONS, ALIASES);
  private static final int LISTED_AT_MOST = 20;
  private static final int IDS_KEPT = 100_000;

  /** What was seen of a manifest: while this is the same, so is its id. */
  private record Seen(FileTime modified, long size, @Nullable Object key, String id) {}

  private final Path root;
  private final InstantSource clock;
  private final Disk disk;
  private final Cache<Path, Seen> ids = Caffeine.newBuilder().maximumSize(IDS_KEPT).build();

  DirectoryModelStore(Path root, InstantSource clock, Disk disk) {
    this.root = root.toAbsolutePath().normalize();
    this.clock = clock;
    this.disk = disk;
  }

  /**
   * The store in a folder; nothing is read or written yet.
   *
   * @param folder need not exist before something is published
   */
  public static DirectoryModelStore at(Path folder) {
    return new DirectoryModelStore(folder, InstantSource.system(), new Disk());
  }

  Path root() {
    return root;
  }

  InstantSource clock() {
    return clock;
  }

  Disk disk() {
    return disk;
  }

  @Override
  public List<String> models() {
    requireRoot();
    List<String> models = new ArrayList<>();
    try {
      collect(root, "", models);
    } catch (IOException e) {
      throw unreadable(e);
    }
    models.sort(null);
    return List.copyOf(models);
  }

  private void collect(Path folder, String name, List<String> models) throws IOException {
    if (!name.isEmpty() && holdsVersion(name)) {
      models.add(name);
    }
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
      for (Path child : children) {
        String part = String.valueOf(child.getFileName());
        String below = name.isEmpty() ? part : name + "/" + part;
        if (validModel(below) && isFolder(child)) {
          collect(child, below, models);
        }
      }
    } catch (NoSuchFileException e) {
      // removed while we looked: holds nothing
    }
  }

  private boolean holdsVersion(String model) throws IOException {
    for (String number : numbers(modelFolder(model).resolve(VERSIONS), model)) {
      if (hasManifest(model, number)) {
        return true;
      }
    }
    return false;
  }

  private boolean hasManifest(String model, String number) {
    return present(versionFolder(model, number).resolve(PackagePaths.MANIFEST));
  }

  @Override
  public List<Version> versions(String model) {
    requireRoot();
    if (!validModel(model)) {
      return List.of();
    }
    Path folder = modelFolder(model).resolve(VERSIONS);
    List<Version> versions = new ArrayList<>();
    try {
      for (String number : numbers(folder, model)) {
        id(folder.resolve(number)).ifPresent(id -> versions.add(new Version(model, number, id)));
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return List.copyOf(versions);
  }

  @Override
  public Version resolve(ModelRef ref) {
    requireRoot();
    try {
      return switch (ref.kind()) {
        case NUMBER -> byNumber(ref);
        case ALIAS -> byAlias(ref);
        case DIGEST -> byDigest(ref);
      };
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private Version byNumber(ModelRef ref) throws IOException {
    if (validModel(ref.model())) {
      Path folder = versionFolder(ref.model(), ref.selector());
      try {
        if (isFolder(folder)) {
          byte[] manifest = PackageFolder.bytes(folder.resolve(PackagePaths.MANIFEST));
          return new Version(ref.model(), ref.selector(), Sha256.id(manifest));
        }
      } catch (NoSuchFileException e) {
        // a folder without a manifest is no version
      }
    }
    throw notFound(ref);
  }

  private Version byAlias(ModelRef ref) throws IOException {
    if (validModel(ref.model())) {
      Optional<Revision> head = alias(ref.model(), ref.selector()).head();
      if (head.isPresent()) {
        Version version = head.get().version();
        if (!isFolder(versionFolder(version.model(), version.number()))) {
          throw new PackageCorruptException(
              ref
                  + " names "
                  + version
                  + " since revision "
                  + head.get().revision()
                  + ", but "
                  + root
                  + " no longer holds it; restore it or move the alias");
        }
        return version;
      }
    }
    throw notFound(ref);
  }

  private Version byDigest(ModelRef ref) throws IOException {
    if (validModel(ref.model())) {
      Path folder = modelFolder(ref.model()).resolve(VERSIONS);
      for (Map.Entry<Path, Seen> seen : ids.asMap().entrySet()) {
        if (seen.getValue().id().equals(ref.selector())
            && folder.equals(seen.getKey().getParent())
            && id(seen.getKey()).filter(ref.selector()::equals).isPresent()) {
          return new Version(
              ref.model(), String.valueOf(seen.getKey().getFileName()), ref.selector());
        }
      }
      for (Version version : versions(ref.model())) {
        if (version.id().equals(ref.selector())) {
          return version;
        }
      }
    }
    throw notFound(ref);
  }

  private ModelNotFoundException notFound(ModelRef ref) throws IOException {
    List<String> present = new ArrayList<>();
    if (validModel(ref.model())) {
      Path model = modelFolder(ref.model());
      Path aliases = model.resolve(ALIASES);
      if (ref.kind() == ModelRef.Kind.ALIAS && isFolder(aliases)) {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(aliases)) {
          folders.forEach(folder -> present.add("@" + folder.getFileName()));
        }
        present.sort(null);
      }
      for (String number : numbers(model.resolve(VERSIONS), ref.model())) {
        if (hasManifest(ref.model(), number)) {
          present.add(number);
        }
      }
    }
    if (present.isEmpty()) {
      present.addAll(models());
    }
    int more = present.size() - LISTED_AT_MOST;
    if (more > 1) {
      present.subList(0, more).clear(); // the newest are at the end
      present.add(0, "… " + more + " more");
    }
    return new ModelNotFoundException(ref, List.copyOf(present));
  }

  @Override
  public StoredVersion open(Version version) {
    requireRoot();
    try {
      return opened(version);
    } catch (NoSuchFileException e) {
      throw new PackageCorruptException(
          version + ": " + e.getFile() + " vanished while it was read", e);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private StoredVersion opened(Version version) throws IOException {
    ModelRef ref = new ModelRef(version.model(), ModelRef.Kind.NUMBER, version.number());
    Path folder = versionFolder(version.model(), version.number());
    if (!validModel(version.model()) || !present(folder)) {
      throw notFound(ref);
    }
    requireFolders(folder);
    byte[] bytes;
    try {
      bytes = PackageFolder.bytes(folder.resolve(PackagePaths.MANIFEST));
    } catch (NoSuchFileException e) {
      throw new PackageCorruptException(
          folder + " holds no " + PackagePaths.MANIFEST + ", so it is no version", e);
    }
    String id = Sha256.id(bytes);
    if (!id.equals(version.id())) {
      throw new PackageCorruptException(
          version
              + " is asked for as "
              + version.id()
              + ", but the manifest in "
              + folder
              + " is "
              + id
              + ": its bytes changed");
    }
    Manifest manifest = Manifest.read(bytes, version + " " + PackagePaths.MANIFEST);
    if (!manifest.name().equals(version.model()) || !manifest.number().equals(version.number())) {
      throw new PackageCorruptException(
          "the manifest in "
              + folder
              + " is that of "
              + manifest.name()
              + ":"
              + manifest.number()
              + ", not of "
              + version);
    }
    PackageFolder.check(folder, manifest);
    try {
      return new OpenedVersion(version, manifest, PrivateCopy.of(version, folder, manifest, disk));
    } catch (PrivateCopy.ChangedException e) {
      throw PackageFolder.changed(folder, e.file(), e.sha256());
    }
  }

  /** The store's folder may be reached through links; what is below it may not. */
  private void requireFolders(Path folder) throws IOException {
    Path step = root;
    for (Path name : root.relativize(folder)) {
      step = step.resolve(name);
      if (!isFolder(step)) {
        throw new PackageCorruptException(
            step + " is no folder of its own but a link or a file; the store holds no links");
      }
    }
  }

  @Override
  public AliasLog alias(String model, String alias) {
    new ModelRef(model, ModelRef.Kind.ALIAS, alias);
    if (!validModel(model)) {
      throw new IllegalArgumentException(reserved(model));
    }
    Path folder = modelFolder(model).resolve(ALIASES).resolve(alias);
    return new DirectoryAliasLog(this, folder, model, alias);
  }

  @Override
  public Version publish(ModelPackage content) {
    List<String> problems = new ArrayList<>();
    if (!validModel(content.model())) {
      problems.add(reserved(content.model()));
    }
    PackageCheck.sources(content, problems);
    LineageFacts lineage = LineageFacts.of(content, problems);
    refuse(problems);
    Path folder = versionFolder(content.model(), content.number());
    try {
      return present(folder)
          ? compared(folder, content, manifest(content, measured(content)).bytes(lineage))
          : staged(folder, content, lineage);
    } catch (IOException e) {
      throw new StoreUnavailableException(
          "Cannot publish "
              + content.model()
              + ":"
              + content.number()
              + " in "
              + root
              + ": "
              + e
              + ". Nothing was published",
          e);
    }
  }

  private Version staged(Path folder, ModelPackage content, LineageFacts lineage)
      throws IOException {
    disk.createFolders(root);
    try (Staging staging = Staging.open(root, disk, clock.instant())) {
      List<Manifest.Entry> files = new ArrayList<>();
      for (ModelPackage.Source source : content.files()) {
        files.add(staging.copy(source));
      }
      for (PackagePart part : content.parts()) {
        files.add(staging.make(part));
      }
      Manifest manifest = manifest(content, files);
      byte[] bytes = checked(staging.folder(), manifest, lineage);
      staging.create(PackagePaths.MANIFEST, bytes);
      staging.force();
      Path versions = modelFolder(content.model()).resolve(VERSIONS);
      disk.createFolders(versions);
      try {
        disk.move(staging.folder(), folder);
      } catch (IOException e) {
        if (!present(folder)) {
          throw e;
        }
        return compared(folder, content, bytes); // another publisher was first
      }
      disk.force(versions);
      return new Version(content.model(), content.number(), Sha256.id(bytes));
    }
  }

  /** The manifest's bytes, when nothing speaks against publishing them. */
  private static byte[] checked(Path folder, Manifest manifest, LineageFacts lineage)
      throws IOException {
    List<String> problems = new ArrayList<>();
    PackageCheck.model(folder, manifest, problems);
    PackageCheck.golden(folder, manifest, problems);
    byte[] bytes = new byte[0];
    try {
      bytes = manifest.bytes(lineage);
      Manifest.read(bytes, PackagePaths.MANIFEST); // what is published can be opened
    } catch (IllegalArgumentException | PackageCorruptException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    refuse(problems);
    return bytes;
  }

  private static Version compared(Path folder, ModelPackage content, byte[] manifest)
      throws IOException {
    byte[] present;
    try {
      present = PackageFolder.bytes(folder.resolve(PackagePaths.MANIFEST));
    } catch (NoSuchFileException e) {
      throw new PackageCorruptException(
          folder
              + " is in the way: it holds no "
              + PackagePaths.MANIFEST
              + ", so it is no version; remove it",
          e);
    }
    String id = Sha256.id(present);
    Version version = new Version(content.model(), content.number(), id);
    String refused = Sha256.id(manifest);
    if (!id.equals(refused)) {
      throw new VersionExistsException(version, refused);
    }
    return version;
  }

  private static List<Manifest.Entry> measured(ModelPackage content) throws IOException {
    List<Manifest.Entry> files = new ArrayList<>();
    for (ModelPackage.Source source : content.files()) {
      files.add(Staging.measure(source));
    }
    for (PackagePart part : content.parts()) {
      files.add(Staging.measure(part));
    }
    return files;
  }

  private static Manifest manifest(ModelPackage content, List<Manifest.Entry> files) {
    String golden =
        content.goldenTolerance().isEmpty()
            ? null
            : content.files().stream()
                .filter(source -> source.role().equals(ModelPackage.GOLDEN_ROLE))
                .findFirst()
                .orElseThrow()
                .path();
    return new Manifest(
        content.model(),
        content.number(),
        content.createdAt().orElse(null),
        content.format(),
        content.entry(),
        files,
        content.schema(),
        golden,
        content.goldenTolerance().orElse(0));
  }

  private static void refuse(List<String> problems) {
    if (!problems.isEmpty()) {
      throw new InvalidSettingsException(problems);
    }
  }

  /** The id of the version in a folder, its bytes read only if they may have changed. */
  private Optional<String> id(Path folder) throws IOException {
    try {
      Path manifest = folder.resolve(PackagePaths.MANIFEST);
      BasicFileAttributes now =
          Files.readAttributes(manifest, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      Seen seen = ids.getIfPresent(folder);
      if (seen == null
          || !seen.modified().equals(now.lastModifiedTime())
          || seen.size() != now.size()
          || !Objects.equals(seen.key(), now.fileKey())) {
        String id = Sha256.id(PackageFolder.bytes(manifest, now));
        seen = new Seen(now.lastModifiedTime(), now.size(), now.fileKey(), id);
        ids.put(folder, seen);
      }
      return Optional.of(seen.id());
    } catch (NoSuchFileException | PackageCorruptException e) {
      return Optional.empty(); // no version that could be opened; asking for it by number says why
    } catch (FileSystemException e) {
      if (isFolder(folder)) {
        throw e;
      }
      return Optional.empty(); // a file of that name
    }
  }

  /** The numbers there are folders of, in order. */
  private List<String> numbers(Path versions, String model) throws IOException {
    List<String> numbers = new ArrayList<>();
    if (isFolder(versions)) {
      try (DirectoryStream<Path> folders = Files.newDirectoryStream(versions)) {
        for (Path folder : folders) {
          String number = String.valueOf(folder.getFileName());
          if (validNumber(model, number)) {
            numbers.add(number);
          }
        }
      } catch (NoSuchFileException e) {
        return List.of();
      }
    }
    numbers.sort(VersionOrder.INSTANCE);
    return numbers;
  }

  private void requireRoot() {
    if (!Files.isDirectory(root)) {
      throw new StoreUnavailableException(
          "Store folder "
              + root
              + " is not there. Publish a version to make it, mount it, or"
              + " check the path",
          null);
    }
  }

  private StoreUnavailableException unreadable(IOException e) {
    return new StoreUnavailableException("Cannot read the store in " + root + ": " + e, e);
  }

  /** Whether a path is a folder itself, not a link to one. */
  boolean isFolder(Path path) {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean present(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private Path modelFolder(String model) {
    Path folder = root;
    for (String part : model.split("/", -1)) {
      folder = folder.resolve(part);
    }
    return folder;
  }

  private Path versionFolder(String model, String number) {
    return modelFolder(model).resolve(VERSIONS).resolve(number);
  }

  private static boolean validModel(String model) {
    try {
      new ModelRef(model, ModelRef.Kind.ALIAS, ModelRef.DEFAULT_ALIAS);
    } catch (IllegalArgumentException e) {
      return false;
    }
    for (String part : model.split("/", -1)) {
      if (OURS.contains(part)) {
        return false;
      }
    }
    return true;
  }

  private static boolean validNumber(String model, String number) {
    try {
      new ModelRef(model, ModelRef.Kind.NUMBER, number);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String reserved(String model) {
    return "model name '"
        + model
        + "' cannot live in a directory store: '"
        + VERSIONS
        + "' and '"
        + ALIASES
        + "' are its own folders; choose another";
  }
}
