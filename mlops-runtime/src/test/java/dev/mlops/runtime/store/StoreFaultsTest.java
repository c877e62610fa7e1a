package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.model.ModelPackage;
import dev.mlops.model.Version;
import dev.mlops.runtime.memory.ProcessMemory;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A publication or a move that fails at any of its writes leaves the store as it was, and a version
 * that cannot be copied to be opened leaves nothing behind.
 */
final class StoreFaultsTest {
  @TempDir Path temp;
  private Path root;
  private Map<String, String> before = Map.of();

  @BeforeEach
  void publishFirst() throws IOException {
    root = temp.resolve("models");
    DirectoryModelStore store = DirectoryModelStore.at(root);
    store.publish(StormsPackage.of("1.0.0", 1).build());
    store.alias("storms", "champion").moveTo("1.0.0", "ci", "first");
    before = StoreTree.of(root);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void publish_anyWriteFails_storeAsItWas(boolean forGood) throws IOException {
    ModelPackage second =
        StormsPackage.of("2.0.0", 2).golden(StormsPackage.golden(temp, 2), 1e-5).build();
    int step = 1;
    while (true) {
      FailingDisk disk = new FailingDisk(step, forGood);
      DirectoryModelStore store = new DirectoryModelStore(root, InstantSource.system(), disk);
      try {
        store.publish(second);
        break;
      } catch (StoreUnavailableException e) {
        assertThat(e).hasMessageStartingWith("Cannot publish storms:2.0.0 in " + root);
        if (disk.failed.equals("force versions")) {
          break; // the rename was the publication: the version is there, as the next check says
        }
        assertThat(StoreTree.of(root)).as("after failing to %s", disk.failed).isEqualTo(before);
        assertThat(root.resolve(".staging")).isEmptyDirectory();
      }
      step++;
    }

    DirectoryModelStore store = DirectoryModelStore.at(root);
    Version version = store.publish(second);
    store.open(version).close();
    assertThat(store.versions("storms")).hasSize(2);
    assertThat(step).isGreaterThanOrEqualTo(8); // 3 files whole and in part, folders, the rename
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void moveTo_anyWriteFails_aliasAsItWas(boolean forGood) throws IOException {
    int step = 1;
    while (true) {
      FailingDisk disk = new FailingDisk(step, forGood);
      DirectoryModelStore store = new DirectoryModelStore(root, InstantSource.system(), disk);
      try {
        store.alias("storms", "champion").moveTo("1.0.0", "ci", "second");
        break;
      } catch (StoreUnavailableException e) {
        if (disk.failed.equals("force champion")) {
          break; // the link was the move: the revision is there
        }
        assertThat(StoreTree.of(root)).as("after failing to %s", disk.failed).isEqualTo(before);
        assertThat(root.resolve(".staging")).isEmptyDirectory();
      }
      step++;
    }

    assertThat(DirectoryModelStore.at(root).alias("storms", "champion").history())
        .extracting(Revision::reason)
        .containsExactly("first", "second");
    assertThat(step).isGreaterThanOrEqualTo(3);
  }

  @Test
  void publish_cannotEvenCleanUp_nextPublisherDoes() throws IOException {
    Disk stuck =
        new FailingDisk(5, true) {
          @Override
          void remove(Path fileOrFolder) throws IOException {
            throw new IOException("read-only file system");
          }
        };
    ModelPackage second = StormsPackage.of("2.0.0", 2).build();

    assertThatThrownBy(
            () -> new DirectoryModelStore(root, InstantSource.system(), stuck).publish(second))
        .isInstanceOf(StoreUnavailableException.class);

    DirectoryModelStore store = DirectoryModelStore.at(root);
    assertThat(store.models()).containsExactly("storms");
    assertThat(store.versions("storms")).hasSize(1);
    assertThat(root.resolve(".staging")).isNotEmptyDirectory();
    InstantSource tomorrow = () -> InstantSource.system().instant().plusSeconds(90_000);
    new DirectoryModelStore(root, tomorrow, new Disk()).publish(second);
    assertThat(root.resolve(".staging")).isEmptyDirectory();
  }

  @Test
  void publish_diskFullAtAnyPage_storeAsItWas() throws Exception {
    Path disk = Files.createDirectory(temp.resolve("disk"));
    mount(disk);
    try {
      Path small = disk.resolve("models");
      DirectoryModelStore store = DirectoryModelStore.at(small);
      store.publish(StormsPackage.of("1.0.0", 1).build());
      store.alias("storms", "champion").moveTo("1.0.0", "ci", "first");
      Map<String, String> held = StoreTree.of(small);
      ModelPackage second =
          StormsPackage.of("2.0.0", 2).golden(StormsPackage.golden(temp, 2), 1e-5).build();
      int refused = 0;
      for (int pages = 0; ; pages++) {
        Path filler = disk.resolve("filler");
        fill(filler);
        shrink(filler, pages * 4096L);
        try {
          store.publish(second);
          break;
        } catch (StoreUnavailableException e) {
          refused++;
          assertThat(e).hasMessageContaining("No space left on device");
          assertThat(StoreTree.of(small)).isEqualTo(held);
          assertThat(small.resolve(".staging")).isEmptyDirectory();
          assertThat(store.versions("storms")).hasSize(1);
        }
      }
      assertThat(refused).isGreaterThan(10); // 34 kB of model, 4 of golden records, the manifest
      assertThat(store.versions("storms")).hasSize(2);
      fill(disk.resolve("filler"));
      assertThatThrownBy(() -> store.alias("storms", "champion").moveTo("2.0.0", "ci", "second"))
          .isInstanceOf(StoreUnavailableException.class);
      Files.delete(disk.resolve("filler"));
      assertThat(store.alias("storms", "champion").history()).hasSize(1);
      assertThat(store.alias("storms", "champion").moveTo("2.0.0", "ci", "second").revision())
          .isEqualTo(2);
    } finally {
      run("umount", disk.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void open_anyWriteFails_unavailableAndNothingLeft(boolean forGood) throws IOException {
    Path temporary = Files.createDirectory(temp.resolve("tmp"));
    Version version =
        DirectoryModelStore.at(root)
            .publish(
                StormsPackage.of("2.0.0", 2).golden(StormsPackage.golden(temp, 2), 1e-5).build());
    int step = 1;
    while (true) {
      Disk disk =
          new FailingDisk(step, forGood) {
            @Override
            Path temporary() {
              return temporary;
            }
          };
      DirectoryModelStore store = new DirectoryModelStore(root, InstantSource.system(), disk);
      try (StoredVersion opened = store.open(version)) {
        assertThat(opened.model()).hasSameBinaryContentAs(StormsPackage.model(2));
        break;
      } catch (StoreUnavailableException e) {
        assertThat(temporary).isEmptyDirectory();
        assertThat(e)
            .hasMessageStartingWith(
                "Cannot copy storms:2.0.0 to a folder of its own in " + temporary + ", which takes")
            .hasMessageContaining("No space left on device")
            .hasMessageEndingWith(
                "Make room there, or set java.io.tmpdir to a folder that this process may write"
                    + " to. Nothing was left there");
      }
      step++;
    }

    assertThat(step).isEqualTo(9); // the folder, two locks, the folder in it, two files twice
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void open_temporaryFolderFullAtAnyPage_unavailableAndNothingLeft() throws Exception {
    Path mounted = Files.createDirectory(temp.resolve("disk"));
    mount(mounted);
    try {
      Path temporary = Files.createDirectory(mounted.resolve("tmp"));
      DirectoryModelStore store =
          new DirectoryModelStore(root, InstantSource.system(), new TemporaryDisk(temporary));
      Version version =
          store.publish(
              StormsPackage.of("2.0.0", 2).golden(StormsPackage.golden(temp, 2), 1e-5).build());
      StoredVersion serves = store.open(store.versions("storms").get(0));
      int refused = 0;
      int told = 0;
      for (int pages = 0; ; pages++) {
        Path filler = mounted.resolve("filler");
        fill(filler);
        shrink(filler, pages * 4096L);
        try (StoredVersion opened = store.open(version)) {
          assertThat(opened.model()).hasSameBinaryContentAs(StormsPackage.model(2));
          break;
        } catch (StoreUnavailableException e) {
          refused++;
          told += String.valueOf(e.getMessage()).contains("bytes are free there") ? 1 : 0;
          try (var left = Files.list(temporary)) {
            assertThat(left).containsExactly(serves.folder().getParent());
          }
        }
      }
      assertThat(refused).isGreaterThan(5); // 34 kB of model, 4 of golden records
      assertThat(told).isGreaterThan(5);
      assertThat(serves.model()).hasSameBinaryContentAs(StormsPackage.model(1));
      serves.close();
      assertThat(temporary).isEmptyDirectory();
    } finally {
      run("umount", mounted.toString());
    }
  }

  /**
   * A folder in memory takes from the limit of the container, and whoever passes that is killed.
   */
  @Test
  void open_temporaryFolderInMemoryThatIsShort_unavailableAndNothingLeft() throws IOException {
    Path temporary = Files.createDirectory(temp.resolve("tmp"));
    DirectoryModelStore store =
        new DirectoryModelStore(
            root,
            InstantSource.system(),
            new TemporaryDisk(temporary) {
              @Override
              Optional<ProcessMemory.Room> memoryOf(Path folder) {
                return Optional.of(new ProcessMemory.Room(1000, 900, "the container's limit"));
              }
            });
    Version version = store.versions("storms").get(0);

    assertThatThrownBy(() -> store.open(version))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("it lies in memory, and 100 bytes are free of the container's limit");
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void memoryOf_aFolderInMemory_isThatOfTheProcess() {
    Path memory = Path.of("/dev/shm");
    assumeTrue(Files.isDirectory(memory), "skipped: no /dev/shm here");
    assertThat(new TemporaryDisk(memory).memoryOf(memory)).isPresent();
    assertThat(new TemporaryDisk(temp).memoryOf(temp.resolve("absent"))).isEmpty();
  }

  @Test
  void open_temporaryFolderAbsent_unavailable() {
    Path absent = temp.resolve("absent");
    DirectoryModelStore store =
        new DirectoryModelStore(root, InstantSource.system(), new TemporaryDisk(absent));
    Version version = store.versions("storms").get(0);

    assertThatThrownBy(() -> store.open(version))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageStartingWith("Cannot copy storms:1.0.0 to a folder of its own in " + absent)
        .hasMessageContaining("NoSuchFileException");
  }

  /** The size of every file was looked at before; what counts are the bytes of the copy. */
  @Test
  void open_fileChangesWhileItIsCopied_corruptAndNothingLeft() throws IOException {
    Path temporary = Files.createDirectory(temp.resolve("tmp"));
    Path served = root.resolve("storms/versions/1.0.0/model.onnx");
    DirectoryModelStore store =
        new DirectoryModelStore(
            root,
            InstantSource.system(),
            new TemporaryDisk(temporary) {
              @Override
              void createTemporary(Path file, Content content) throws IOException {
                byte[] bytes = Files.readAllBytes(served);
                bytes[bytes.length - 1] ^= 1;
                Files.write(served, bytes);
                super.createTemporary(file, content);
              }
            });
    Version version = store.versions("storms").get(0);

    assertThatThrownBy(() -> store.open(version))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("file model.onnx has SHA-256")
        .hasMessageEndingWith("publish it again from its source");
    assertThat(temporary).isEmptyDirectory();
  }

  private static void mount(Path disk) throws Exception {
    int result;
    try {
      result = run("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk.toString());
    } catch (IOException e) {
      result = -1;
    }
    Assumptions.assumeTrue(
        result == 0, "a small tmpfs cannot be mounted here; it takes Linux and the right to mount");
  }

  private static int run(String... command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  /** Writes until nothing more goes on the disk. */
  private static void fill(Path file) throws IOException {
    Files.deleteIfExists(file);
    try (var out = Files.newOutputStream(file)) {
      byte[] page = new byte[4096];
      while (true) {
        out.write(page);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
  }

  private static void shrink(Path file, long by) throws IOException {
    try (var channel = Files.newByteChannel(file, java.nio.file.StandardOpenOption.WRITE)) {
      channel.truncate(Math.max(0, channel.size() - by));
    }
  }

  /** Fails at the n-th write, once or from then on; half of a file's bytes are written before. */
  private static class FailingDisk extends Disk {
    private final int at;
    private final boolean forGood;
    private int step;
    private String failed = "";

    FailingDisk(int at, boolean forGood) {
      this.at = at;
      this.forGood = forGood;
    }

    @Override
    void create(Path file, Content content) throws IOException {
      step("create " + file.getFileName());
      super.create(
          file,
          out -> {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            content.writeTo(all);
            out.write(all.toByteArray(), 0, all.size() / 2);
            step("write " + file.getFileName());
            out.write(all.toByteArray(), all.size() / 2, all.size() - all.size() / 2);
          });
    }

    @Override
    void createTemporary(Path file, Content content) throws IOException {
      step("create " + file.getFileName());
      super.createTemporary(
          file,
          out -> {
            content.writeTo(out);
            step("write " + file.getFileName());
          });
    }

    @Override
    Path createPrivateFolder(Path parent, String prefix) throws IOException {
      step("create a folder in " + parent.getFileName());
      return super.createPrivateFolder(parent, prefix);
    }

    @Override
    FileChannel openLock(Path file) throws IOException {
      step("create " + file.getFileName());
      return super.openLock(file);
    }

    @Override
    Path createTemporaryFolder(Path parent, String prefix) throws IOException {
      step("create a folder in " + parent.getFileName());
      return super.createTemporaryFolder(parent, prefix);
    }

    @Override
    void createFolders(Path folder) throws IOException {
      step("create folders down to " + folder.getFileName());
      super.createFolders(folder);
    }

    @Override
    void createFolder(Path folder) throws IOException {
      step("create " + folder.getFileName());
      super.createFolder(folder);
    }

    @Override
    void force(Path folder) throws IOException {
      step("force " + folder.getFileName());
      super.force(folder);
    }

    @Override
    void move(Path from, Path to) throws IOException {
      step("move to " + to.getFileName());
      super.move(from, to);
    }

    @Override
    void link(Path file, Path name) throws IOException {
      step("link to " + name.getFileName());
      super.link(file, name);
    }

    private void step(String what) throws IOException {
      step++;
      if (step == at || (forGood && step > at)) {
        if (failed.isEmpty()) {
          failed = what;
        }
        throw new IOException("No space left on device (in a test)");
      }
    }
  }
}
