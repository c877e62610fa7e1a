package dev.mlops.drift.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A browser without a window, driven by its DevTools protocol. */
final class Chromium implements AutoCloseable {
  private static final long SECONDS_AT_MOST = 30;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final Path profile;
  private final WebSocket socket;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final Map<String, Tab> tabs = new ConcurrentHashMap<>();

  /** The browser of Debian's package chromium, if it is on the PATH. */
  static Optional<Path> onPath() {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Stream.of(path.split(File.pathSeparator))
        .map(folder -> Path.of(folder, "chromium"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  Chromium(Path browser) throws IOException {
    profile = Files.createTempDirectory("chromium");
    process =
        new ProcessBuilder(
                browser.toString(),
                "--headless=new",
                "--no-sandbox", // it does not start as root otherwise
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-background-networking",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .start();
    BufferedReader said = process.inputReader(UTF_8);
    CompletableFuture<String> address = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              StringBuilder all = new StringBuilder();
              try {
                for (String line; (line = said.readLine()) != null; ) {
                  all.append(line).append('\n');
                  if (line.startsWith("DevTools listening on ")) {
                    address.complete(line.substring(line.indexOf("ws://")));
                  }
                }
              } catch (IOException e) {
                all.append(e);
              }
              address.completeExceptionally(new IllegalStateException("chromium said: " + all));
            },
            "chromium-output");
    reader.setDaemon(true);
    reader.start();
    socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(URI.create(get(address)), new Listener())
            .join();
  }

  /** Opens an empty page of this size that is light or dark, on a screen or on paper. */
  Tab open(int width, int height, String scheme, String media) {
    ObjectNode target = JSON.createObjectNode().put("url", "about:blank");
    String id = call("Target.createTarget", target, null).get("targetId").asText();
    ObjectNode attach = JSON.createObjectNode().put("targetId", id).put("flatten", true);
    Tab tab = new Tab(call("Target.attachToTarget", attach, null).get("sessionId").asText());
    tabs.put(tab.session, tab);
    for (String domain : List.of("Page", "Network", "Runtime", "Log")) {
      tab.call(domain + ".enable", JSON.createObjectNode());
    }
    tab.size(width, height);
    ObjectNode emulated = JSON.createObjectNode().put("media", media);
    emulated
        .putArray("features")
        .addObject()
        .put("name", "prefers-color-scheme")
        .put("value", scheme);
    tab.call("Emulation.setEmulatedMedia", emulated);
    return tab;
  }

  private JsonNode call(String method, ObjectNode parameters, String session) {
    int id = ids.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
    message.set("params", parameters);
    if (session != null) {
      message.put("sessionId", session);
    }
    get(socket.sendText(message.toString(), true));
    JsonNode answered = get(answer);
    if (answered.has("error")) {
      throw new IllegalStateException(method + ": " + answered.get("error"));
    }
    return answered.get("result");
  }

  private static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(SECONDS_AT_MOST, SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("chromium did not answer: " + e, e);
    }
  }

  @Override
  public void close() throws IOException {
    socket.abort();
    process.destroy();
    try {
      if (!process.waitFor(SECONDS_AT_MOST, SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> left = Files.walk(profile)) {
      left.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
    } catch (UncheckedIOException e) {
      // A helper process of the browser is still at it; the folder is a temporary one.
    }
  }

  /** One page and what happened in it. */
  final class Tab {
    private final String session;
    private final List<String> requests = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();
    private volatile CompletableFuture<Void> loaded = new CompletableFuture<>();

    private Tab(String session) {
      this.session = session;
    }

    private JsonNode call(String method, ObjectNode parameters) {
      return Chromium.this.call(method, parameters, session);
    }

    void size(int width, int height) {
      call(
          "Emulation.setDeviceMetricsOverride",
          JSON.createObjectNode()
              .put("width", width)
              .put("height", height)
              .put("deviceScaleFactor", 1)
              .put("mobile", false));
    }

    /** Opens a file and waits until all it asks for was answered. */
    void load(Path page) {
      loaded = new CompletableFuture<>();
      call("Page.navigate", JSON.createObjectNode().put("url", page.toUri().toString()));
      get(loaded);
    }

    /** What was asked for, by address, the page itself included. */
    synchronized List<String> requests() {
      return List.copyOf(requests);
    }

    /** What the console and the log hold: errors, warnings, exceptions, refusals. */
    synchronized List<String> complaints() {
      return List.copyOf(complaints);
    }

    /** The value of an expression in the page. */
    JsonNode evaluate(String expression) {
      JsonNode answer =
          call(
              "Runtime.evaluate",
              JSON.createObjectNode().put("expression", expression).put("returnByValue", true));
      if (answer.has("exceptionDetails")) {
        throw new IllegalStateException(answer.get("exceptionDetails").toString());
      }
      return answer.get("result").get("value");
    }

    /** A picture of the page from its top, at most so high. */
    void screenshot(Path file, int highest) throws IOException {
      int width = evaluate("innerWidth").asInt();
      int height = evaluate("document.documentElement.scrollHeight").asInt();
      size(width, Math.min(height, highest));
      String data =
          call("Page.captureScreenshot", JSON.createObjectNode().put("format", "png"))
              .get("data")
              .asText();
      Files.createDirectories(file.getParent());
      Files.write(file, Base64.getDecoder().decode(data));
    }

    /** The page on A4 paper, as PDF. */
    void print(Path file) throws IOException {
      String data =
          call(
                  "Page.printToPDF",
                  JSON.createObjectNode().put("paperWidth", 8.27).put("paperHeight", 11.69))
              .get("data")
              .asText();
      Files.createDirectories(file.getParent());
      Files.write(file, Base64.getDecoder().decode(data));
    }

    private synchronized void happened(String event, JsonNode what) {
      switch (event) {
        case "Network.requestWillBeSent" -> requests.add(what.get("request").get("url").asText());
        case "Runtime.exceptionThrown" -> complaints.add(what.toString());
        case "Runtime.consoleAPICalled" -> complaints.add(what.toString());
        case "Log.entryAdded" -> complaints.add(what.toString());
        case "Page.loadEventFired" -> loaded.complete(null);
        default -> {
          // of no interest
        }
      }
    }
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      message.append(part);
      if (last) {
        String text = message.toString();
        message.setLength(0);
        try {
          received(JSON.readTree(text));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      from.request(1);
      return null;
    }

    private void received(JsonNode node) {
      if (node.has("id")) {
        answers.remove(node.get("id").asInt()).complete(node);
      } else if (node.has("sessionId")) {
        Tab tab = tabs.get(node.get("sessionId").asText());
        if (tab != null) {
          tab.happened(node.get("method").asText(), node.get("params"));
        }
      }
    }
  }
}
