package dev.mlops.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mlops.model.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a user's own tests stand on: handles and predictions without a model. */
final class ModelHandleTest {
  private record Storm(float wind) {}

  private record Forecast(long grows, float probability) {}

  private final ModelHandle<Storm, Forecast> fake =
      ModelHandle.of(storm -> new Forecast(storm.wind() > 50 ? 1 : 0, 0.7f));

  @Test
  void predict_ofAFake_answersByItsFunction() {
    Prediction<Forecast> prediction = fake.predict(new Storm(60));
    assertThat(prediction.value()).isEqualTo(new Forecast(1, 0.7f));
    assertThat(prediction.version()).isEqualTo(fake.version()).hasToString("fake:0");
    assertThat(prediction).hasToString("fake:0 Forecast[grows=1, probability=0.7]");
    assertThat(fake.predict(new Storm(10), Call.with().key("AL09").within(Duration.ZERO)).value())
        .isEqualTo(new Forecast(0, 0.7f));
  }

  @Test
  void predictAll_ofAFake_answersInOrder() {
    assertThat(fake.predictAll(List.of(new Storm(60), new Storm(10), new Storm(70))))
        .extracting(prediction -> prediction.value().grows())
        .containsExactly(1L, 0L, 1L);
    assertThat(fake.predictAll(List.of(new Storm(60)), Call.with().unrecorded())).hasSize(1);
  }

  @Test
  void predictAll_ofNothing_isRefusedAsByAModel() {
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> fake.predictAll(List.of()))
        .withMessage("the batch is empty; wanted at least one input");
  }

  @Test
  void predict_ofAFakeThatThrows_throwsTheSame() {
    OverloadedException busy = new OverloadedException("no slot came free");
    ModelHandle<Storm, Forecast> failing =
        ModelHandle.of(
            storm -> {
              throw busy;
            });
    assertThatExceptionOfType(OverloadedException.class)
        .isThrownBy(() -> failing.predict(new Storm(1)))
        .isSameAs(busy);
  }

  @Test
  void receipt_ofAFake_canBeParsedAndIsOfItsVersion() {
    Prediction<String> prediction = Prediction.of("yes");
    Receipt receipt = Receipt.parse(prediction.receipt());
    assertThat(receipt.of(prediction.version())).isTrue();
    assertThat(receipt.scores()).isEmpty();
    assertThat(receipt.time()).isEqualTo(Instant.EPOCH);
    assertThat(receipt.traffic()).isEqualTo(Traffic.LIVE);
    assertThat(receipt.inSegment("")).isTrue();
  }

  @Test
  void receipt_ofAPrediction_isMadeWhenAsked() {
    AtomicInteger made = new AtomicInteger();
    Version version = new Version("storms", "1.0.0", "sha256:" + "0".repeat(64));
    Prediction<Integer> prediction =
        Prediction.of(
            1,
            version,
            () -> {
              made.incrementAndGet();
              return "text";
            });
    assertThat(made).hasValue(0);
    assertThat(prediction.receipt()).isEqualTo("text");
    assertThat(made).hasValue(1);
    assertThat(prediction.version()).isSameAs(version);
  }
}
