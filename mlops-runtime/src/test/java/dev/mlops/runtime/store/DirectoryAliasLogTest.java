package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mlops.model.Version;
import dev.mlops.store.AliasConflictException;
import dev.mlops.store.AliasLog;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DirectoryAliasLogTest {
  private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

  @TempDir Path root;
  private Version first;
  private Version second;
  private AliasLog alias;

  @BeforeEach
  void publish() {
    DirectoryModelStore store = store(new Disk());
    first = store.publish(StormsPackage.of("1.0.0", 1).build());
    second = store.publish(StormsPackage.of("2.0.0", 2).build());
    alias = store.alias("storms", "champion");
  }

  @Test
  void head_neverMoved_empty() {
    assertThat(alias.head()).isEmpty();
    assertThat(alias.history()).isEmpty();
  }

  @Test
  void moveTo_twice_twoRevisions() {
    Revision one = alias.moveTo("1.0.0", "ci", "first");
    Revision two = alias.moveTo("2.0.0", "anna", "better");

    assertThat(one).isEqualTo(new Revision(1, first, "ci", "first", NOW));
    assertThat(two).isEqualTo(new Revision(2, second, "anna", "better", NOW));
    assertThat(alias.head()).hasValue(two);
    assertThat(alias.history()).containsExactly(one, two);
    assertThat(root.resolve(".staging")).isEmptyDirectory();
  }

  @Test
  void moveTo_versionNotThere_notFoundAndNothingMoved() {
    assertThatThrownBy(() -> alias.moveTo("3.0.0", "ci", "?"))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageStartingWith("No storms:3.0.0; the store holds [1.0.0, 2.0.0]");
    assertThat(alias.head()).isEmpty();
  }

  @Test
  void moveTo_seenNoLongerInForce_conflictWithTheHead() {
    Revision one = alias.moveTo(0, "1.0.0", "ci", "first");

    AliasConflictException conflict =
        catchThrowableOfType(
            AliasConflictException.class, () -> alias.moveTo(0, "2.0.0", "anna", "better"));

    assertThat(conflict.head()).hasValue(one);
    assertThat(conflict)
        .hasMessage(
            "storms@champion was to move from revision 0, but revision 1 is in force:"
                + " storms:1.0.0, moved by ci (first). Look at it and decide again");
    assertThat(alias.history()).containsExactly(one);
    assertThat(alias.moveTo(1, "2.0.0", "anna", "better").revision()).isEqualTo(2);
    assertThatThrownBy(() -> alias.moveTo(7, "2.0.0", "anna", "better"))
        .isInstanceOf(AliasConflictException.class);
  }

  @Test
  void moveTo_beatenAtTheLink_conflictOrNextNumber() {
    Disk slow =
        new Disk() {
          private int left = 1;

          @Override
          void link(Path file, Path name) throws IOException {
            if (left-- > 0) {
              alias.moveTo("1.0.0", "other", "was first");
            }
            super.link(file, name);
          }
        };

    AliasLog beaten = store(slow).alias("storms", "champion");
    assertThat(beaten.moveTo("2.0.0", "anna", "better").revision()).isEqualTo(2);

    assertThat(alias.history()).extracting(Revision::actor).containsExactly("other", "anna");
  }

  @Test
  void moveTo_beatenAtTheLinkWithSeen_conflict() {
    Disk slow =
        new Disk() {
          @Override
          void link(Path file, Path name) throws IOException {
            alias.moveTo("1.0.0", "other", "was first");
            super.link(file, name);
          }
        };

    AliasConflictException conflict =
        catchThrowableOfType(
            AliasConflictException.class,
            () -> store(slow).alias("storms", "champion").moveTo(0, "2.0.0", "anna", "better"));

    assertThat(conflict.head().orElseThrow().actor()).isEqualTo("other");
    assertThat(alias.history()).hasSize(1);
  }

  @Test
  void moveTo_beatenForEver_givesUpAfter16() {
    Disk beaten =
        new Disk() {
          @Override
          void link(Path file, Path name) throws IOException {
            alias.moveTo("1.0.0", "other", "was first");
            super.link(file, name);
          }
        };

    assertThatThrownBy(
            () -> store(beaten).alias("storms", "champion").moveTo("2.0.0", "anna", "better"))
        .isInstanceOf(AliasConflictException.class);

    assertThat(alias.history()).hasSize(16);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void moveTo_noHardLinks_claimsByFolder(boolean unsupported) {
    AliasLog linkless = store(withoutLinks(unsupported)).alias("storms", "champion");

    linkless.moveTo("1.0.0", "ci", "first");
    linkless.moveTo("2.0.0", "ci", "second");

    assertThat(alias.history()).extracting(Revision::reason).containsExactly("first", "second");
    assertThat(root.resolve("storms/aliases/champion"))
        .isDirectoryNotContaining(path -> path.toString().endsWith(".claim"));
  }

  @Test
  void moveTo_noHardLinksAndTaken_neverReplaced() {
    Disk beaten =
        new Disk() {
          @Override
          void link(Path file, Path name) {
            alias.moveTo("1.0.0", "other", "was first");
            throw new UnsupportedOperationException();
          }
        };

    assertThatThrownBy(
            () -> store(beaten).alias("storms", "champion").moveTo(0, "2.0.0", "anna", "better"))
        .isInstanceOf(AliasConflictException.class);

    assertThat(alias.history()).extracting(Revision::actor).containsExactly("other");
  }

  @Test
  void moveTo_noHardLinksAndClaimed_unavailableAndToldWhy() throws IOException {
    Path claim = root.resolve("storms/aliases/champion/0000000001.json.claim");
    Files.createDirectories(claim);

    assertThatThrownBy(
            () ->
                store(withoutLinks(true))
                    .alias("storms", "champion")
                    .moveTo("1.0.0", "ci", "first"))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageEndingWith(
            "another process is moving it; if none is, remove the folder " + claim);
    assertThat(alias.head()).isEmpty();
  }

  @Test
  void head_gap_corrupt() throws IOException {
    moveThrice();
    Files.delete(file(2));

    assertCorrupt(
        "storms@champion: revision 2 is missing in "
            + file(1).getParent()
            + ", which holds 2 up to 3; revisions are numbered without gaps and never removed");
  }

  @Test
  void head_forgedHugeNumber_corrupt() throws IOException {
    moveThrice();
    Files.copy(file(3), file(9_999_999_999L));

    assertThatThrownBy(alias::head)
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("revision 4 is missing")
        .hasMessageContaining("which holds 4 up to 9999999999");
  }

  @Test
  void history_anyByteOfAnyRevisionFlipped_corrupt() throws IOException {
    moveThrice();
    for (long revision = 1; revision <= 2; revision++) {
      byte[] good = Files.readAllBytes(file(revision));
      for (int i = 0; i < good.length; i++) {
        byte[] bad = good.clone();
        bad[i] ^= 1;
        StoreTree.overwrite(file(revision), bad);
        assertThatThrownBy(alias::history)
            .as("byte %s of revision %s", i, revision)
            .isInstanceOf(PackageCorruptException.class);
      }
      StoreTree.overwrite(file(revision), good);
    }
    assertThat(alias.history()).hasSize(3);
  }

  @Test
  void head_revisionBeforeIsAnother_corrupt() throws IOException {
    moveThrice();
    String text = Files.readString(file(2));
    Files.writeString(file(2), text.replace("second", "sexond"));

    assertThatThrownBy(alias::head)
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageMatching(
            "storms@champion revision 3: previousRevisionSha256 was \"[0-9a-f]{64}\" but must be"
                + " [0-9a-f]{64}, the SHA-256 of revision 2");
  }

  @Test
  void head_revisionOfAnotherNumberModelOrAlias_corrupt() throws IOException {
    alias.moveTo("1.0.0", "ci", "first");
    String text = Files.readString(file(1));

    for (String[] change :
        new String[][] {
          {
            "\"revision\": 1",
            "\"revision\": 2",
            "revision was 2 but must be 1, as its file is" + " called"
          },
          {"\"storms\"", "\"rain\"", "name was \"rain\" but must be storms"},
          {"\"champion\"", "\"other\"", "alias was \"other\" but must be champion"},
          {
            "mlops.alias/1",
            "mlops.alias/9",
            "schema was \"mlops.alias/9\" but must be" + " mlops.alias/1"
          },
          {"\"actor\"", "\"author\"", "actor is missing; it must be a text"},
          {
            "\"id\": \"sha256:",
            "\"id\": \"sha512:",
            "version id 'sha512:"
                + first.id().substring(7)
                + "' is not valid: wanted sha256: and 64 lower-case hex digits"
          },
          {
            "2026-11-24T12:00:00Z",
            "now",
            "time was \"now\" but must be a UTC time such as" + " \"2026-11-24T00:00:00Z\""
          },
          {
            "\"actor\"",
            "\"previousRevisionSha256\": \"\", \"actor\"",
            "previousRevisionSha256 was \"\" but must be absent in revision 1"
          },
        }) {
      Files.writeString(file(1), text.replace(change[0], change[1]));
      assertThatThrownBy(alias::head)
          .isInstanceOf(PackageCorruptException.class)
          .hasMessage("storms@champion revision 1: " + change[2]);
    }
  }

  @Test
  void head_linkInsteadOfRevision_corrupt() throws IOException {
    alias.moveTo("1.0.0", "ci", "first");
    Path elsewhere = Files.move(file(1), root.resolve("elsewhere.json"));
    Files.createSymbolicLink(file(1), elsewhere);

    assertThatThrownBy(alias::head)
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageEndingWith("is a link; a package holds regular files only");
  }

  @Test
  void alias_badName_illegal() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store(new Disk()).alias("storms", "../champion"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store(new Disk()).alias("Storms", "champion"));
  }

  private void moveThrice() {
    alias.moveTo("1.0.0", "ci", "first");
    alias.moveTo("2.0.0", "ci", "second");
    alias.moveTo("1.0.0", "ci", "third");
  }

  private void assertCorrupt(String message) {
    assertThatThrownBy(alias::head).isInstanceOf(PackageCorruptException.class).hasMessage(message);
    assertThatThrownBy(alias::history).isInstanceOf(PackageCorruptException.class);
    assertThatThrownBy(() -> alias.moveTo("1.0.0", "ci", "next"))
        .isInstanceOf(PackageCorruptException.class);
  }

  private Path file(long revision) {
    return root.resolve("storms/aliases/champion/%010d.json".formatted(revision));
  }

  private DirectoryModelStore store(Disk disk) {
    InstantSource clock = InstantSource.fixed(NOW);
    return new DirectoryModelStore(root, clock, disk);
  }

  private static Disk withoutLinks(boolean unsupported) {
    return new Disk() {
      @Override
      void link(Path file, Path name) throws IOException {
        if (unsupported) {
          throw new UnsupportedOperationException();
        }
        throw new FileSystemException(file.toString(), name.toString(), "not permitted");
      }
    };
  }
}
