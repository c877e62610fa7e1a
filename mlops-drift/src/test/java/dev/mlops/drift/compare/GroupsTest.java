package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** With equal rows on both sides, a group is large enough from a pooled count of 10 on. */
class GroupsTest {
  @Test
  void neighbours_smallOnes_joinTheNextAndTheLastJoinTheOneBefore() {
    ContingencyTable table =
        table(new long[] {1, 0, 0, 9, 20, 4, 6, 3}, new long[] {0, 0, 2, 8, 20, 4, 6, 3});
    assertThat(Groups.neighbours(table)).containsExactly(0, -1, 0, 0, 1, 2, 2, 2);
  }

  @Test
  void neighbours_exactlyFiveExpected_isLargeEnough() {
    ContingencyTable table = table(new long[] {5, 15}, new long[] {5, 15});
    assertThat(Groups.neighbours(table)).containsExactly(0, 1);
    ContingencyTable less = table(new long[] {4, 15, 1}, new long[] {5, 15, 0});
    assertThat(Groups.neighbours(less)).containsExactly(0, 0, 0);
  }

  @Test
  void neighbours_fewRows_areOneGroupWithoutFreedom() {
    ContingencyTable table = table(new long[] {2, 1, 0}, new long[] {0, 2, 1});
    ChiSquare test = ChiSquare.of(table, Groups.neighbours(table));
    assertThat(test.groups()).containsExactly(0, 0, 0);
    assertThat(test.freedom()).isZero();
    assertThat(test.statistic()).isZero();
    assertThat(test.pValue()).isEqualTo(1);
  }

  @Test
  void smallest_untilLargeEnough_joinTheNextSmallest() {
    // Pooled 40, 3, 6, 0, 4, 47: 3 and 4 make 7, then 6 and 7 make 13.
    ContingencyTable table =
        table(new long[] {20, 1, 4, 0, 2, 23}, new long[] {20, 2, 2, 0, 2, 24});
    assertThat(Groups.smallest(table)).containsExactly(0, 1, 1, -1, 1, 2);
  }

  @Test
  void smallest_ofEquals_isTheEarlier() {
    // Pooled 4, 60, 4, 4, 28: the first two fours, then the third joins their eight.
    ContingencyTable table = table(new long[] {2, 30, 2, 2, 14}, new long[] {2, 30, 2, 2, 14});
    assertThat(Groups.smallest(table)).containsExactly(0, 1, 0, 0, 2);
    // Pooled 6, 6, 6, 6, 76: two pairs of 12, not one of 24.
    ContingencyTable pairs = table(new long[] {3, 3, 3, 3, 38}, new long[] {3, 3, 3, 3, 38});
    assertThat(Groups.smallest(pairs)).containsExactly(0, 0, 1, 1, 2);
    // Pooled 6, 6, 6, 7, 61: the first two sixes, then the third joins the seven.
    ContingencyTable three = table(new long[] {3, 3, 3, 4, 30}, new long[] {3, 3, 3, 3, 31});
    assertThat(Groups.smallest(three)).containsExactly(0, 0, 1, 1, 2);
  }

  @Test
  void expected_onUnequalSides_isThatOfTheSmallerOne() {
    // 100 against 900: a pooled count of 50 is expected to be 5 of the 100.
    ContingencyTable table = table(new long[] {45, 44, 811}, new long[] {5, 5, 90});
    assertThat(Groups.neighbours(table)).containsExactly(0, 1, 1);
    assertThat(Groups.smallest(table)).containsExactly(0, 0, 1);
  }

  @Test
  void counts_upToTheLargestExactDouble_doNotOverflow() {
    long most = 1L << 53;
    long[] before = new long[130];
    long[] after = new long[130];
    Arrays.fill(before, most);
    Arrays.fill(after, most);
    after[3] = most / 2;
    ContingencyTable table = table(before, after);
    assertThat(table.rows()).isPositive();
    assertThat(Groups.neighbours(table)).doesNotHaveDuplicates();
    assertThat(Groups.smallest(table)).doesNotHaveDuplicates();
    ChiSquare test = ChiSquare.of(table, Groups.smallest(table));
    assertThat(test.statistic()).isPositive().isFinite();
    assertThat(test.pValue()).isZero();
  }

  private static ContingencyTable table(long[] baseline, long[] serving) {
    return new ContingencyTable(baseline, serving);
  }
}
