package dev.mlops.benchmarks;

import dev.mlops.model.Column;
import org.jspecify.annotations.Nullable;

/** One record of a storm's life: eight numbers, of which two may be missing, and a text. */
record Storm(
    float month,
    float hour,
    float lat,
    @Column("long") float lon,
    float wind,
    float pressure,
    @Column("wind_change_6h") @Nullable Float windChange,
    @Column("pressure_change_6h") @Nullable Float pressureChange,
    String status) {}
