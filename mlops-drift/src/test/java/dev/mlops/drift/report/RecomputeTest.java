package dev.mlops.drift.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.ColumnCells;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import dev.mlops.model.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A script that knows the formulas and SciPy, and nothing of ours, computes reports again from
 * their counts: {@code src/test/python/recompute.py}.
 */
@Tag("proof")
class RecomputeTest {
  /** Debian's, for which the package with SciPy is made. */
  private static final String PYTHON = "/usr/bin/python3";

  private static final String SCRIPT = "src/test/python/recompute.py";
  private static final int REPORTS = 200;

  private final Map<Level, Integer> levels = new EnumMap<>(Level.class);

  @TempDir private Path folder;

  private record Answer(int status, String output) {}

  @BeforeAll
  static void scipy_isThere() throws Exception {
    boolean there =
        Files.isExecutable(Path.of(PYTHON))
            && run(List.of(PYTHON, "-c", "import scipy")).status() == 0;
    String wanted = PYTHON + " has no SciPy; install the distribution's package python3-scipy";
    if (!there && "true".equals(System.getenv("CI"))) {
      fail(wanted);
    }
    assumeTrue(there, "skipped: " + wanted);
  }

  @Test
  void reports_recomputedFromTheirCounts_agree() throws Exception {
    List<String> files = new ArrayList<>();
    for (int seed = 1; seed <= REPORTS; seed++) {
      files.add(write("report-" + seed, EvidenceJson.of(report(seed))));
    }
    Answer answer = recompute(files);
    assertThat(answer.output()).endsWith(REPORTS + " reports, 0 disagreements\n");
    assertThat(answer.status()).isZero();
    assertThat(levels.values()).as("columns by level %s", levels).hasSize(3).allMatch(n -> n > 100);
  }

