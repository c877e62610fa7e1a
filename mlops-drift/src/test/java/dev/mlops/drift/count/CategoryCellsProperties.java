package dev.mlops.drift.count;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The look-up of categories beside its definition, a search in the lists. */
class CategoryCellsProperties {
  @Property(tries = 1_000, seed = "2104")
  void cell_anyText_isTheOneOfItsPlace(
      @ForAll("texts") List<String> texts, @ForAll int split, @ForAll boolean allKnown) {
    List<String> known = texts.subList(0, texts.size() * 2 / 3);
    CategoryCells cells = cells(known, split, allKnown);
    for (String text : texts) {
      assertThat(cells.cell(text)).isEqualTo(defined(cells, text));
    }
  }

  @Property(tries = 1_000, seed = "2105")
  void cell_anyNumber_isThatOfItsLabel(
      @ForAll("numbers") List<Double> numbers, @ForAll int split, @ForAll boolean allKnown) {
    List<String> known =
        numbers.stream()
            .limit(numbers.size() * 2L / 3)
            .map(CategoryCells::label)
            .distinct()
            .toList();
    CategoryCells cells = cells(known, split, allKnown);
    for (double number : numbers) {
      assertThat(cells.cell(number))
          .as("cell of %s", number)
          .isEqualTo(defined(cells, CategoryCells.label(number)));
    }
  }

  private static CategoryCells cells(List<String> known, int split, boolean allKnown) {
    int top = Math.floorMod(split, known.size() + 1);
    return new CategoryCells(known.subList(0, top), known.subList(top, known.size()), allKnown);
  }

  private static int defined(CategoryCells cells, String category) {
    int top = cells.top().indexOf(category);
    return top >= 0
        ? top
        : cells.others().contains(category) || !cells.allKnown() ? cells.other() : cells.unseen();
  }

  @Provide
  Arbitrary<List<String>> texts() {
    return Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(6),
            Arbitraries.strings().withChars("AaB").ofMaxLength(6),
            Arbitraries.integers().between(-20, 20).map(String::valueOf))
        .list()
        .uniqueElements()
        .ofMaxSize(60);
  }

  @Provide
  Arbitrary<List<Double>> numbers() {
    return Arbitraries.oneOf(
            Arbitraries.longs().map(Double::longBitsToDouble),
            Arbitraries.integers().between(-20, 20).map(Integer::doubleValue),
            Arbitraries.floats().map(Float::doubleValue),
            Arbitraries.of(0.0, -0.0, Double.NaN, Double.POSITIVE_INFINITY, -1e300))
        .list()
        .ofMaxSize(60);
  }
}
