package dev.mlops.drift.baseline;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mlops.drift.baseline.ColumnBaseline.Moments;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.ColumnCells;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads form 1 from any writer, strictly: what is wrong is an {@link InvalidSettingsException} that
 * names the place, what stands there and what was wanted.
 */
final class FormReader {
  private static final int DEEPEST = 32;
  private static final int SHOWN = 40;

  private static final ObjectReader READER =
      JsonMapper.builder(
              JsonFactory.builder()
                  // a buffer kept on a caller's thread would keep our class loader with it
                  .disable(JsonFactory.Feature.USE_THREAD_LOCAL_FOR_BUFFER_RECYCLING)
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEEPEST)
                          .maxStringLength(Profile.LARGEST)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .reader();

  private final long rows;
  private final List<ColumnBaseline> columns;
  private final Optional<ColumnBaseline> score;

  private FormReader(long rows, List<ColumnBaseline> columns, Optional<ColumnBaseline> score) {
    this.rows = rows;
    this.columns = columns;
    this.score = score;
  }

  long rows() {
    return rows;
  }

  List<ColumnBaseline> columns() {
    return columns;
  }

  Optional<ColumnBaseline> score() {
    return score;
  }

  static FormReader read(byte[] bytes) {
    Fields form = new Fields("", parsed(bytes));
    String name = form.text("form");
    if (!name.equals(FormWriter.FORM)) {
      throw refused(
          "form was \"%s\", but this release reads \"%s\"; update the library if it is a later one"
              .formatted(shortened(name), FormWriter.FORM));
    }
    form.checkKeys(Set.of("form", "rows", "columns", "score"));
    long rows = form.count("rows");
    if (rows < 1) {
      throw refused("rows was 0 but must be at least 1");
    }
    List<ColumnBaseline> columns = new ArrayList<>();
    Set<String> names = new HashSet<>();
    JsonNode list = form.array("columns");
    for (int i = 0; i < list.size(); i++) {
      ColumnBaseline column = column(new Fields("columns[" + i + "]", list.get(i)), rows);
      if (!names.add(column.name())) {
        throw refused(
            "columns[%d].name was '%s', which an earlier column has"
                .formatted(i, shortened(column.name())));
      }
      columns.add(column);
    }
    JsonNode score = form.node.get("score");
    return new FormReader(
        rows,
        List.copyOf(columns),
        score == null ? Optional.empty() : Optional.of(column(new Fields("score", score), rows)));
  }

