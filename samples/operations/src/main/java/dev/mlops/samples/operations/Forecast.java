package dev.mlops.samples.operations;

import dev.mlops.model.Column;

/** Whether the wind will grow by 5 knots or more within six hours, and how likely it is. */
record Forecast(@Column("label") long grows, @Column("probabilities.1") float probability) {}
