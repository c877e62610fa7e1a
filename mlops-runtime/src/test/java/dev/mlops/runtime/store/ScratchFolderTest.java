package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
final class ScratchFolderTest {
  @TempDir Path temp;

  @Test
  void make_any_onlyItsUserMayEnter() throws IOException {
    Assumptions.assumeTrue(
        temp.getFileSystem().supportedFileAttributeViews().contains("posix"),
        "no POSIX permissions here");
    try (ScratchFolder scratch = make()) {
      assertThat(scratch.content()).isEmptyDirectory();
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(scratch.content().getParent())))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void close_filesInIt_allGoneAndASecondTimeDoesNothing() throws IOException {
    ScratchFolder scratch = make();
    Files.writeString(
        Files.createDirectory(scratch.content().resolve("folder")).resolve("file"), "x");

    scratch.close();

    assertThat(temp).isEmptyDirectory();
    scratch.close();
  }

  @Test
  void make_whileAProcessLivesAndAfterItWasKilled_itsFolderKeptAndThenRemoved() throws Exception {
    Child child = new Child();
    Path held = Path.of(child.answer());
    Files.writeString(held.resolve("file"), "x");

    make().close();
    assertThat(held.resolve("file")).exists();
    child.kill();
    make().close();

    assertThat(temp).isEmptyDirectory();
  }

