package dev.mlops.samples.quickstart;

import dev.mlops.model.Column;

// region answers
/** Whether the wind will grow by 5 knots or more within six hours, and how likely it is. */
record Forecast(@Column("label") long grows, @Column("probabilities.1") float probability) {}

// endregion