  @Test
  void reports_withOneWrongNumberEach_areFoundEach() throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    String json = EvidenceJson.of(report(5));
    List<String> pointers = new ArrayList<>();
    numbers(mapper.readTree(json).get("columns"), "/columns", pointers);
    pointers.add("/level");
    List<String> files = new ArrayList<>();
    for (String pointer : pointers) {
      JsonNode report = mapper.readTree(json);
      spoil(report, pointer);
      files.add(write("spoiled" + pointer.replace('/', '-'), report.toString()));
    }
    assertThat(pointers)
        .hasSizeGreaterThan(60)
        .anyMatch(at -> at.endsWith("/cell"))
        .anyMatch(at -> at.endsWith("/edges/1"));
    Answer answer = recompute(files);
    assertThat(answer.status()).isEqualTo(1);
    assertThat(files).allSatisfy(file -> assertThat(answer.output()).contains(file + ": "));
  }

  /** Whatever is computed; the counts themselves change what follows from them. */
  private static void numbers(JsonNode node, String path, List<String> pointers) {
    if (node.isContainerNode()) {
      node.properties()
          .forEach(field -> numbers(field.getValue(), path + "/" + field.getKey(), pointers));
      for (int i = 0; node.isArray() && i < node.size(); i++) {
        numbers(node.get(i), path + "/" + i, pointers);
      }
    } else if (path.endsWith("/level") || path.endsWith("/decidedBy")) {
      pointers.add(path);
    } else if (node.isNumber()
        && node.doubleValue() != 0
        && (!path.contains("/edges/") || path.endsWith("/edges/1"))) {
      pointers.add(path);
    }
  }

  private static void spoil(JsonNode report, String pointer) {
    JsonNode old = report.at(pointer);
    JsonNode parent = report.at(pointer.substring(0, pointer.lastIndexOf('/')));
    String key = pointer.substring(pointer.lastIndexOf('/') + 1);
    if (old.isTextual()) {
      String other = old.textValue().equals("STABLE") ? "INSUFFICIENT" : "STABLE";
      ((ObjectNode) parent).put(key, other);
    } else if (old.isNull()) {
      ((ObjectNode) parent).put(key, "a measure");
    } else if (pointer.endsWith("/edges/1")) {
      ((ArrayNode) parent).set(1, parent.get(0));
    } else if (parent instanceof ArrayNode array) {
      array.set(Integer.parseInt(key), array.numberNode(old.longValue() + 1));
    } else if (old.isIntegralNumber()) {
      ((ObjectNode) parent).put(key, old.longValue() + 1);
    } else {
      ((ObjectNode) parent).put(key, old.doubleValue() * (1 + 2e-8));
    }
  }

  /** Columns of many shapes and sizes, with and without drift; the seed is the whole difference. */
  private Evidence report(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] alphas = {0.01, 0.05, 0.001};
    double[] deltas = {0.05, 0.1, 0.02, 0.3};
    Rule rule =
        new Rule(alphas[random.nextInt(alphas.length)], deltas[random.nextInt(deltas.length)]);
    long rows = size(random, 0);
    long baselineRows = size(random, 1);
    List<Evidence.Column> columns = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      ColumnCells cells =
          random.nextInt(3) > 0 ? numbers(random) : categories(random.nextInt(1, 101));
      double[] shares = shares(cells, random);
      long[] before = draw(shares, baselineRows, random);
      double drift = random.nextInt(3) == 0 ? 0 : random.nextDouble() * random.nextDouble();
      double[] other = shares(cells, random);
      for (int cell = 0; cell < shares.length; cell++) {
        shares[cell] += drift * (other[cell] - shares[cell]);
      }
      long[] now = draw(shares, rows, random);
      Comparison comparison = Comparison.of(cells, before, now, rule);
      levels.merge(comparison.level(), 1, Integer::sum);
      ElementType type = cells instanceof NumberCells ? ElementType.FLOAT : ElementType.TEXT;
      ColumnBaseline baseline =
          new ColumnBaseline("column " + i, type, cells, before, Optional.empty());
      columns.add(
          new Evidence.Column(
              "column " + i,
              type,
              i == 0,
              Optional.of(new Evidence.Compared(baseline, now, comparison)),
              ""));
    }
    if (random.nextInt(10) == 0) {
      columns.add(
          new Evidence.Column(
              "a vector", ElementType.FLOAT, false, Optional.empty(), "it is not watched"));
    }
    return new Evidence(
        "model@champion",
        new Version("model", "1.0.0", "sha256:" + "0".repeat(64)),
        Optional.of("sha256:" + "1".repeat(64)),
        baselineRows,
        Instant.EPOCH,
        Instant.EPOCH.plusSeconds(3600),
        rows,
        0,
        true,
        rule,
        columns);
  }

  /** From none or one to more than an int holds. */
  private static long size(SplittableRandom random, int least) {
    return switch (random.nextInt(12)) {
      case 0 -> least + random.nextInt(3);
      case 1 -> 1L << 40;
      case 2 -> 10 + random.nextInt(90);
      default -> (long) Math.pow(10, 2 + 3 * random.nextDouble());
    };
  }

  private static NumberCells numbers(SplittableRandom random) {
    int edges = random.nextInt(5) == 0 ? random.nextInt(3) : random.nextInt(3, 80);
    double at = random.nextDouble() * -100;
    double[] all = new double[edges];
    for (int i = 0; i < edges; i++) {
      at += 1e-3 + random.nextDouble();
      all[i] = (float) at;
    }
    return new NumberCells(all);
  }

  private static CategoryCells categories(int many) {
    return new CategoryCells(
        IntStream.range(0, many).mapToObj(i -> "category " + i).toList(), List.of(), true);
  }

  private static double[] shares(ColumnCells cells, SplittableRandom random) {
    double[] weights = new double[cells.size()];
    int special = cells instanceof NumberCells numbers ? numbers.finite() : cells.size() - 3;
    double skew = 3 * random.nextDouble();
    double sum = 0;
    for (int cell = 0; cell < weights.length; cell++) {
      boolean empty = cell >= special ? random.nextInt(3) > 0 : random.nextInt(8) == 0;
      weights[cell] = empty ? 0 : Math.pow(random.nextDouble(), skew);
      sum += weights[cell];
    }
    weights[0] += 1e-9;
    for (int cell = 0; cell < weights.length; cell++) {
      weights[cell] /= sum + 1e-9;
    }
    return weights;
  }

  /** Counts near the shares, as chance would have them: rounded normal deviates. */
  private static long[] draw(double[] shares, long rows, SplittableRandom random) {
    long[] counts = new long[shares.length];
    long left = rows;
    for (int cell = 0; cell < shares.length - 1; cell++) {
      double mean = rows * shares[cell];
      double deviation = Math.sqrt(mean * (1 - Math.min(1, shares[cell])));
      long count = Math.round(mean + deviation * random.nextGaussian());
      counts[cell] = Math.max(0, Math.min(left, count));
      left -= counts[cell];
    }
    int largest =
        IntStream.range(0, shares.length).reduce(0, (a, b) -> shares[b] > shares[a] ? b : a);
    counts[largest] += left;
    return counts;
  }

  private String write(String name, String json) throws IOException {
    Path file = folder.resolve(name + ".json");
    Files.writeString(file, json);
    return file.toString();
  }

  private static Answer recompute(List<String> files) throws Exception {
    List<String> command = new ArrayList<>(List.of(PYTHON, SCRIPT));
    command.addAll(files);
    return run(command);
  }

  private static Answer run(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Answer(process.waitFor(), output);
  }
}
