package dev.mlops.samples.quickstart;

import dev.mlops.model.Column;
import org.jspecify.annotations.Nullable;

// region records
/** One record of a storm's life; what is boxed may be missing. */
record Storm(
    float month,
    float hour,
    float lat,
    @Column("long") float lon,
    float wind,
    float pressure,
    @Column("wind_change_6h") @Nullable Float windChange,
    @Column("pressure_change_6h") @Nullable Float pressureChange) {}

// endregion
