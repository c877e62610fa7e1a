package dev.mlops.runtime.serving;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mlops.model.ModelRef;
import dev.mlops.store.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps each route's state in a file of its own, replaced whole, so that a restart does not undo a
 * rollback. The form is described in {@code docs/formats/route-state.md}. Without a folder nothing
 * is kept.
 */
class StateFolder {
  private static final String FORM = "mlops.route-state/1";

  private final @Nullable Path folder;

  /** Whether what is decided may still be kept. */
  interface Open {
    /** Throws if the route is closed: then nothing is to be written any more. */
    void requireOpen();
  }

  StateFolder(Optional<Path> folder) {
    this.folder = folder.orElse(null);
  }

  RouteState read(ModelRef route) {
    Path file = file(route);
    if (file == null || !Files.exists(file)) {
      return RouteState.NEW;
    }
    try {
      ObjectMapper json = json();
      JsonNode node = json.readTree(Files.readAllBytes(file));
      if (!node.path("schema").asText().equals(FORM)) {
        throw new IOException("schema is " + node.path("schema") + ", wanted " + FORM);
      }
      ObjectNode all = (ObjectNode) node;
      JsonNode sha256 = all.remove("sha256");
      if (sha256 == null || !sha256.asText().equals(sha256(json, all))) {
        throw new IOException("its sha256 is not that of what it says: it was changed or damaged");
      }
      if (!node.path("route").asText().equals(route.toString())) {
        throw new IOException("it is that of " + node.path("route"));
      }
      Set<String> passed = new HashSet<>();
      node.path("passed").forEach(id -> passed.add(id.asText()));
      return new RouteState(
          node.path("decided").asLong(),
          node.path("highest").asLong(),
          text(node, "override"),
          text(node, "reason"),
          text(node, "banned"),
          passed);
    } catch (IOException e) {
      throw new StoreUnavailableException(
          "the state of "
              + route
              + " in "
              + file
              + " cannot be read: "
              + e.getMessage()
              + ". Remove the file to forget this process's rollbacks, or bring it back",
          e);
    }
  }

  /**
   * Writes a route's state.
   *
   * @param last asked when it is on the disk and before it takes the place of what is there; what
   *     it throws leaves that as it was
   */
  void write(ModelRef route, RouteState state, Open last) {
    Path file = file(route);
    if (file == null) {
      return;
    }
    ObjectMapper json = json();
    ObjectNode node = json.createObjectNode();
    node.put("schema", FORM);
    node.put("route", route.toString());
    node.put("decided", state.decided());
    node.put("highest", state.highest());
    state.override().ifPresent(value -> node.put("override", value));
    state.reason().ifPresent(value -> node.put("reason", value));
    state.banned().ifPresent(value -> node.put("banned", value));
    ArrayNode passed = node.putArray("passed");
    state.passed().stream().sorted().forEach(passed::add);
    try {
      node.put("sha256", sha256(json, node));
      Path parent = file.getParent();
      Files.createDirectories(parent);
      Path next = Files.createTempFile(parent, "state", ".tmp");
      try {
        Files.write(
            next,
            json.writerWithDefaultPrettyPrinter().writeValueAsBytes(node),
            StandardOpenOption.SYNC);
        last.requireOpen();
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(next);
      }
    } catch (IOException e) {
      throw new StoreUnavailableException(
          "the state of " + route + " cannot be written to " + file + ": " + e, e);
    }
  }

  /** Of the text without space between the fields, in their order. */
  private static String sha256(ObjectMapper json, ObjectNode node) throws IOException {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(json.writeValueAsBytes(node));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Made where it is needed: it takes a tenth of a second of a fresh JVM. */
  private static ObjectMapper json() {
    return new ObjectMapper(
        JsonFactory.builder()
            // a buffer kept on a caller's thread would keep our class loader with it
            .disable(JsonFactory.Feature.USE_THREAD_LOCAL_FOR_BUFFER_RECYCLING)
            .build());
  }

  private static Optional<String> text(JsonNode node, String field) {
    return node.hasNonNull(field) ? Optional.of(node.path(field).asText()) : Optional.empty();
  }

  private @Nullable Path file(ModelRef route) {
    return folder == null
        ? null
        : folder.resolve(route.model()).resolve("@" + route.selector() + ".json");
  }
}
