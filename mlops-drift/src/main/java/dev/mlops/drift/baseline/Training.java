package dev.mlops.drift.baseline;

import dev.mlops.drift.baseline.TrainingColumn.Problem;
import dev.mlops.drift.baseline.TrainingCsv.Batch;
import dev.mlops.inference.Call;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One pass over a file of training rows.
 *
 * <p>Rows come in batches. While the columns of one batch are added in parallel, one task reads the
 * next; then a model, if there is one, scores the batch in parallel. What belongs to a column is
 * added by one task a batch, in the order of the file, so nothing depends on how many threads there
 * are. The threads are those of the pool the caller is in, else of the common one.
 */
final class Training {
  private static final System.Logger LOG = System.getLogger(Training.class.getName());

  /* What one chunk of predictAll takes; the last digits of a score may depend on it. */
  private static final int CHUNK = 1024;

  /* Two batches are in memory as texts: of narrow files 8 chunks each, of wide ones fewer. */
  private static final int MOST_CHUNKS = 8;
  private static final int CHUNKS_BY_COLUMNS = 256;
  private static final long TOLD_EACH = 1_000_000;

  /* Nobody waits for a training job's rows: they may wait for live traffic as long as need be. */
  private static final Call CALL = Call.with().unrecorded().within(Duration.ofHours(1));

  private final TrainingCsv csv;
  private final List<TrainingColumn> columns;
  private final @Nullable Scores scores;
  private final int size;
  private long rows;

  private Training(
      TrainingCsv csv, List<TrainingColumn> columns, @Nullable Scores scores, int size) {
    this.csv = csv;
    this.columns = columns;
    this.scores = scores;
    this.size = size;
  }

  static Profile run(Path file, ModelSchema schema, Optional<ModelHandle<Row, Row>> scorer) {
    Scores scores = scorer.map(handle -> Scores.of(schema, handle)).orElse(null);
    try (TrainingCsv csv = TrainingCsv.open(file)) {
      int chunks = Math.min(MOST_CHUNKS, CHUNKS_BY_COLUMNS / csv.header().size());
      int size = CHUNK * Math.max(1, chunks);
      List<String> problems = new ArrayList<>();
      List<TrainingColumn> columns =
          TrainingColumn.bind(csv, schema, scores == null ? 0 : size, problems);
      if (!problems.isEmpty()) {
        throw new InvalidSettingsException(problems);
      }
      Training training = new Training(csv, columns, scores, size);
      training.read();
      return training.cut();
    }
  }

  private void read() {
    Batch batch = csv.next(size);
    while (!batch.rows().isEmpty() || batch.failure() != null) {
      Batch next = addAndReadOn(batch);
      if (scores != null) {
        scores.add(columns, batch.rows().size());
      }
      long before = rows;
      rows += batch.rows().size();
      if (rows / TOLD_EACH > before / TOLD_EACH) {
        tell();
      }
      batch = next;
    }
    if (rows == 0) {
      throw new InvalidSettingsException(
          csv.problem("no rows below the header; a baseline needs at least one"));
    }
  }

  /** Adds a batch and reads the next one. */
  private Batch addAndReadOn(Batch batch) {
    Batch[] next = new Batch[1];
    Problem[] problems = new Problem[columns.size()];
    IntStream.rangeClosed(0, columns.size())
        .parallel()
        .forEach(
            task -> {
              if (task > 0) {
                problems[task - 1] = columns.get(task - 1).add(batch);
              } else if (batch.failure() == null) {
                next[0] = csv.next(size);
              }
            });
    List<Problem> found = new ArrayList<>();
    for (Problem problem : problems) {
      if (problem != null) {
        found.add(problem);
      }
    }
    if (!found.isEmpty()) {
      throw new InvalidSettingsException(
          found.stream()
              .sorted(Comparator.comparingLong(Problem::line))
              .map(problem -> csv.problem(problem.line(), problem.what()))
              .toList());
    }
    if (batch.failure() != null) {
      throw batch.failure();
    }
    return Objects.requireNonNull(next[0]);
  }

