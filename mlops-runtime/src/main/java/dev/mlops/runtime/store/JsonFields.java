package dev.mlops.runtime.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mlops.store.PackageCorruptException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * One object of a JSON document, read strictly: no key twice, no more than 32 levels, no more than
 * 8 MiB, nothing behind the value, no NaN. Keys that nobody asks for are left alone. Every refusal
 * names the document, the field and what was wanted.
 */
final class JsonFields {
  /** The largest document read, in bytes. */
  static final int LARGEST = 8 << 20;

  private static final int DEEPEST = 32;

  private static final ObjectReader READER =
      JsonMapper.builder(
              JsonFactory.builder()
                  // a buffer kept on a caller's thread would keep our class loader with it
                  .disable(JsonFactory.Feature.USE_THREAD_LOCAL_FOR_BUFFER_RECYCLING)
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .reader();

  private final String document;
  private final String path;
  private final JsonNode node;

  private JsonFields(String document, String path, JsonNode node) {
    this.document = document;
    this.path = path;
    this.node = node;
  }

  /**
   * Reads a document.
   *
   * @param document what to call it in messages
   * @throws PackageCorruptException if it is no strict JSON object in UTF-8
   */
  static JsonFields read(byte[] bytes, String document) {
    if (bytes.length > LARGEST) {
      throw new PackageCorruptException(
          document + " has " + bytes.length + " bytes; at most " + LARGEST + " are read");
    }
    JsonNode node;
    try {
      node =
          READER.readTree(
              StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw new PackageCorruptException(document + " is not UTF-8", e);
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      throw new PackageCorruptException(
          document
              + (at == null ? "" : " line " + at.getLineNr() + " column " + at.getColumnNr())
              + " is not the strict JSON wanted: "
              + e.getOriginalMessage(),
          e);
    }
    if (!node.isObject()) {
      throw new PackageCorruptException(
          document + " was " + seen(node) + " but must be a JSON object");
    }
    return new JsonFields(document, "", node);
  }

  /** The keys there are, in the document's order. */
  List<String> keys() {
    List<String> keys = new ArrayList<>();
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      keys.add(names.next());
    }
    return keys;
  }

  boolean has(String name) {
    return node.has(name);
  }

  String text(String name) {
    JsonNode value = present(name, "a text");
    if (!value.isTextual()) {
      throw refused(name, "a text");
    }
    return value.textValue();
  }

  Optional<String> optionalText(String name) {
    return has(name) ? Optional.of(text(name)) : Optional.empty();
  }

  /** A whole number of at least 0, written without fraction or exponent. */
  long count(String name) {
    JsonNode value = present(name, "a whole number of at least 0");
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw refused(name, "a whole number of at least 0");
    }
    return value.longValue();
  }

  /** A finite number. */
  double number(String name) {
    JsonNode value = present(name, "a number");
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw refused(name, "a finite number");
    }
    return value.doubleValue();
  }

  /** True or false; false where it is absent. */
  boolean flag(String name) {
    JsonNode value = node.get(name);
    if (value != null && !value.isBoolean()) {
      throw refused(name, "true or false");
    }
    return value != null && value.booleanValue();
  }

  JsonFields object(String name) {
    JsonNode value = present(name, "an object");
    if (!value.isObject()) {
      throw refused(name, "an object");
    }
    return new JsonFields(document, at(name), value);
  }

  Optional<JsonFields> optionalObject(String name) {
    return has(name) ? Optional.of(object(name)) : Optional.empty();
  }

  /** A list of objects. */
  List<JsonFields> objects(String name) {
    List<JsonFields> result = new ArrayList<>();
    for (JsonNode element : array(name, "a list of objects")) {
      String place = at(name) + "[" + result.size() + "]";
      if (!element.isObject()) {
        throw new PackageCorruptException(
            document + ": " + place + " was " + seen(element) + " but must be an object");
      }
      result.add(new JsonFields(document, place, element));
    }
    return result;
  }

  /** A list of whole numbers, as {@code Long}, and texts, as {@code String}. */
  List<Object> scalars(String name) {
    List<Object> result = new ArrayList<>();
    for (JsonNode element : array(name, "a list of whole numbers and texts")) {
      if (element.isTextual()) {
        result.add(element.textValue());
      } else if (element.isIntegralNumber() && element.canConvertToLong()) {
        result.add(element.longValue());
      } else {
        throw refused(name, "a list of whole numbers and texts");
      }
    }
    return result;
  }

  /** A refusal of a field that is there. */
  PackageCorruptException refused(String name, String wanted) {
    return new PackageCorruptException(
        document + ": " + at(name) + " was " + seen(node.path(name)) + " but must be " + wanted);
  }

  /** A refusal of the whole object, for a reason that concerns more than one field. */
  PackageCorruptException refused(String reason) {
    return new PackageCorruptException(
        document + ": " + (path.isEmpty() ? "" : path + ": ") + reason);
  }

  private JsonNode array(String name, String wanted) {
    JsonNode value = present(name, wanted);
    if (!value.isArray()) {
      throw refused(name, wanted);
    }
    return value;
  }

  private JsonNode present(String name, String wanted) {
    JsonNode value = node.get(name);
    if (value == null) {
      throw new PackageCorruptException(
          document + ": " + at(name) + " is missing; it must be " + wanted);
    }
    return value;
  }

  private String at(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private static String seen(JsonNode node) {
    if (node.isMissingNode()) {
      return "empty";
    }
    String text = node.toString();
    return text.length() <= 80 ? text : text.substring(0, 77) + "...";
  }
}
