package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.ColumnCells;
import dev.mlops.drift.count.NumberCells;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a person on call is told. */
class ReasonTest {
  private static final Rule TWENTIETH = new Rule(0.01, 0.05);
  private static final Rule TENTH = new Rule(0.01, 0.1);

  /** Below, to 20, to 30, to 40, above; then minus infinity, infinity, NaN, missing. */
  private static final NumberCells NUMBERS = new NumberCells(Math.nextDown(10f), 20, 30, 40);

  private static final long[] NO_NUMBER_MISSING = {0, 6000, 7000, 7000, 0, 0, 0, 0, 0};
  private static final long[] SMALL_BASELINE = {0, 500, 500, 500, 0, 0, 0, 0, 0};

  /** Three categories, then other, unseen, missing. */
  private static final CategoryCells CATEGORIES =
      new CategoryCells(List.of("red", "green", "blue"), List.of("grey"), true);

  private static final long[] COLOURS = {8000, 6000, 5000, 1000, 0, 0};
  private static final long[] NO_OTHER = {8000, 6000, 5000, 0, 1000, 0};

  @Test
  void numbers_movedWithinTheirRange_sayBelowWhatMoreLie() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 0, 1500, 1000, 500, 0, 0, 0, 0, 0))
        .isEqualTo(
            "50 % of the values are at most 20, in training 30 %. The distribution moved by 0.2,"
                + " with 99 % confidence by at least 0.168; 0.1 is allowed.");
  }

  @Test
  void numbers_movedUp_sayAboveWhatMoreLieAndWhereMost() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 0, 300, 1700, 1000, 300, 0, 0, 0, 0))
        .isEqualTo(
            "90.9 % of the values are above 20, in training 70 %. The distribution moved by 0.209,"
                + " with 99 % confidence by at least 0.179; 0.1 is allowed. The share changed most"
                + " among the training data's least values, up to 20: 9.1 %, in training 30 %.");
  }

  @Test
  void numbers_outsideOfTraining_saySo() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 900, 600, 0, 0, 0, 0, 0, 0, 0))
        .startsWith("100 % of the values are at most 20, in training 30 %.")
        .endsWith(
            " The share changed most below the training data's least value: 60 %, in training"
                + " 0 %.");
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 600, 300, 300, 300, 0, 0, 0, 0, 0))
        .startsWith(
            "40 % of the values are below the training data's least value, in training 0 %.");
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 0, 300, 300, 300, 100, 0, 0, 0, 0))
        .as("a distance that cannot be told from 0.1")
        .startsWith("The distribution moved by 0.1, but 1,000 rows");
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 0, 300, 300, 300, 300, 0, 0, 0, 0))
        .startsWith(
            "25 % of the values are above the training data's greatest value, in training 0 %.");
  }

  @Test
  void numbers_besideAPointMass_nameItsValue() {
    float below = Math.nextDown(999f);
    NumberCells cells = new NumberCells(Math.nextDown(1f), 6, below, 999);
    long[] then = {0, 50, 50, 9900, 0, 0, 0, 0, 0};
    assertThat(reason(cells, then, TENTH, 0, 10, 190, 800, 0, 0, 0, 0, 0))
        .startsWith("20 % of the values are below 999, in training 1 %.");
    assertThat(reason(cells, then, TENTH, 0, 10, 1190, 800, 0, 0, 0, 0, 0))
        .endsWith(" The share changed most above 6 and below 999: 59.5 %, in training 0.5 %.");
    long[] rarely = {0, 5000, 4900, 100, 0, 0, 0, 0, 0};
    assertThat(reason(cells, rarely, TENTH, 0, 300, 300, 400, 0, 0, 0, 0, 0))
        .startsWith("40 % of the values are at least 999, in training 1 %.");
  }

  @Test
  void numbers_closeTogether_arePartedByTheirFigures() {
    double next = 48.1371 + 1e-5;
    NumberCells places =
        new NumberCells(Math.nextDown(48.1371), 48.1371, Math.nextDown(next), next, 49, 50);
    long[] before = {0, 0, 0, 5000, 2500, 2500, 0, 0, 0, 0, 0};
    assertThat(reason(places, before, TENTH, 0, 0, 0, 1000, 0, 0, 0, 0, 0, 0, 0))
        .startsWith("100 % of the values are at most 48.13711, in training 50 %.");
    NumberCells whole = new NumberCells(1234566, 1234567, 1234568);
    long[] halves = {0, 5000, 5000, 0, 0, 0, 0, 0};
    assertThat(reason(whole, halves, TENTH, 0, 1000, 0, 0, 0, 0, 0, 0))
        .startsWith("100 % of the values are at most 1234567, in training 50 %.");
    assertThat(reason(whole, halves, TENTH, 0, 0, 1000, 0, 0, 0, 0, 0))
        .startsWith("100 % of the values are above 1234567, in training 50 %.");
    NumberCells dates = new NumberCells(20231231, 20240131, 20240229, 20240331);
    assertThat(reason(dates, NO_NUMBER_MISSING, TENTH, 0, 1000, 0, 0, 0, 0, 0, 0, 0))
        .startsWith("100 % of the values are at most 20240131, in training 30 %.");
  }

  @Test
  void numbers_missingMore_nameMissingness() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 0, 300, 350, 350, 0, 0, 0, 0, 1000))
        .isEqualTo(
            "50 % of the values are missing, in training 0 %. That share changed by 0.5, with 99 %"
                + " confidence by at least 0.47; 0.1 is allowed.");
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 0, 300, 350, 350, 0, 5, 5, 90, 1000))
        .startsWith("52.4 % of the values are missing or NaN or infinite, in training 0 %.");
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 0, 500, 0, 0, 0, 0, 0, 0, 9500))
        .startsWith("95 % of the values are missing, in training 0 %. That share changed by 0.95,")
        .endsWith(" is allowed. The other values moved as well, by 0.7.");
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 0, 0, 0, 0, 0, 0, 0, 0, 500))
        .startsWith("100 % of the values are missing, in training 0 %. That share changed by 1,")
        .endsWith(" No value of this window is left to compare.");
    assertThat(
            reason(
                NUMBERS,
                new long[] {0, 0, 0, 0, 0, 0, 0, 0, 500},
                TENTH,
                0,
                300,
                350,
                350,
                0,
                0,
                0,
                0,
                0))
        .startsWith("0 % of the values are missing, in training 100 %. That share changed by 1,")
        .endsWith(" No value of the training data is left to compare with.");
  }

  @Test
  void numbers_movedMoreThanTheyMiss_sayBoth() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TENTH, 0, 8000, 0, 0, 0, 0, 0, 0, 2000))
        .startsWith("100 % of the values are at most 20, in training 30 %.")
        .endsWith(" Beside that, 20 % of the values are missing, in training 0 %.");
  }

  @Test
  void numbers_stable_sayAtMost() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TWENTIETH, 0, 1520, 1730, 1750, 0, 0, 0, 0, 0))
        .isEqualTo(
            "The distribution moved by 0.004, with 99 % confidence by at most 0.0224; 0.05 is"
                + " allowed.");
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TWENTIETH, 0, 1520, 1730, 1750, 0, 0, 0, 0, 9))
        .endsWith(" allowed. 0.2 % of the values are missing, in training 0 %.");
  }

  @Test
  void numbers_tooFewRows_sayHowManyWouldShowNoChange() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TWENTIETH, 0, 180, 200, 190, 0, 0, 0, 0, 0))
        .isEqualTo(
            "The distribution moved by 0.0167, but 570 rows against 20,000 leave that anywhere from"
                + " 0 to 0.0661, and 0.05 lies within. If nothing changed, about 2,300 rows would"
                + " show it.");
  }

  @Test
  void numbers_tooFewRowsButSomeMissing_speakOfValues() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TWENTIETH, 0, 180, 200, 190, 0, 0, 0, 0, 1))
        .startsWith("The distribution moved by 0.0167, but 570 values against 20,000 leave that")
        .endsWith("about 2,300 values would show it.");
  }

  @Test
  void numbers_unluckyWithEnoughRows_sayALargerNumber() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TWENTIETH, 0, 653, 840, 907, 0, 0, 0, 0, 0))
        .isEqualTo(
            "The distribution moved by 0.0279, but 2,400 rows against 20,000 leave that anywhere"
                + " from 0 to 0.053, and 0.05 lies within. If nothing changed, about 3,700 rows"
                + " would show it.");
  }

  @Test
  void numbers_smallBaseline_sayWhatItDecidesAndWhatToPublish() {
    assertThat(reason(NUMBERS, SMALL_BASELINE, TWENTIETH, 0, 660, 710, 710, 0, 0, 0, 0, 0))
        .endsWith(
            " A baseline of 1,500 rows can decide delta 0.1; for 0.05 publish 6,000 and count"
                + " 3,000.");
    assertThat(
            reason(
                NUMBERS,
                new long[] {0, 1, 1, 1, 0, 0, 0, 0, 0},
                TWENTIETH,
                0,
                3,
                3,
                4,
                0,
                0,
                0,
                0,
                0))
        .endsWith(
            " A baseline of 3 rows can decide nothing; for 0.05 publish 6,000 and count 3,000.");
  }

  @Test
  void numbers_changedNearDelta_sayThatRowsHelpSoFar() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TWENTIETH, 0, 1250, 1750, 2000, 0, 0, 0, 0, 0))
        .endsWith(" That is close to 0.05, so more rows would only help so far.");
  }

  @Test
  void numbers_surelyChangedButNotHowMuch_sayWhatThisChangeNeeds() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TWENTIETH, 0, 500, 700, 900, 0, 0, 0, 0, 0))
        .isEqualTo(
            "The distribution moved by 0.0786, but 2,100 rows against 20,000 leave that anywhere"
                + " from 0.0412 to 0.105, and 0.05 lies within. If that is the true change, it"
                + " takes more than about 3,900 rows to decide.");
    assertThat(reason(NUMBERS, SMALL_BASELINE, TWENTIETH, 0, 553, 700, 847, 0, 0, 0, 0, 0))
        .endsWith(
            " If that is the true change, a baseline of 1,500 rows is too small; publish 20,000 and"
                + " count 9,900.");
  }

  @Test
  void numbers_oneRow_isCountedInTheSingular() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, new Rule(0.5, 0.6), 0, 0, 0, 0, 1, 0, 0, 0, 0))
        .startsWith("The distribution moved by 1, but 1 row against 20,000 leaves that anywhere");
    assertThat(
            reason(
                NUMBERS, new long[] {0, 1, 0, 0, 0, 0, 0, 0, 0}, TENTH, 0, 0, 0, 9, 0, 0, 0, 0, 0))
        .endsWith(" A baseline of 1 row can decide nothing; for 0.1 publish 1,500 and count 750.");
  }

  @Test
  void rows_sufficient_areAlwaysMoreThanThereWere() {
    for (int one = 0; one <= 40; one++) {
      for (double delta : new double[] {0.3, 0.5, 0.6, 0.8, 0.9}) {
        for (double alpha : new double[] {0.01, 0.3, 0.5}) {
          int n = 1 + one / 4;
          int high = one % (n + 1);
          String reason =
              reason(
                  NUMBERS,
                  NO_NUMBER_MISSING,
                  new Rule(alpha, delta),
                  0,
                  n - high,
                  0,
                  0,
                  high,
                  0,
                  0,
                  0,
                  0);
          Matcher wanted = Pattern.compile("about ([0-9,]+) (rows?)").matcher(reason);
          if (wanted.find()) {
            int rows = Integer.parseInt(wanted.group(1).replace(",", ""));
            assertThat(rows).as(reason).isGreaterThan(n);
            assertThat(wanted.group(2)).isEqualTo("rows");
          }
        }
      }
    }
  }

  @Test
  void numbers_shareMissingOpen_nameMissingness() {
    assertThat(reason(NUMBERS, NO_NUMBER_MISSING, TWENTIETH, 0, 3000, 3500, 3500, 0, 0, 0, 0, 450))
        .isEqualTo(
            "4.3 % of the values are missing, in training 0 %. That share changed by 0.0431, but"
                + " 10,450 rows against 20,000 leave that anywhere from 0.0275 to 0.0571, and 0.05"
                + " lies within. That is close to 0.05, so more rows would only help so far.");
  }

  @Test
  void categories_oneGrew_nameItBeforeAndNow() {
    assertThat(reason(CATEGORIES, COLOURS, TENTH, 600, 300, 1000, 100, 0, 0))
        .isEqualTo(
            "Category 'blue' is 50 % of the rows, in training 25 %. That share changed by 0.25,"
                + " with 99 % confidence by at least 0.215; 0.1 is allowed.");
  }

  @Test
  void categories_specialOnes_haveWordsOfTheirOwn() {
    assertThat(reason(CATEGORIES, COLOURS, TENTH, 800, 600, 500, 100, 800, 0))
        .startsWith("Categories that training never held are 28.6 % of the rows, in training 0 %.");
    assertThat(reason(CATEGORIES, COLOURS, TENTH, 800, 600, 500, 100, 0, 800))
        .startsWith("Missing values are 28.6 % of the rows, in training 0 %.");
    assertThat(reason(CATEGORIES, COLOURS, TENTH, 800, 600, 500, 900, 0, 0))
        .startsWith("The rarer categories together are 32.1 % of the rows, in training 5 %.");
    CategoryCells unknown = new CategoryCells(List.of("red", "green", "blue"), List.of(), false);
    assertThat(reason(unknown, COLOURS, TENTH, 800, 600, 500, 900, 0, 0))
        .startsWith("Rarer and new categories together are 32.1 % of the rows, in training 5 %.");
  }

  @Test
  void categories_manyChanged_sayHowManyRowsThatIs() {
    assertThat(reason(CATEGORIES, COLOURS, TWENTIETH, 5, 10, 23, 12, 0, 0))
        .startsWith("Category 'red' is 10 % of the rows, in training 40 %.")
        .endsWith(
            " allowed. At least 40 % of the rows would have to change category to look like training.");
    CategoryCells forty =
        new CategoryCells(IntStream.range(0, 40).mapToObj(i -> "c" + i).toList(), List.of(), true);
    long[] before = new long[43];
    long[] now = new long[43];
    for (int i = 0; i < 40; i++) {
      before[i] = 500;
      now[i] = i % 2 == 0 ? 500 : 0;
    }
    assertThat(Comparison.of(forty, before, now, TENTH).reason())
        .isEqualTo(
            "50 % of the rows would have to change category to look like training. Together the"
                + " shares moved by 0.5, with 99 % confidence by at least 0.45; 0.1 is allowed."
                + " Category 'c0' changed most, from 2.5 % of the rows in training to 5 %.");
  }

  @Test
  void categories_stable_nameTheLargestChangeAndAllTogether() {
    assertThat(reason(CATEGORIES, NO_OTHER, TWENTIETH, 1960, 1530, 1260, 0, 250, 0))
        .isEqualTo(
            "Category 'red' changed most, from 40 % of the rows in training to 39.2 %: by 0.008,"
                + " with 99 % confidence by at most 0.0264; 0.05 is allowed. Together the shares"
                + " moved by 0.008.");
    assertThat(reason(CATEGORIES, new long[] {8000, 0, 0, 0, 0, 0}, TENTH, 8000, 0, 0, 0, 0, 0))
        .isEqualTo(
            "The shares changed by 0, with 99 % confidence by at most 0.0184; 0.1 is allowed."
                + " Together the shares moved by 0.");
  }

  @Test
  void categories_aFewWithoutACell_sayThatAChangeCouldHide() {
    assertThat(reason(CATEGORIES, COLOURS, TENTH, 1960, 1530, 1260, 250, 0, 0))
        .isEqualTo(
            "Category 'red' changed most, from 40 % of the rows in training to 39.2 %: by 0.008,"
                + " with 99 % confidence by at most 0.0684; 0.1 is allowed. 5 % of the rows are of"
                + " categories without a cell of their own, among which a change could hide."
                + " Together the shares moved by at least 0.008.");
    assertThat(reason(CATEGORIES, COLOURS, TENTH, 205, 140, 130, 25, 0, 0))
        .endsWith(
            " leave that anywhere from 0 to 0.103, and 0.1 lies within. 5 % of the rows are of"
                + " categories without a cell of their own, among which a change could hide. If"
                + " nothing changed, about 760 rows would show it.");
  }

  @Test
  void categories_manyWithoutACell_sayThatRowsCannotTell() {
    assertThat(reason(CATEGORIES, COLOURS, TWENTIETH, 1960, 1530, 1260, 250, 0, 0))
        .isEqualTo(
            "Category 'red' changed most, from 40 % of the rows in training to 39.2 %: by 0.008,"
                + " but 5,000 rows against 20,000 leave that anywhere from 0 to 0.0684, and 0.05"
                + " lies within. 5 % of the rows are of categories without a cell of their own,"
                + " among which a change could hide. More rows cannot tell, but fewer categories"
                + " can.");
  }

  @Test
  void categories_nearlyTooManyWithoutACell_sayWhatTheBaselineDecides() {
    assertThat(
            reason(
                CATEGORIES,
                new long[] {800, 600, 500, 80, 20, 0},
                TWENTIETH,
                4000,
                3000,
                2500,
                400,
                100,
                0))
        .endsWith(
            " A baseline of 2,000 rows can decide delta 0.091; for 0.05 publish 53,000 and count"
                + " 26,000.");
  }

  @Test
  void categories_manyChangedAndSomeWithoutACell_sayAtLeast() {
    CategoryCells forty =
        new CategoryCells(
            IntStream.range(0, 40).mapToObj(i -> "c" + i).toList(), List.of("d"), true);
    long[] before = new long[43];
    long[] now = new long[43];
    for (int i = 0; i < 40; i++) {
      before[i] = 490;
      now[i] = i % 2 == 0 ? 490 : 0;
    }
    before[40] = 400;
    now[40] = 200;
    assertThat(Comparison.of(forty, before, now, TENTH).reason())
        .startsWith(
            "At least 49 % of the rows would have to change category to look like training."
                + " Together the shares moved by at least 0.49, with 99 % confidence by at least"
                + " 0.4");
  }

  @Test
  void categories_tooFewRows_sayHowManyWouldShowNoChange() {
    assertThat(reason(CATEGORIES, NO_OTHER, TWENTIETH, 205, 140, 130, 0, 25, 0))
        .isEqualTo(
            "Category 'green' changed most, from 30 % of the rows in training to 28 %: by 0.02, but"
                + " 500 rows against 20,000 leave that anywhere from 0 to 0.0727, and 0.05 lies"
                + " within. If nothing changed, about 1,800 rows would show it.");
  }

  @Test
  void categories_longOrStrangeName_isCutAndOnOneLine() {
    CategoryCells strange =
        new CategoryCells(List.of("a\nb", "x".repeat(100), "blue"), List.of(), true);
    assertThat(reason(strange, COLOURS, TENTH, 100, 900, 0, 0, 0, 0))
        .startsWith("Category '" + "x".repeat(39) + "…' is 90 % of the rows, in training 30 %.");
    assertThat(reason(strange, COLOURS, TENTH, 900, 100, 0, 0, 0, 0))
        .startsWith("Category 'a b' is 90 % of the rows, in training 40 %.");
  }

  @Test
  void anySide_withoutRows_saysSo() {
    assertThat(reason(CATEGORIES, COLOURS, TENTH, 0, 0, 0, 0, 0, 0))
        .isEqualTo("No row was counted in this window, so there is nothing to compare.");
    assertThat(reason(CATEGORIES, new long[6], TENTH, 8, 0, 0, 0, 0, 0))
        .isEqualTo(
            "The baseline has no rows, so there is nothing to compare with; publish one that was"
                + " made from training data.");
  }

  private static String reason(ColumnCells cells, long[] baseline, Rule rule, long... serving) {
    return Comparison.of(cells, baseline, serving, rule).reason();
  }
}