  private void tell() {
    OptionalDouble share = csv.progress();
    LOG.log(
        System.Logger.Level.INFO,
        () ->
            String.format(Locale.ROOT, "%s: %,d rows read", csv.file(), rows)
                + (share.isPresent()
                    ? String.format(Locale.ROOT, ", %.0f %% of the file", share.getAsDouble() * 100)
                    : ""));
  }

  private Profile cut() {
    List<TrainingColumn> watched = columns.stream().filter(TrainingColumn::watched).toList();
    ColumnBaseline[] cut = new ColumnBaseline[watched.size()];
    @Nullable ColumnBaseline[] score = new ColumnBaseline[1];
    IntStream.rangeClosed(0, watched.size())
        .parallel()
        .forEach(
            task -> {
              if (task > 0) {
                cut[task - 1] = watched.get(task - 1).cut();
              } else if (scores != null) {
                score[0] = scores.cut();
              }
            });
    return Profile.of(rows, List.of(cut), Optional.ofNullable(score[0]));
  }

  /** What a model answers to the training rows. */
  private static final class Scores {
    private final String name;
    private final ModelHandle<Row, Row> handle;
    private final @Nullable NumberColumn numbers;
    private final @Nullable CategoryColumn categories;

    private Scores(String name, ElementType type, ModelHandle<Row, Row> handle) {
      this.name = name;
      this.handle = handle;
      this.numbers = type == ElementType.BOOL ? null : new NumberColumn(name, type);
      this.categories = type == ElementType.BOOL ? new CategoryColumn(name, type) : null;
    }

    static Scores of(ModelSchema schema, ModelHandle<Row, Row> handle) {
      String name =
          schema
              .score()
              .orElseThrow(
                  () ->
                      new InvalidSettingsException(
                          "the schema names no score, so there is nothing to score rows for; name"
                              + " it with score(\"…\"), or make the baseline without a handle"));
      int index = schema.output(name).orElseThrow().index();
      return new Scores(name, schema.outputColumns().get(index).type(), handle);
    }

    /** Scores the values that the columns kept. */
    void add(List<TrainingColumn> columns, int rows) {
      double[] batch = new double[rows];
      int chunks = (rows + CHUNK - 1) / CHUNK;
      @Nullable RuntimeException[] failures = new RuntimeException[chunks];
      IntStream.range(0, chunks)
          .parallel()
          .forEach(
              chunk -> {
                int from = chunk * CHUNK;
                try {
                  score(columns, from, Math.min(rows, from + CHUNK), batch);
                } catch (RuntimeException e) {
                  failures[chunk] = e;
                }
              });
      for (RuntimeException failure : failures) {
        if (failure != null) {
          throw failure; // the first in the file's order
        }
      }
      for (double score : batch) {
        if (numbers != null) {
          numbers.add(score);
        } else {
          Objects.requireNonNull(categories).add(score);
        }
      }
    }

    private void score(List<TrainingColumn> columns, int from, int to, double[] batch) {
      List<Row> inputs = new ArrayList<>(to - from);
      for (int row = from; row < to; row++) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (TrainingColumn column : columns) {
          values.put(column.name(), column.value(row));
        }
        inputs.add(Row.of(values));
      }
      List<Prediction<Row>> answers = handle.predictAll(inputs, CALL);
      for (int row = from; row < to; row++) {
        Row answer = answers.get(row - from).value();
        try {
          batch[row] = answer.number(name);
        } catch (InvalidInputException e) {
          throw new InvalidSettingsException(
              "the handle's answers give no score '" + name + "': " + e.getMessage());
        }
      }
    }

    ColumnBaseline cut() {
      return numbers != null ? numbers.cutMidway() : Objects.requireNonNull(categories).cut();
    }
  }
}
