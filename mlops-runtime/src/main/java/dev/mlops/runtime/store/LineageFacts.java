package dev.mlops.runtime.store;

import com.fasterxml.jackson.core.JsonGenerator;
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
import java.util.ArrayList;
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

  private LineageFacts(List<String> problems) {
    this.problems = problems;
  }

  /** No facts. */
  static LineageFacts none() {
    return new LineageFacts(new ArrayList<>());
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
  void write(JsonGenerator json) throws IOException {
    if (code == null
        && datasets.isEmpty()
        && parameters.isEmpty()
        && metrics.isEmpty()
        && parents.isEmpty()) {
      return;
    }
    json.writeObjectFieldStart("lineage");
    if (code != null) {
      json.writeObjectFieldStart("code");
      json.writeStringField("commit", code.commit());
      json.writeBooleanField("dirty", code.dirty());
      json.writeEndObject();
    }
    if (!datasets.isEmpty()) {
      json.writeArrayFieldStart("datasets");
      for (Map.Entry<String, Data> data : datasets.entrySet()) {
        json.writeStartObject();
        json.writeStringField("name", data.getKey());
        json.writeStringField("file", data.getValue().file());
        json.writeNumberField("size", data.getValue().size());
        json.writeStringField("sha256", data.getValue().sha256());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    if (!parameters.isEmpty()) {
      json.writeObjectFieldStart("parameters");
      for (Map.Entry<String, Object> parameter : parameters.entrySet()) {
        json.writeFieldName(parameter.getKey());
        writeScalar(parameter.getValue(), json);
      }
      json.writeEndObject();
    }
    if (!metrics.isEmpty()) {
      json.writeObjectFieldStart("metrics");
      for (Map.Entry<String, Double> metric : metrics.entrySet()) {
        json.writeNumberField(metric.getKey(), metric.getValue());
      }
      json.writeEndObject();
    }
    if (!parents.isEmpty()) {
      json.writeArrayFieldStart("parents");
      for (Version parent : parents.values()) {
        json.writeStartObject();
        json.writeStringField("name", parent.model());
        json.writeStringField("version", parent.number());
        json.writeStringField("id", parent.id());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private void once(String what, String name, @Nullable Object before) {
    if (before != null) {
      problems.add("lineage: " + what + " '" + name + "' was told twice");
    }
  }

  private static void writeScalar(Object value, JsonGenerator json) throws IOException {
    if (value instanceof String text) {
      json.writeString(text);
    } else if (value instanceof Boolean flag) {
      json.writeBoolean(flag);
    } else if (value instanceof Float number) {
      json.writeNumber(number);
    } else if (value instanceof Double number) {
      json.writeNumber(number);
    } else if (value instanceof BigDecimal number) {
      json.writeNumber(number);
    } else if (value instanceof BigInteger number) {
      json.writeNumber(number);
    } else {
      json.writeNumber(((Number) value).longValue());
    }
  }
}
