package dev.mlops.drift.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Measure;
import java.io.IOException;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class EvidenceJsonProperties {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Property(seed = "2202")
  void number_anyFinite_isReadBackAsTheSame(@ForAll("finite") double number) throws IOException {
    Measure measure =
        new Measure(
            Comparison.DISTANCE, number, number, number, number, -1, 1, 1, Level.INSUFFICIENT);

    JsonNode column =
        JSON.readTree(EvidenceJson.of(EvidenceJsonTest.with(measure))).get("columns").get(0);

    JsonNode written = column.get("measures").get(0);
    double wanted = number + 0.0; // zero is written without a sign
    assertThat(written.get("effect").asDouble()).isEqualTo(wanted);
    assertThat(written.get("lower").asDouble()).isEqualTo(wanted);
    assertThat(written.get("upper").asDouble()).isEqualTo(wanted);
    assertThat(written.get("pValue").asDouble()).isEqualTo(wanted);
    assertThat(column.get("psi").asDouble()).isEqualTo(wanted);
    assertThat(column.get("jensenShannon").asDouble()).isEqualTo(wanted);
  }

  /** By their bits, so that all sizes come up. */
  @Provide
  Arbitrary<Double> finite() {
    return Arbitraries.oneOf(
        Arbitraries.longs().map(Double::longBitsToDouble).filter(Double::isFinite),
        Arbitraries.doubles().between(0, 1).ofScale(17),
        Arbitraries.of(
            0.0, -0.0, Double.MIN_VALUE, Double.MAX_VALUE, Double.MIN_NORMAL, 1e-300, 0.1, 1e22));
  }
}
