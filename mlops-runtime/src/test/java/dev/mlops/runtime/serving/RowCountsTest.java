package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RowCountsTest {
  private final RowCounts counts = new RowCounts();

  private void add(int... rows) {
    for (int each : rows) {
      counts.add(each);
    }
  }

  @Test
  void all_ofNone_isOneRow() {
    assertThat(counts.all()).containsExactly(1);
    assertThat(counts.largest()).isOne();
  }

  @Test
  void add_known_changesNothing() {
    add(8, 64, 8, 1, 64);
    assertThat(counts.all()).containsExactly(64, 8, 1);
  }

  @Test
  void add_more_keepsTheLargestAndTheNewest() {
    add(300, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(counts.all()).containsExactly(300, 9, 8, 7, 6, 5, 4, 3);
    add(1_000);
    assertThat(counts.all()).containsExactly(1_000, 300, 9, 8, 7, 6, 5, 4);
    assertThat(counts.largest()).isEqualTo(1_000);
  }
}
