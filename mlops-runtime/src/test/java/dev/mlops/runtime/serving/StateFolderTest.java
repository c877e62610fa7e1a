package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.model.ModelRef;
import dev.mlops.store.StoreUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What outlives a process, as docs/formats/route-state.md says. */
class StateFolderTest {
  private static final ModelRef ROUTE = ModelRef.parse("storms@champion");
  private static final String ID =
      "sha256:21590f7954d75c6811291dccd4b379bdea730504903483192c652ea7de39fd52";
  private static final RouteState STATE =
      new RouteState(
          2, 2, Optional.of("1.0.0"), Optional.of("precision fell"), Optional.of(ID), Set.of(ID));

  @TempDir private Path folder;

  private StateFolder folder() {
    return new StateFolder(Optional.of(folder));
  }

  @Test
  void write_state_isTheDocumentedText() throws Exception {
    folder().write(ROUTE, STATE, () -> {});
    String page = Files.readString(Path.of("..", "docs", "formats", "route-state.md"));
    String shown = page.substring(page.indexOf("```json\n") + 8, page.lastIndexOf("\n```"));
    assertThat(Files.readString(folder.resolve("storms/@champion.json"))).isEqualTo(shown);
    assertThat(folder.resolve("storms").toFile().list()).containsExactly("@champion.json");
  }

  @Test
  void read_whatWasWritten_isTheSame() {
    folder().write(ROUTE, STATE, () -> {});
    assertThat(folder().read(ROUTE)).isEqualTo(STATE);
    folder().write(ROUTE, RouteState.NEW.following(3, ID), () -> {});
    assertThat(folder().read(ROUTE)).isEqualTo(RouteState.NEW.following(3, ID));
  }

  @Test
  void read_nothingThere_isNew() {
    assertThat(folder().read(ROUTE)).isEqualTo(RouteState.NEW);
    StateFolder none = new StateFolder(Optional.empty());
    none.write(ROUTE, STATE, () -> {});
    assertThat(none.read(ROUTE)).isEqualTo(RouteState.NEW);
  }

  @Test
  void read_anotherFormOrNoJson_saysWhatToDo() throws Exception {
    Path file = folder.resolve("storms/@champion.json");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{\"schema\":\"mlops.route-state/2\"}");
    assertThatThrownBy(() -> folder().read(ROUTE))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("schema is \"mlops.route-state/2\", wanted mlops.route-state/1")
        .hasMessageContaining(
            "Remove the file to forget this process's rollbacks, or bring it back");
    Files.writeString(file, "not json");
    assertThatThrownBy(() -> folder().read(ROUTE)).isInstanceOf(StoreUnavailableException.class);
  }

  /** One byte of a ban, of a revision, of anything. */
  @Test
  void read_anyByteChanged_isRefused() throws Exception {
    folder().write(ROUTE, STATE, () -> {});
    Path file = folder.resolve("storms/@champion.json");
    byte[] bytes = Files.readAllBytes(file);
    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      if (Character.isWhitespace(bytes[i]) && Character.isWhitespace(changed[i])) {
        continue;
      }
      Files.write(file, changed);
      assertThatThrownBy(() -> folder().read(ROUTE))
          .as("byte " + i)
          .isInstanceOf(StoreUnavailableException.class);
    }
  }

  @Test
  void read_stateOfAnotherRoute_isRefused() throws Exception {
    folder().write(ModelRef.parse("storms@other"), STATE, () -> {});
    Files.move(folder.resolve("storms/@other.json"), folder.resolve("storms/@champion.json"));
    assertThatThrownBy(() -> folder().read(ROUTE)).hasMessageContaining("it is that of");
  }
}
