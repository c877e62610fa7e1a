package dev.mlops.drift.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.mlops.drift.compare.ChiSquare;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Measure;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.Decimal;
import dev.mlops.drift.count.NumberCells;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Evidence as JSON: the counts of both sides, the rule and every number that was computed from
 * them, so that each can be computed again.
 *
 * <p>The keys and their order are the form's and do not change under its name, {@code
 * mlops-drift-report 1}. Numbers are read back as the same doubles; NaN is null.
 */
final class EvidenceJson {
  private static final String FORM = "mlops-drift-report 1";

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // a buffer kept on a caller's thread would keep our class loader with it
          .disable(JsonFactory.Feature.USE_THREAD_LOCAL_FOR_BUFFER_RECYCLING)
          .build();

  private final JsonGenerator json;

  private EvidenceJson(JsonGenerator json) {
    this.json = json;
  }

  /** The JSON text; the same evidence gives the same bytes on every machine. */
  static String of(Evidence evidence) {
    StringWriter text = new StringWriter();
    DefaultIndenter indent = new DefaultIndenter("  ", "\n");
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.setPrettyPrinter(new DefaultPrettyPrinter().withObjectIndenter(indent));
      new EvidenceJson(json).write(evidence);
    } catch (IOException e) {
      throw new UncheckedIOException("a report cannot be written as JSON", e);
    }
    return text.append('\n').toString();
  }

  private void write(Evidence evidence) throws IOException {
    Summary summary = Summary.of(evidence);
    json.writeStartObject();
    json.writeStringField("form", FORM);
    json.writeStringField("route", evidence.route());
    json.writeObjectFieldStart("version");
    json.writeStringField("model", evidence.version().model());
    json.writeStringField("number", evidence.version().number());
    json.writeStringField("id", evidence.version().id());
    json.writeEndObject();
    json.writeStringField("baseline", evidence.baseline().orElse(null));
    json.writeNumberField("baselineRows", evidence.baselineRows());
    json.writeStringField("from", evidence.from().toString());
    json.writeStringField("to", evidence.to().toString());
    json.writeNumberField("rows", evidence.rows());
    json.writeNumberField("lost", evidence.lost());
    json.writeBooleanField("complete", evidence.complete());
    number("alpha", evidence.rule().alpha());
    number("delta", evidence.rule().delta());
    json.writeStringField("level", summary.level().name());
    json.writeStringField("summary", summary.sentence());
    json.writeObjectFieldStart("formulas");
    for (Map.Entry<String, String> formula : Formulas.byName().entrySet()) {
      json.writeStringField(formula.getKey(), formula.getValue());
    }
    json.writeEndObject();
    json.writeArrayFieldStart("columns");
    for (Evidence.Column column : evidence.columns()) {
      write(column);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void write(Evidence.Column column) throws IOException {
    json.writeStartObject();
    json.writeStringField("column", column.name());
    json.writeStringField("type", column.type().name());
    json.writeBooleanField("score", column.score());
    if (column.compared().isPresent()) {
      write(column.compared().get());
    } else {
      verdict(Level.INSUFFICIENT, null, column.problem());
    }
    json.writeEndObject();
  }

  private void write(Evidence.Compared compared) throws IOException {
    Comparison comparison = compared.comparison();
    verdict(
        comparison.level(),
        comparison.decidingMeasure().map(Measure::name).orElse(null),
        comparison.reason());
    if (compared.baseline().cells() instanceof NumberCells cells) {
      json.writeStringField("kind", "number");
      json.writeArrayFieldStart("edges");
      for (double edge : cells.edges()) {
        json.writeNumber(Decimal.of(edge));
      }
      json.writeEndArray();
    } else if (compared.baseline().cells() instanceof CategoryCells cells) {
      json.writeStringField("kind", "category");
      json.writeArrayFieldStart("categories");
      for (String category : cells.top()) {
        json.writeString(category);
      }
      json.writeEndArray();
      json.writeBooleanField("allKnown", cells.allKnown());
    }
    counts("baselineCounts", compared.baseline().counts());
    counts("servingCounts", compared.counts());
    json.writeArrayFieldStart("measures");
    for (Measure measure : comparison.measures()) {
      write(measure);
    }
    json.writeEndArray();
    ChiSquare chiSquare = comparison.chiSquare();
    json.writeObjectFieldStart("chiSquare");
    number("statistic", chiSquare.statistic());
    json.writeNumberField("freedom", chiSquare.freedom());
    number("pValue", chiSquare.pValue());
    json.writeFieldName("groups");
    json.writeArray(chiSquare.groups(), 0, chiSquare.groups().length);
    json.writeEndObject();
    number("psi", comparison.psi());
    number("jensenShannon", comparison.jensenShannon());
  }

  private void verdict(Level level, @Nullable String decidedBy, String reason) throws IOException {
    json.writeStringField("level", level.name());
    json.writeStringField("decidedBy", decidedBy);
    json.writeStringField("reason", reason);
  }

  private void write(Measure measure) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", measure.name());
    number("effect", measure.effect());
    number("lower", measure.lower());
    number("upper", measure.upper());
    number("pValue", measure.pValue());
    json.writeNumberField("cell", measure.cell());
    json.writeNumberField("rows", measure.rows());
    json.writeNumberField("baselineRows", measure.baselineRows());
    json.writeStringField("level", measure.level().name());
    json.writeEndObject();
  }

  private void counts(String name, long[] counts) throws IOException {
    json.writeFieldName(name);
    json.writeArray(counts, 0, counts.length);
  }

  private void number(String name, double value) throws IOException {
    json.writeFieldName(name);
    if (Double.isFinite(value)) {
      json.writeNumber(Decimal.of(value));
    } else {
      json.writeNull();
    }
  }
}
