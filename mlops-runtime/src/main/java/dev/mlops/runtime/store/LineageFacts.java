package dev.mlops.runtime.store;

import dev.mlops.model.Lineage;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.Version;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the facts of a package's lineage, in an order that does not depend on the order they were
 * told in, and what is wrong with them.
 */
final class LineageFacts implements Lineage {
  private record Data(String file, long size, String sha256) {}

  private record Code(String commit, boolean dirty) {}

  private final List<String> problems;
  private final Map<String, Data> datasets = new TreeMap<>(PackagePaths::compare);
  private final Map<String, Object> parameters = new TreeMap<>(PackagePaths::compare);
  private final Map<String, Double> metrics = new TreeMap<>(PackagePaths::compare);
  private final Map<String, Version> parents = new TreeMap<>(PackagePaths::compare);
  private @Nullable Code code;

  /** No facts yet; what is wrong with those to come is added to the problems. */
  LineageFacts(List<String> problems) {
    this.problems = problems;
  }

  /** The facts of a package; what is wrong with them is added to the problems. */
  static LineageFacts of(ModelPackage content, List<String> problems) {
    LineageFacts facts = new LineageFacts(problems);
    content.lineage(facts);
    return facts;
  }

  @Override
  public Lineage dataset(String name, Path data) {
    MessageDigest digest = Sha256.start();
    long size = 0;
    try (InputStream in = Files.newInputStream(data)) {
      byte[] buffer = new byte[1 << 16];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
        size += read;
      }
    } catch (IOException e) {
      problems.add("lineage: data set '" + name + "' cannot be read from " + data + ": " + e);
      return this;
    }
    Path file = data.getFileName();
    once(
        "data set",
        name,
        datasets.put(
            name, new Data(file == null ? "" : file.toString(), size, Sha256.finish(digest))));
    return this;
  }

  @Override
  public Lineage code(String commit, boolean dirty) {
    if (code != null) {
      problems.add("lineage: the code was told twice, " + code.commit() + " and " + commit);
    }
    code = new Code(commit, dirty);
    return this;
  }

  @Override
  public Lineage parameter(String name, Object value) {
    boolean number =
        value instanceof Byte
            || value instanceof Short
            || value instanceof Integer
            || value instanceof Long
            || value instanceof BigInteger
            || value instanceof BigDecimal
            || (value instanceof Float f && Float.isFinite(f))
            || (value instanceof Double d && Double.isFinite(d));
    if (!number && !(value instanceof String) && !(value instanceof Boolean)) {
      problems.add(
          "lineage: parameter '"
              + name
              + "' was "
              + value
              + " ("
              + (value == null ? "null" : value.getClass().getSimpleName())
              + ") but must be a text, a finite number or a boolean");
      return this;
    }
    once("parameter", name, parameters.put(name, value));
    return this;
  }

  @Override
  public Lineage metric(String name, double value) {
    if (!Double.isFinite(value)) {
      problems.add("lineage: metric '" + name + "' was " + value + " but must be finite");
      return this;
    }
    once("metric", name, metrics.put(name, value));
    return this;
  }

  @Override
  public Lineage parent(Version version) {
    parents.put(version + " " + version.id(), version);
    return this;
  }

  /** Writes the field {@code lineage}; nothing where there are no facts. */
  void write(JsonText json) {
    if (code == null
        && datasets.isEmpty()
        && parameters.isEmpty()
        && metrics.isEmpty()
        && parents.isEmpty()) {
      return;
    }
    json.beginObject("lineage");
    if (code != null) {
      json.beginObject("code");
      json.field("commit", code.commit());
      json.field("dirty", code.dirty());
      json.endObject();
    }
    if (!datasets.isEmpty()) {
      json.beginArray("datasets");
      for (Map.Entry<String, Data> data : datasets.entrySet()) {
        json.beginObject();
        json.field("name", data.getKey());
        json.field("file", data.getValue().file());
        json.field("size", data.getValue().size());
        json.field("sha256", data.getValue().sha256());
        json.endObject();
      }
      json.endArray();
    }
    if (!parameters.isEmpty()) {
      json.beginObject("parameters");
      for (Map.Entry<String, Object> parameter : parameters.entrySet()) {
        json.name(parameter.getKey());
        writeScalar(parameter.getValue(), json);
      }
      json.endObject();
    }
    if (!metrics.isEmpty()) {
      json.beginObject("metrics");
      for (Map.Entry<String, Double> metric : metrics.entrySet()) {
        json.field(metric.getKey(), metric.getValue());
      }
      json.endObject();
    }
    if (!parents.isEmpty()) {
      json.beginArray("parents");
      for (Version parent : parents.values()) {
        json.beginObject();
        json.field("name", parent.model());
        json.field("version", parent.number());
        json.field("id", parent.id());
        json.endObject();
      }
      json.endArray();
    }
    json.endObject();
  }

  private void once(String what, String name, @Nullable Object before) {
    if (before != null) {
      problems.add("lineage: " + what + " '" + name + "' was told twice");
    }
  }

  private static void writeScalar(Object value, JsonText json) {
    if (value instanceof String text) {
      json.value(text);
    } else if (value instanceof Boolean flag) {
      json.value(flag);
    } else if (value instanceof Float number) {
      json.value(number);
    } else if (value instanceof Double number) {
      json.value(number);
    } else if (value instanceof BigDecimal number) {
      json.value(number);
    } else if (value instanceof BigInteger number) {
      json.value(number);
    } else {
      json.value(((Number) value).longValue());
    }
  }
}