  private static JsonNode parsed(byte[] bytes) {
    if (bytes.length > Profile.LARGEST) {
      throw refused("it has more than the " + Profile.LARGEST + " bytes that are read");
    }
    try {
      // a parser of bytes would guess the encoding, and take some that is no UTF-8
      return READER.readTree(UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw refused("it is not UTF-8");
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      throw refused(
          (at == null ? "" : "line " + at.getLineNr() + " column " + at.getColumnNr() + ": ")
              + "no strict JSON: "
              + e.getOriginalMessage());
    }
  }

  private static ColumnBaseline column(Fields fields, long rows) {
    String name = fields.text("name");
    if (name.isBlank()) {
      throw refused(fields.at("name") + " is blank");
    }
    ElementType type = type(fields);
    ColumnCells cells;
    Optional<Moments> moments = Optional.empty();
    long[] counts;
    switch (fields.text("kind")) {
      case "number" -> {
        if (type == ElementType.TEXT || type == ElementType.BOOL) {
          throw refused(
              "%s was \"number\", but %s is always \"category\""
                  .formatted(fields.at("kind"), type));
        }
        NumberCells numbers = numbers(fields);
        cells = numbers;
        counts = counts(fields, cells, rows);
        long finite = 0;
        for (int i = 0; i < numbers.finite(); i++) {
          finite += counts[i];
        }
        moments = moments(fields, finite);
      }
      case "category" -> {
        fields.checkKeys(
            Set.of("name", "type", "kind", "categories", "others", "allKnown", "counts"));
        CategoryCells categories = categories(fields, type);
        cells = categories;
        counts = counts(fields, cells, rows);
        if (counts[categories.unseen()] != 0) {
          throw refused(
              "%s[%d] counts %d unseen categories, but a baseline has seen all of its own"
                  .formatted(
                      fields.at("counts"), categories.unseen(), counts[categories.unseen()]));
        }
      }
      default -> throw fields.refusedAs("kind", "\"number\" or \"category\"");
    }
    return new ColumnBaseline(name, type, cells, counts, moments);
  }

  private static ElementType type(Fields fields) {
    String type = fields.text("type");
    for (ElementType known : ElementType.values()) {
      if (known.name().equals(type)) {
        return known;
      }
    }
    throw fields.refusedAs("type", "one of " + List.of(ElementType.values()));
  }

  private static NumberCells numbers(Fields fields) {
    JsonNode list = fields.array("edges");
    double[] edges = new double[list.size()];
    for (int i = 0; i < edges.length; i++) {
      JsonNode edge = list.get(i);
      double value = edge.doubleValue() + 0.0;
      String wanted = i == 0 ? "a finite number" : "a finite number above the edge before it";
      if (!edge.isNumber() || !Double.isFinite(value) || (i > 0 && value <= edges[i - 1])) {
        throw refused(fields.at("edges") + "[" + i + "] was " + seen(edge) + ", not " + wanted);
      }
      edges[i] = value;
    }
    return new NumberCells(edges);
  }

  private static CategoryCells categories(Fields fields, ElementType type) {
    List<String> top = texts(fields, "categories");
    List<String> others = texts(fields, "others");
    requireValues(fields.at("categories"), top, type);
    requireValues(fields.at("others"), others, type);
    Set<String> all = new HashSet<>(top);
    all.addAll(others);
    if (all.size() < top.size() + others.size()) {
      throw refused(
          "%s and %s hold a category twice"
              .formatted(fields.at("categories"), fields.at("others")));
    }
    JsonNode allKnown = fields.present("allKnown");
    if (!allKnown.isBoolean()) {
      throw fields.refusedAs("allKnown", "true or false");
    }
    return new CategoryCells(top, others, allKnown.booleanValue());
  }

  /** What no value is written as would count everything that is served as unseen. */
  private static void requireValues(String at, List<String> labels, ElementType type) {
    for (int i = 0; i < labels.size() && type != ElementType.TEXT; i++) {
      String written = asWritten(labels.get(i), type);
      if (!labels.get(i).equals(written)) {
        throw refused(
            "%s[%d] is no category of %s: %s"
                .formatted(
                    at,
                    i,
                    type,
                    written.isEmpty()
                        ? "it is no value of this type"
                        : "its value is written '" + written + "'"));
      }
    }
  }

  private static String asWritten(String label, ElementType type) {
    double value;
    try {
      value = Double.parseDouble(label);
    } catch (NumberFormatException e) {
      return "";
    }
    boolean whole = value == Math.rint(value) && !Double.isInfinite(value);
    boolean fits =
        type.floating() || (whole && (type != ElementType.BOOL || value == 0 || value == 1));
    return fits ? CategoryCells.label(Precision.round(value, type)) : "";
  }

  private static List<String> texts(Fields fields, String key) {
    List<String> texts = new ArrayList<>();
    for (JsonNode text : fields.array(key)) {
      if (!text.isTextual()) {
        throw refused(fields.at(key) + "[" + texts.size() + "] was " + seen(text) + ", not a text");
      }
      texts.add(text.textValue());
    }
    return texts;
  }

  private static long[] counts(Fields fields, ColumnCells cells, long rows) {
    JsonNode list = fields.array("counts");
    if (list.size() != cells.size()) {
      throw refused(
          "%s has %d counts, but the column has %d cells"
              .formatted(fields.at("counts"), list.size(), cells.size()));
    }
    long[] counts = new long[list.size()];
    long left = rows;
    for (int i = 0; i < counts.length; i++) {
      JsonNode count = list.get(i);
      if (!whole(count)) {
        throw refused(
            "%s[%d] was %s, not a whole number of at least 0"
                .formatted(fields.at("counts"), i, seen(count)));
      }
      counts[i] = count.longValue();
      left -= counts[i];
      if (left < 0) {
        break;
      }
    }
    if (left != 0) {
      throw refused(
          "%s add up to %s than the %d rows"
              .formatted(fields.at("counts"), left < 0 ? "more" : "less", rows));
    }
    return counts;
  }

  private static Optional<Moments> moments(Fields fields, long finite) {
    Set<String> keys = Set.of("name", "type", "kind", "edges", "counts");
    if (finite == 0) {
      fields.checkKeys(keys); // no finite values have no moments
      return Optional.empty();
    }
    Set<String> all = new HashSet<>(keys);
    all.addAll(Set.of("mean", "deviation", "least", "greatest"));
    fields.checkKeys(all);
    Moments moments =
        new Moments(
            fields.number("mean"),
            fields.number("deviation"),
            fields.number("least"),
            fields.number("greatest"));
    if (!(moments.least() <= moments.mean() && moments.mean() <= moments.greatest())) {
      throw fields.refusedAs("mean", "a number from the least to the greatest");
    }
    if (moments.deviation() < 0) {
      throw fields.refusedAs("deviation", "a number of at least 0");
    }
    return Optional.of(moments);
  }

  private static boolean whole(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0;
  }

  private static InvalidSettingsException refused(String what) {
    return new InvalidSettingsException("the baseline cannot be read: " + what);
  }

  private static String seen(JsonNode node) {
    return node.isArray()
        ? "a list"
        : node.isObject()
            ? "an object"
            : shortened(node.isNumber() ? node.asText() : node.toString());
  }

  private static String shortened(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
  }

  /** The keys of one object. */
  private record Fields(String path, JsonNode node) {
    Fields {
      if (!node.isObject()) {
        throw refused(
            (path.isEmpty() ? "it" : path) + " was " + seen(node) + " but must be an object");
      }
    }

    String at(String key) {
      return path.isEmpty() ? key : path + "." + key;
    }

    /** A misspelt key would be a part that is missing without a word. */
    void checkKeys(Set<String> known) {
      for (Iterator<String> keys = node.fieldNames(); keys.hasNext(); ) {
        String key = keys.next();
        if (!known.contains(key)) {
          throw refused(at(shortened(key)) + " is no key of form 1 in this place");
        }
      }
    }

    JsonNode present(String key) {
      JsonNode value = node.get(key);
      if (value == null) {
        throw refused(at(key) + " is missing");
      }
      return value;
    }

    InvalidSettingsException refusedAs(String key, String wanted) {
      return refused(at(key) + " was " + seen(node.get(key)) + " but must be " + wanted);
    }

    String text(String key) {
      JsonNode value = present(key);
      if (!value.isTextual()) {
        throw refusedAs(key, "a text");
      }
      return value.textValue();
    }

    long count(String key) {
      JsonNode value = present(key);
      if (!whole(value)) {
        throw refusedAs(key, "a whole number of at least 0");
      }
      return value.longValue();
    }

    double number(String key) {
      JsonNode value = present(key);
      if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
        throw refusedAs(key, "a finite number");
      }
      return value.doubleValue() + 0.0;
    }

    JsonNode array(String key) {
      JsonNode value = present(key);
      if (!value.isArray()) {
        throw refusedAs(key, "a list");
      }
      return value;
    }
  }
}
