package dev.mlops.runtime.serving;

import dev.mlops.inference.Call;
import dev.mlops.inference.Receipt;
import dev.mlops.inference.Traffic;
import dev.mlops.model.ElementType;
import dev.mlops.model.Version;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * All that a receipt says, captured when the prediction is made; its text is made when somebody
 * asks.
 */
final class Facts implements Supplier<String> {
  private static final int ID_START = "sha256:".length();

  private final Version version;
  private final ElementType scoreType;
  private final Traffic traffic;
  private final long time;
  private final long id;
  private final double[] scores;
  private final int segment;
  private final int block;
  private final double chance;

  Facts(
      Version version,
      ElementType scoreType,
      Traffic traffic,
      long time,
      long id,
      double[] scores,
      Call call) {
    this.version = version;
    this.scoreType = scoreType;
    this.traffic = traffic;
    this.time = time;
    this.id = id;
    this.scores = scores;
    Optional<String> segment = call.segment();
    this.segment = segment.isPresent() ? Receipt.segmentOf(segment.get()) : 0;
    Optional<String> key = call.key();
    this.block = key.isPresent() ? Receipt.blockOf(key.get()) : Receipt.NO_BLOCK;
    this.chance = call.chance();
  }

  @Override
  public String get() {
    List<Double> list = new ArrayList<>(scores.length);
    for (double score : scores) {
      list.add(score);
    }
    return new Receipt(
            version.model(),
            version.number(),
            version.id().substring(ID_START, ID_START + 24),
            id,
            Instant.ofEpochMilli(time),
            traffic,
            segment,
            block,
            chance,
            scoreType,
            list)
        .toString();
  }
}
