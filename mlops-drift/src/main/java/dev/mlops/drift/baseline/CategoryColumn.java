package dev.mlops.drift.baseline;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.model.ElementType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The values of a column that names something and how often each came, all of them until they are
 * cut: about 100 bytes a value that differs, and its text. Used by one thread at a time.
 */
final class CategoryColumn {
  /** How many categories have a cell of their own. */
  static final int CELLS = 100;

  /** How many further ones are known by name. */
  static final int KNOWN = 10_000;

  /* By code point, as UTF-8 sorts: comparing chars puts what needs two of them before others. */
  private static final Comparator<String> CODE_POINTS = CategoryColumn::compareCodePoints;

  private final String name;
  private final ElementType type;
  private final Map<Object, long[]> counts = new HashMap<>(); // by String, or by Double
  private long missing;

  CategoryColumn(String name, ElementType type) {
    this.name = name;
    this.type = type;
  }

  /** Adds a category by its label. */
  void add(String category, long rows) {
    count(category, rows);
  }

  /** Adds a number that names something. */
  void add(double category) {
    count(Precision.round(category, type), 1); // a Double equals another by its bits: NaN is one
  }

  void addMissing(long rows) {
    missing += rows;
  }

  private void count(Object category, long rows) {
    counts.computeIfAbsent(category, unknown -> new long[1])[0] += rows;
  }

  private record Category(String label, long rows) {}

  /** The most frequent ones first. */
  ColumnBaseline cut() {
    List<Category> all = new ArrayList<>(counts.size());
    counts.forEach(
        (key, rows) ->
            all.add(
                new Category(
                    key instanceof Double number ? CategoryCells.label(number) : (String) key,
                    rows[0])));
    all.sort(
        Comparator.comparingLong(Category::rows)
            .reversed()
            .thenComparing(Category::label, CODE_POINTS));
    int top = Math.min(CELLS, all.size());
    boolean allKnown = all.size() <= CELLS + KNOWN;
    List<Category> further = all.subList(top, all.size());
    CategoryCells cells =
        new CategoryCells(
            all.subList(0, top).stream().map(Category::label).toList(),
            // where not all are known, none unknown can be told to be unseen: names are of no use
            allKnown
                ? further.stream().map(Category::label).sorted(CODE_POINTS).toList()
                : List.of(),
            allKnown);
    long[] rows = new long[cells.size()];
    for (int i = 0; i < top; i++) {
      rows[i] = all.get(i).rows();
    }
    rows[cells.other()] = further.stream().mapToLong(Category::rows).sum();
    rows[cells.missing()] = missing;
    return new ColumnBaseline(name, type, cells, rows, Optional.empty());
  }

  private static int compareCodePoints(String a, String b) {
    int shorter = Math.min(a.length(), b.length());
    for (int i = 0; i < shorter; i++) {
      char left = a.charAt(i);
      char right = b.charAt(i);
      if (left != right) {
        boolean wide = Character.isSurrogate(left);
        return wide == Character.isSurrogate(right)
            ? Character.compare(left, right)
            : wide ? 1 : -1;
      }
    }
    return a.length() - b.length();
  }
}
