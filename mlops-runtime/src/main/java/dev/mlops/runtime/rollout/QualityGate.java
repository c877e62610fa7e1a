package dev.mlops.runtime.rollout;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.runtime.rollout.LabelledRows.Labelled;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether a candidate is better than the version in force on rows whose truth is known: the
 * operator's own rows, not the package's, and the newest in time, for a random holdout accepts what
 * the next months refuse.
 *
 * <p>The file is CSV (RFC 4180, UTF-8) with a header: the input columns by name (an empty cell is
 * missing), {@code truth}, and {@code block} or {@code time}; other columns are ignored. Where the
 * schema's score stands in a tensor of several columns, {@code truth} is the name of one of them
 * and the loss of a row is -ln of the probability there, clipped at 1e-15; where it stands alone,
 * {@code truth} is a number and the loss is the squared error. Rows with an empty {@code truth} are
 * left out and counted in the evidence. Rows of one {@code block} belong together (a customer, a
 * storm); without that column the UTC day of {@code time} is the block (ISO 8601; without offset it
 * is UTC); without either the gate is skipped, as no interval could be trusted. The file is read
 * anew, 1,024 rows at a time, at each check, so it may be replaced at any time by another moved to
 * its place.
 *
 * <p>The gain of a row is the active version's loss less the candidate's. With m the mean gain over
 * n rows in B blocks, S_b the sum and n_b the number of the gains in block b, the variance of m is
 * B/(B-1) · Σ (S_b - m·n_b)² / n², and the interval is Student's with B - 1 degrees of freedom, 95
 * % two-sided. The gate passes when the whole interval is above 0 and fails when it is below, or
 * above and below -loss where {@link #atMostWorse} says so; else, and with fewer than 20 blocks, it
 * is undecided. It is undecided too when the file cannot be used, for that says nothing about the
 * version: the evidence names line and column. A candidate that fails on the rows, or answers with
 * something that is no probability, fails.
 *
 * <p>Immutable; safe for all threads.
 */
public final class QualityGate implements Gate {
  private static final int FEWEST_BLOCKS = 20;

  private final Path file;
  private final double allowed;

  private QualityGate(Path file, double allowed) {
    this.file = file;
    this.allowed = allowed;
  }

  /**
   * A gate that lets a version pass only if it is better than the one in force.
   *
   * @param labelledCsv need not exist before the first check
   */
  public static QualityGate on(Path labelledCsv) {
    return new QualityGate(labelledCsv, 0);
  }

  /**
   * The same gate, but it lets a version pass that is surely not worse by more than this: without
   * it, a version that is as good as the one in force stays out for ever.
   *
   * @param loss a row, in the unit of the loss: nats, or the square of the truth's unit
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public QualityGate atMostWorse(double loss) {
    if (!(loss >= 0) || Double.isInfinite(loss)) {
      throw new IllegalArgumentException(
          "atMostWorse was " + loss + " but must be finite and at least 0: a loss a row");
    }
    return new QualityGate(file, loss);
  }

  @Override
  public String name() {
    return "quality";
  }

  @Override
  public boolean compares() {
    return true;
  }

  @Override
  public Result check(Candidate candidate) {
    if (candidate.active().isEmpty() || candidate.activeSchema().isEmpty()) {
      return skipped("nothing serves yet to compare with");
    }
    String against = candidate.active().get().number();
    ModelSchema schema = candidate.version().schema();
    ModelSchema activeSchema = candidate.activeSchema().get();
    Optional<String> score = schema.score().or(activeSchema::score);
    if (score.isEmpty()) {
      return skipped("neither schema declares a score, so no answer has a loss");
    }
    String activeScore = activeSchema.score().orElse(score.get());
    if (schema.output(score.get()).isEmpty() || activeSchema.output(activeScore).isEmpty()) {
      return undecided("the score '" + score.get() + "' is not an output of both versions");
    }
    Loss loss = Loss.of(schema, score.get());
    Loss activeLoss = Loss.of(activeSchema, activeScore);
    if (loss.classes() != activeLoss.classes()) {
      return undecided(
          "the candidate's score has a "
              + loss.name()
              + " but that of "
              + against
              + " a "
              + activeLoss.name()
              + ": they cannot be compared");
    }
    try (LabelledRows rows = LabelledRows.open(file, schema)) {
      if (!rows.blocked()) {
        return skipped(
            file
                + " has neither a column 'block' nor 'time': which rows belong together is unknown,"
                + " and no interval could be trusted");
      }
      BlockedGain gain = new BlockedGain();
      Scorer active = Scorer.ofActive(candidate);
      Scorer scorer = Scorer.of(candidate);
      List<Labelled> chunk = rows.next(Scorer.CHUNK);
      while (!chunk.isEmpty()) {
        double[] before;
        try {
          before = losses(rows, chunk, active, activeLoss);
        } catch (ModelFailedException e) {
          return undecided(against + " cannot be compared with: " + e.getMessage());
        }
        double[] now;
        try {
          now = losses(rows, chunk, scorer, loss);
        } catch (ModelFailedException e) {
          return fail(String.valueOf(e.getMessage()));
        }
        for (int i = 0; i < now.length; i++) {
          gain.add(chunk.get(i).block(), before[i] - now[i]);
        }
        chunk = rows.next(Scorer.CHUNK);
      }
      return judge(gain, loss.name(), against, rows.unlabelled());
    } catch (InvalidSettingsException e) {
      return undecided(String.valueOf(e.getMessage()));
    }
  }

  private static double[] losses(
      LabelledRows rows, List<Labelled> chunk, Scorer scorer, Loss loss) {
    List<Row> answers;
    try {
      answers = scorer.predict(chunk.stream().map(Labelled::in).toList());
    } catch (InvalidInputException e) {
      throw rows.problem(
          chunk.get(0).line(), "here or within the next 1,024 rows: " + e.getMessage());
    }
    double[] losses = new double[chunk.size()];
    for (int i = 0; i < losses.length; i++) {
      Labelled row = chunk.get(i);
      try {
        losses[i] = loss.of(answers.get(i), row.truth());
      } catch (IllegalArgumentException e) {
        throw rows.problem(row.line(), "column 'truth' " + e.getMessage());
      } catch (ModelFailedException e) {
        throw new ModelFailedException(e.getMessage() + " (the row of line " + row.line() + ")", e);
      }
    }
    return losses;
  }

  private Result judge(BlockedGain gain, String loss, String against, long unlabelled) {
    String left =
        unlabelled == 0 ? "" : "; " + Words.count(unlabelled, "row") + " without truth left out";
    if (gain.rows() == 0) {
      return undecided(file + " holds no row with a truth" + left);
    }
    double lower = gain.mean() - gain.margin();
    double upper = gain.mean() + gain.margin();
    String interval =
        gain.blocks() < 2 ? "" : " [" + number(lower, upper) + ", " + number(upper, lower) + "]";
    String evidence =
        "gain in "
            + loss
            + " "
            + number(gain.mean(), Math.max(Math.abs(lower), Math.abs(upper)))
            + interval
            + " over "
            + Words.count(gain.rows(), "row")
            + " in "
            + Words.count(gain.blocks(), "block")
            + " against "
            + against
            + left;
    if (gain.blocks() < FEWEST_BLOCKS) {
      return undecided(
          evidence
              + "; fewer than "
              + FEWEST_BLOCKS
              + " blocks decide nothing, label more of them");
    }
    String bound = allowed == 0 ? "0" : "-" + allowed;
    String allowance = allowed == 0 ? "" : "; a loss of " + allowed + " is allowed";
    if (lower > -allowed) {
      return pass(evidence + allowance);
    }
    if (upper < -allowed) {
      return fail(evidence + allowance);
    }
    return undecided(
        evidence
            + allowance
            + "; the interval holds "
            + bound
            + ": label more rows, or allow "
            + (allowed == 0 ? "a loss" : "more")
            + " with atMostWorse");
  }

  /**
   * Four decimals, or four digits where the numbers beside it are too small or too large for that.
   */
  private static String number(double value, double beside) {
    double size = Math.max(Math.abs(value), Math.abs(beside));
    return size != 0 && (size < 0.001 || size >= 100_000)
        ? String.format(Locale.ROOT, "%+.3e", value)
        : String.format(Locale.ROOT, "%+.4f", value);
  }
}
