package dev.mlops.drift.count;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CategoryCellsTest {
  @Test
  void cell_ofEachKind_isItsOwn() {
    CategoryCells cells = new CategoryCells(List.of("b", "a", ""), List.of("rare"), true);
    assertThat(cells.cell("b")).isEqualTo(0);
    assertThat(cells.cell("a")).isEqualTo(1);
    assertThat(cells.cell("")).isEqualTo(2);
    assertThat(cells.cell("rare")).isEqualTo(3).isEqualTo(cells.other());
    assertThat(cells.cell("B")).isEqualTo(4).isEqualTo(cells.unseen());
    assertThat(cells.missing()).isEqualTo(5);
    assertThat(cells.size()).isEqualTo(6);
  }

  @Test
  void cell_unknownWhereNotAllAreKnown_isOther() {
    CategoryCells cells = new CategoryCells(List.of("a", "1"), List.of("rare"), false);
    assertThat(cells.cell("new")).isEqualTo(cells.other());
    assertThat(cells.cell(2)).isEqualTo(cells.other());
  }

  @Test
  void cell_textsOfOneHash_areToldApart() {
    CategoryCells cells = new CategoryCells(List.of("Aa", "AaAa"), List.of(), true);
    assertThat("Aa".hashCode()).isEqualTo("BB".hashCode());
    assertThat(cells.cell("Aa")).isEqualTo(0);
    assertThat(cells.cell("BB")).isEqualTo(cells.unseen());
    assertThat(cells.cell("AaBB")).isEqualTo(cells.unseen());
  }

  @Test
  void cell_numbers_areThoseOfTheirLabels() {
    CategoryCells cells =
        new CategoryCells(
            List.of("0", "1", "0.1", "NaN", "Infinity", "-7", "0.10000000149011612"),
            List.of("12"),
            true);
    assertThat(cells.cell(0.0)).isEqualTo(0);
    assertThat(cells.cell(-0.0)).isEqualTo(0);
    assertThat(cells.cell(1)).isEqualTo(1);
    assertThat(cells.cell(0.1)).isEqualTo(2);
    assertThat(cells.cell(Double.NaN)).isEqualTo(3);
    assertThat(cells.cell(Double.longBitsToDouble(0xFFF8_0000_0000_1234L))).isEqualTo(3);
    assertThat(cells.cell(Double.POSITIVE_INFINITY)).isEqualTo(4);
    assertThat(cells.cell(-7)).isEqualTo(5);
    assertThat(cells.cell(0.1f)).isEqualTo(6);
    assertThat(cells.cell(12)).isEqualTo(cells.other());
    assertThat(cells.cell(Double.NEGATIVE_INFINITY)).isEqualTo(cells.unseen());
  }

  @Test
  void cell_textThatIsNoLabel_isNoNumbers() {
    CategoryCells cells =
        new CategoryCells(
            List.of("01", "1.0", "1d", " 2", "0x1p1", "1e400", "-0", "true"), List.of(), true);
    for (double number : new double[] {0, 1, 2, Double.POSITIVE_INFINITY}) {
      assertThat(cells.cell(number)).isEqualTo(cells.unseen());
    }
  }

  @Test
  void cells_withoutCategories_tellMissingFromUnseen() {
    CategoryCells cells = new CategoryCells(List.of(), List.of(), true);
    assertThat(cells.cell("a")).isEqualTo(cells.unseen());
    assertThat(cells.cell(1)).isEqualTo(cells.unseen());
    assertThat(cells.missing()).isEqualTo(2);
  }

  @Test
  void cell_millionCategories_eachInExactlyOne() {
    List<String> known = IntStream.range(0, 10_100).mapToObj(String::valueOf).toList();
    CategoryCells cells =
        new CategoryCells(known.subList(0, 100), known.subList(100, 10_100), true);
    long[] texts = new long[cells.size()];
    long[] numbers = new long[cells.size()];
    for (int i = 0; i < 1_000_000; i++) {
      texts[cells.cell(String.valueOf(i))]++;
      numbers[cells.cell(i)]++;
    }
    assertThat(numbers).isEqualTo(texts);
    for (int cell = 0; cell < 100; cell++) {
      assertThat(texts[cell]).isEqualTo(1);
    }
    assertThat(texts[cells.other()]).isEqualTo(10_000);
    assertThat(texts[cells.unseen()]).isEqualTo(989_900);
    assertThat(texts[cells.missing()]).isZero();
  }

  @Test
  void categories_twice_areRefused() {
    assertThatThrownBy(() -> new CategoryCells(List.of("a"), List.of("b", "a"), true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a category stands there twice; wanted each once");
  }
}
