package dev.mlops.drift.report;

import static java.util.Comparator.comparing;

import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Measure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a whole report says: the verdict on all columns, and the sentence for it.
 *
 * @param level DRIFT if a column has drifted; STABLE if there is one and all are stable; otherwise
 *     INSUFFICIENT
 * @param sentence one or two sentences in plain words
 * @param ranked the columns: drifted ones first, then by effect, the largest first; those without
 *     an effect last, in their own order
 */
record Summary(Level level, String sentence, List<Evidence.Column> ranked) {
  private static final int NAMED = 5;
  private static final int LONGEST_NAME = 40;
  private static final int LONGEST_WHY = 120;

  static Summary of(Evidence evidence) {
    List<Evidence.Column> ranked = new ArrayList<>(evidence.columns());
    ranked.sort(
        comparing((Evidence.Column column) -> column.level() != Level.DRIFT)
            .thenComparing(Summary::effect, Comparator.reverseOrder()));
    return new Summary(level(ranked), sentence(evidence, ranked), List.copyOf(ranked));
  }

  /** How many columns have this verdict. */
  int count(Level level) {
    return Math.toIntExact(ranked.stream().filter(column -> column.level() == level).count());
  }

  private static double effect(Evidence.Column column) {
    return column.deciding().map(Measure::effect).filter(effect -> effect >= 0).orElse(-1.0);
  }

  private static Level level(List<Evidence.Column> columns) {
    if (columns.stream().anyMatch(column -> column.level() == Level.DRIFT)) {
      return Level.DRIFT;
    }
    return !columns.isEmpty() && columns.stream().allMatch(column -> column.level() == Level.STABLE)
        ? Level.STABLE
        : Level.INSUFFICIENT;
  }

  private static String sentence(Evidence evidence, List<Evidence.Column> ranked) {
    if (ranked.isEmpty()) {
      return "This model has no column that can be watched.";
    }
    String lost =
        Figures.count(evidence.lost())
            + (evidence.lost() == 1 ? " prediction" : " predictions")
            + " could not be counted.";
    boolean allLost = evidence.rows() == 0 && evidence.lost() > 0;
    if (evidence.baseline().isEmpty()) {
      return "Nothing was compared: this version has no baseline. "
          + Figures.count(evidence.rows())
          + (evidence.rows() == 1 ? " row was counted." : " rows were counted.")
          + (allLost ? " " + lost : "");
    }
    if (evidence.rows() == 0) {
      return "Nothing was compared: " + (allLost ? lost : "no rows came in this window.");
    }
    List<Evidence.Column> inputs = ranked.stream().filter(column -> !column.score()).toList();
    Optional<Evidence.Column> score = ranked.stream().filter(Evidence.Column::score).findFirst();
    if (inputs.isEmpty()) {
      return score.map(Summary::scoreAlone).orElse("");
    }
    if (score.isEmpty()) {
      return columns(inputs, "");
    }
    Level level = score.get().level();
    return score.get().compared().isPresent() && with(level, inputs).size() == inputs.size()
        ? columns(inputs, " and the score")
        : columns(inputs, "") + " " + scoreAlone(score.get());
  }

  private static String scoreAlone(Evidence.Column score) {
    if (score.compared().isEmpty()) {
      String why = score.problem().split(";", 2)[0]; // what to do about it comes after that
      return "The score was not compared"
          + (why.isEmpty() ? "." : ": " + Figures.shown(why, LONGEST_WHY) + ".");
    }
    return switch (score.level()) {
      case DRIFT -> "The score has drifted.";
      case STABLE -> "The score is stable.";
      case INSUFFICIENT -> "For the score there is not enough to tell.";
    };
  }

  /** Of input columns, and of what else shares their verdict where all have the same. */
  private static String columns(List<Evidence.Column> inputs, String also) {
    int all = inputs.size();
    List<Evidence.Column> drifted = with(Level.DRIFT, inputs);
    List<Evidence.Column> stable = with(Level.STABLE, inputs);
    List<Evidence.Column> open = with(Level.INSUFFICIENT, inputs);
    if (drifted.size() == all) {
      return subject(inputs, also)
          + (all == 1 && also.isEmpty() ? " has drifted" : " have drifted")
          + (all == 1 ? "." : ": " + names(drifted) + ".");
    }
    if (stable.size() == all) {
      return subject(inputs, also) + (all == 1 && also.isEmpty() ? " is stable." : " are stable.");
    }
    if (open.size() == all) {
      return all == 1 && also.isEmpty()
          ? "There is not enough to tell for " + subject(inputs, also).replace("The", "the") + "."
          : "There is not enough to tell for any column"
              + (also.isEmpty() ? "." : " or for the score.");
    }
    int none = all - drifted.size() - stable.size() - open.size();
    if (none == all) {
      return all == 1 ? subject(inputs, "") + " was not compared." : "No column was compared.";
    }
    StringBuilder said = new StringBuilder();
    if (drifted.isEmpty() && stable.isEmpty()) {
      said.append("There is not enough to tell for ").append(open.size()).append(" of ");
      said.append(all).append(" columns");
    } else if (drifted.isEmpty()) {
      said.append("No column has drifted: ").append(stable.size()).append(" of ").append(all);
      said.append(stable.size() == 1 ? " is stable" : " are stable");
    } else {
      said.append(drifted.size()).append(" of ").append(all).append(" columns ");
      said.append(drifted.size() == 1 ? "has" : "have").append(" drifted: ").append(names(drifted));
    }
    if (!open.isEmpty() && open.size() + none < all) {
      said.append("; for ").append(open.size()).append(" there is not enough to tell");
    }
    if (none > 0) {
      said.append("; ").append(none).append(none == 1 ? " was" : " were").append(" not compared");
    }
    return said.append('.').toString();
  }

  private static String subject(List<Evidence.Column> inputs, String also) {
    return inputs.size() == 1
        ? "The column " + Figures.shown(inputs.get(0).name(), LONGEST_NAME) + also
        : (inputs.size() == 2 ? "Both" : "All " + inputs.size()) + " columns" + also;
  }

  /** Those that were compared and got this verdict. */
  private static List<Evidence.Column> with(Level level, List<Evidence.Column> columns) {
    return columns.stream()
        .filter(column -> column.compared().isPresent() && column.level() == level)
        .toList();
  }

  private static String names(List<Evidence.Column> columns) {
    List<String> names = new ArrayList<>();
    int named = columns.size() > NAMED ? NAMED - 1 : columns.size();
    for (Evidence.Column column : columns.subList(0, named)) {
      names.add(Figures.shown(column.name(), LONGEST_NAME));
    }
    if (named < columns.size()) {
      names.add((columns.size() - named) + " more");
    }
    int last = names.size() - 1;
    return last == 0
        ? names.get(0)
        : String.join(", ", names.subList(0, last)) + " and " + names.get(last);
  }
}
