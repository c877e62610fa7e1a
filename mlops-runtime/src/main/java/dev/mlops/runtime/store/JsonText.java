package dev.mlops.runtime.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.core.StreamWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Writes JSON so that the same calls give the same bytes, whatever the JDK and the version of
 * Jackson: UTF-8, numbers in their shortest form, one value a line down to the second level, all
 * below on one line, a line feed at the end.
 */
final class JsonText {
  /** Writes one value. */
  interface Content {
    void writeTo(JsonGenerator json) throws IOException;
  }

  // The JDK's own text of a double changed in 19; this writer's does not.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          // a buffer kept on a caller's thread would keep our class loader with it
          .disable(JsonFactory.Feature.USE_THREAD_LOCAL_FOR_BUFFER_RECYCLING)
          .build();

  private JsonText() {}

  /**
   * The bytes of a value.
   *
   * @throws IllegalArgumentException if a text in it is no valid Unicode
   */
  static byte[] of(Content content) {
    // Through characters: writing bytes, Jackson escapes what lies beyond the first plane.
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.setPrettyPrinter(new Layout());
      content.writeTo(json);
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot be written as JSON: " + e.getMessage(), e);
    }
    text.append('\n');
    try {
      var bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text.getBuffer()));
      byte[] result = new byte[bytes.remaining()];
      bytes.get(result);
      return result;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "a text holds half of a surrogate pair, which UTF-8 cannot say", e);
    }
  }

  /** Line breaks and indents, ours so that they never change under us. */
  private static final class Layout implements PrettyPrinter {
    private static final int BROKEN = 2;
    private int depth;

    @Override
    public void writeRootValueSeparator(JsonGenerator json) throws IOException {
      json.writeRaw('\n');
    }

    @Override
    public void writeStartObject(JsonGenerator json) throws IOException {
      start(json, '{');
    }

    @Override
    public void writeEndObject(JsonGenerator json, int entries) throws IOException {
      end(json, entries, '}');
    }

    @Override
    public void writeObjectEntrySeparator(JsonGenerator json) throws IOException {
      next(json);
    }

    @Override
    public void writeObjectFieldValueSeparator(JsonGenerator json) throws IOException {
      json.writeRaw(": ");
    }

    @Override
    public void writeStartArray(JsonGenerator json) throws IOException {
      start(json, '[');
    }

    @Override
    public void writeEndArray(JsonGenerator json, int values) throws IOException {
      end(json, values, ']');
    }

    @Override
    public void writeArrayValueSeparator(JsonGenerator json) throws IOException {
      next(json);
    }

    @Override
    public void beforeArrayValues(JsonGenerator json) throws IOException {
      first(json);
    }

    @Override
    public void beforeObjectEntries(JsonGenerator json) throws IOException {
      first(json);
    }

    private void start(JsonGenerator json, char bracket) throws IOException {
      json.writeRaw(bracket);
      depth++;
    }

    private void first(JsonGenerator json) throws IOException {
      if (depth <= BROKEN) {
        line(json, depth);
      }
    }

    private void next(JsonGenerator json) throws IOException {
      json.writeRaw(',');
      if (depth <= BROKEN) {
        line(json, depth);
      } else {
        json.writeRaw(' ');
      }
    }

    private void end(JsonGenerator json, int values, char bracket) throws IOException {
      depth--;
      if (values > 0 && depth < BROKEN) {
        line(json, depth);
      }
      json.writeRaw(bracket);
    }

    private static void line(JsonGenerator json, int depth) throws IOException {
      json.writeRaw('\n');
      json.writeRaw("  ".repeat(depth));
    }
  }
}