  /** A process that closes a channel of a file loses every lock it has on it. */
  @Test
  void make_severalInThisProcess_keptByOtherProcesses() throws Exception {
    try (ScratchFolder first = make();
        ScratchFolder second = make();
        ScratchFolder third = make()) {
      try (Child child = new Child()) {
        assertThat(child.answer()).startsWith(temp.toString());
      }
      for (ScratchFolder each : List.of(first, second, third)) {
        assertThat(each.content()).exists();
      }
    }
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void make_folderOfAProcessKilledBeforeItHadALock_removed() throws IOException {
    Files.createDirectory(temp.resolve("mlops-1"));

    make().close();

    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void make_whatIsCalledLikeOneAndIsNone_leftAlone() throws IOException {
    Path precious = Files.createDirectory(temp.resolve("precious"));
    Files.writeString(Files.createDirectory(precious.resolve("files")).resolve("file"), "x");
    Files.createSymbolicLink(temp.resolve("mlops-link"), precious);
    Files.writeString(temp.resolve("mlops-file"), "x");
    Path project = Files.createDirectory(temp.resolve("mlops-project"));
    Files.writeString(Files.createDirectory(project.resolve("files")).resolve("file"), "x");

    make().close();

    assertThat(project.resolve("files/file")).exists();
    assertThat(project).isDirectoryNotContaining("glob:**.lock");
    assertThat(precious.resolve("files/file")).exists();
    assertThat(temp.resolve("mlops-link")).isSymbolicLink();
    assertThat(temp.resolve("mlops-file")).exists();
  }

  @Test
  void make_folderOfAnotherUser_leftAlone() throws IOException {
    Path left = Files.createDirectory(temp.resolve("mlops-left"));
    try {
      Files.setAttribute(left, "unix:uid", 12_345);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      Assumptions.abort("no right to give a folder to another user here: " + e);
    }

    make().close();

    assertThat(left).exists();
  }

  @Test
  void make_sweptBeforeItIsLocked_makesAnother() throws IOException {
    Disk swept =
        new TemporaryDisk(temp) {
          private boolean done;

          @Override
          FileChannel openLock(Path file) throws IOException {
            if (!done) {
              done = true;
              Files.delete(file.getParent());
            }
            return super.openLock(file);
          }
        };

    try (ScratchFolder scratch = ScratchFolder.make(swept)) {
      assertThat(scratch.content()).isEmptyDirectory();
    }

    assertThat(temp).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"jvm.lock", "process.lock"})
  void make_sweptWhileItIsLocked_makesAnother(String lock) throws IOException {
    List<Path> opened = new ArrayList<>();
    Disk swept =
        new TemporaryDisk(temp) {
          @Override
          FileChannel openLock(Path file) throws IOException {
            FileChannel channel = super.openLock(file);
            if (file.endsWith(lock)) {
              opened.add(file);
              if (opened.size() == 1) {
                Files.delete(file);
              }
            }
            return channel;
          }
        };

    try (ScratchFolder scratch = ScratchFolder.make(swept)) {
      assertThat(scratch.content().getParent()).isNotEqualTo(opened.get(0).getParent());
    }
  }

  @Test
  void make_sweptAgainAndAgain_failsInTheEnd() {
    Disk swept =
        new TemporaryDisk(temp) {
          @Override
          FileChannel openLock(Path file) throws IOException {
            Files.delete(file.getParent());
            return super.openLock(file);
          }
        };

    assertThatThrownBy(() -> ScratchFolder.make(swept))
        .isInstanceOf(IOException.class)
        .hasMessage("other processes removed 1000 new folders in " + temp);
  }

  @Test
  void make_linkInPlaceOfTheLock_notFollowed() throws IOException {
    Path left = Files.createDirectory(temp.resolve("mlops-left"));
    Path outside = temp.resolve("outside");
    Files.createSymbolicLink(left.resolve("jvm.lock"), outside);

    make().close();

    assertThat(outside).doesNotExist();
  }

  @Test
  void close_contentCannotBeRemoved_nextOneDoes() throws IOException {
    Disk stuck =
        new TemporaryDisk(temp) {
          @Override
          void remove(Path fileOrFolder) throws IOException {
            throw new IOException("in use (in a test)");
          }
        };
    ScratchFolder scratch = ScratchFolder.make(stuck);
    Files.writeString(scratch.content().resolve("file"), "x");

    scratch.close();

    assertThat(scratch.content().resolve("file")).exists();
    make().close();
    assertThat(temp).isEmptyDirectory();
  }

  /* A sweeper takes a new folder before its maker has locked it, and the maker comes as it lets go. */
  @Test
  void close_somebodyTookTheFolderMeanwhile_leavesItToHim() throws IOException {
    Disk slow =
        new TemporaryDisk(temp) {
          @Override
          void removeEmpty(Path folder) throws IOException {
            Files.writeString(folder.resolve("jvm.lock"), "");
            super.removeEmpty(folder);
          }
        };
    ScratchFolder scratch = ScratchFolder.make(slow);
    Path folder = scratch.content().getParent();

    scratch.close();

    assertThat(folder.resolve("jvm.lock")).exists();
  }

  @Test
  void make_temporaryFolderAbsent_saysSo() {
    assertThatThrownBy(() -> ScratchFolder.make(new TemporaryDisk(temp.resolve("absent"))))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("absent");
  }

  @Test
  void make_threadsAndAnotherProcessAtOnce_eachKeepsItsOwn() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try (Child child = new Child("100")) {
      List<Future<?>> made = new ArrayList<>();
      for (int thread = 0; thread < 3; thread++) {
        made.add(
            threads.submit(
                () -> {
                  ScratchHolder.use(temp, 100);
                  return null;
                }));
      }
      for (Future<?> each : made) {
        each.get(60, TimeUnit.SECONDS);
      }
      assertThat(child.answer()).isEqualTo("100 used");
    } finally {
      threads.shutdownNow();
    }
    assertThat(temp).isEmptyDirectory();
  }

  private ScratchFolder make() throws IOException {
    return ScratchFolder.make(new TemporaryDisk(temp));
  }

  /** Another process: makes a folder and holds it, or makes and uses many one after the other. */
  private final class Child implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;

    Child(String... times) throws IOException {
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  ScratchHolder.class.getName(),
                  temp.toString()));
      command.addAll(List.of(times));
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    String answer() throws IOException {
      return String.valueOf(out.readLine());
    }

    void kill() {
      process.destroyForcibly().onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() throws IOException {
      process.getOutputStream().close(); // it ends
      process
          .onExit()
          .orTimeout(60, TimeUnit.SECONDS)
          .handle((p, e) -> process.destroyForcibly())
          .join();
    }
  }
}
