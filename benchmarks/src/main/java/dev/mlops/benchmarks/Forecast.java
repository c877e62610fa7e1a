package dev.mlops.benchmarks;

import dev.mlops.model.Column;

/** The answer of every model here: how likely it is. */
record Forecast(@Column("probabilities.1") float probability) {}
