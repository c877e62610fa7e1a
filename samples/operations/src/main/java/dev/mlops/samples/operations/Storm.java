package dev.mlops.samples.operations;

import dev.mlops.model.Column;
import org.jspecify.annotations.Nullable;

/** One record of a storm's life; what is boxed may be missing. */
record Storm(
    float month,
    float hour,
    float lat,
    @Column("long") float lon,
    float wind,
    float pressure,
    @Column("wind_change_6h") @Nullable Float windChange,
    @Column("pressure_change_6h") @Nullable Float pressureChange) {
  /** What is asked again and again. */
  static final Storm SEPTEMBER = new Storm(9, 12, 29.7f, -60.2f, 65, 979, 0f, -5f);
}
