package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Votes.Aggregate;
import org.jspecify.annotations.Nullable;

/** Trees over rows: down each tree, the leaves' votes together, and what comes of them. */
final class TreeStep implements Step {
  private final Forest forest;
  private final Votes votes;
  private final TreeScores scores;
  private final int targets;
  private final int scratch;
  private final Value input;
  private final Labels labels;
  private final @Nullable Value label;
  private final @Nullable Value score;

  /**
   * Lays the trees out.
   *
   * @param scratch its place in {@link Registers#scratch}
   * @param label where it goes; null if nobody wants it
   * @param score where the scores go; null if nobody wants them
   */
  TreeStep(
      TreeTable table,
      Aggregate aggregate,
      TreeScores scores,
      int scratch,
      Value input,
      Labels labels,
      @Nullable Value label,
      @Nullable Value score) {
    Splits splits = new Splits(table);
    this.votes = new Votes(table, aggregate);
    this.forest = Forest.of(splits, table.single, votes.worth());
    this.scores = scores;
    this.targets = table.targets;
    this.scratch = scratch;
    this.input = input;
    this.labels = labels;
    this.label = label;
    this.score = score;
  }

  @Override
  public void open(Registers registers) {
    registers.scratch[scratch] = forest.visit(targets);
  }

  @Override
  public void run(Registers registers, int rows) {
    Visit visit = (Visit) registers.scratch[scratch];
    for (int row = 0; row < rows; row++) {
      forest.row(registers, input, row, visit);
      votes.count(forest, visit);
      int best = scores.finish(visit);
      if (label != null) {
        labels.write(registers, label, row, best);
      }
      if (score != null) {
        write(registers, score, visit.scores, row * targets);
      }
    }
  }

  private static void write(Registers registers, Value score, double[] scores, int from) {
    if (score.type() == ElementType.DOUBLE) {
      System.arraycopy(scores, 0, registers.doubles[score.register()], from, scores.length);
      return;
    }
    float[] into = registers.floats[score.register()];
    for (int i = 0; i < scores.length; i++) {
      into[from + i] = (float) scores[i];
    }
  }
}
