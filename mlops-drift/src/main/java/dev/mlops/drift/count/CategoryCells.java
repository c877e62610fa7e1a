package dev.mlops.drift.count;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The cells of a column that names something: one for each of the most frequent categories of the
 * baseline, then <em>other</em> for the rest of its categories, <em>unseen</em> for what the
 * baseline never held, and missing.
 *
 * <p>The categories of a number column are its values, a float32 as its exact double; minus zero is
 * zero, all NaNs are one category. They are labelled as {@link #label(double)} says.
 */
public final class CategoryCells implements ColumnCells {
  /*
   * A text is looked up in a hash map, whose strings know their hash; a table of our own was no
   * faster. A number is looked up by the bits of the double, so that no text is made of it: labels
   * that some number has are hashed by that number, in a table half empty at least.
   */
  private static final int SPECIAL = 3;

  private static final int SPREAD = 0x9E3779B9;
  private static final int NO_CELL = -1;

  private final List<String> top;
  private final List<String> others;
  private final boolean allKnown;
  private final Map<String, Integer> cells = new HashMap<>();
  private final long[] numbers;
  private final int[] numberCells;

  /**
   * Cells for these categories.
   *
   * @param top the most frequent ones, each with a cell of its own
   * @param others the further ones the baseline held
   * @param allKnown whether {@code others} names all of them; if not, what is unknown counts as
   *     other and nothing as unseen
   */
  public CategoryCells(List<String> top, List<String> others, boolean allKnown) {
    this.top = List.copyOf(top);
    this.others = List.copyOf(others);
    this.allKnown = allKnown;
    for (String category : top) {
      cells.put(category, cells.size());
    }
    for (String category : others) {
      cells.put(category, other());
    }
    if (cells.size() != top.size() + others.size()) {
      throw new IllegalArgumentException("a category stands there twice; wanted each once");
    }
    int places = Integer.highestOneBit(2 * cells.size() + 1) * 2;
    numbers = new long[places];
    numberCells = new int[places];
    Arrays.fill(numberCells, NO_CELL);
    cells.forEach(this::putNumber);
  }

  private void putNumber(String label, int cell) {
    double number;
    try {
      number = Double.parseDouble(label);
    } catch (NumberFormatException e) {
      return;
    }
    if (label(number).equals(label)) {
      int place = place(bits(number));
      numbers[place] = bits(number);
      numberCells[place] = cell;
    }
  }

  /** Where the number stands, or an empty place, where it would. */
  private int place(long bits) {
    int mask = numbers.length - 1;
    int place = (Long.hashCode(bits) * SPREAD) >>> Integer.numberOfLeadingZeros(mask);
    while (numberCells[place] != NO_CELL && numbers[place] != bits) {
      place = (place + 1) & mask;
    }
    return place;
  }

  /** Of all NaNs, and of zeros of both signs, the same. */
  private static long bits(double number) {
    return Double.doubleToLongBits(number + 0.0);
  }

  /** The categories with a cell of their own, in the order of the cells. */
  public List<String> top() {
    return top;
  }

  /** The further categories the baseline held, as far as they are known. */
  public List<String> others() {
    return others;
  }

  /** Whether all categories of the baseline are known, so that an unseen one can be told. */
  public boolean allKnown() {
    return allKnown;
  }

  /** The cell of a text. */
  public int cell(String category) {
    Integer cell = cells.get(category);
    return cell != null ? cell : unknown();
  }

  /** The cell of a number that names something: that of its label. */
  public int cell(double category) {
    int cell = numberCells[place(bits(category))];
    return cell != NO_CELL ? cell : unknown();
  }

  private int unknown() {
    return allKnown ? unseen() : other();
  }

  /** How a number is written as a category: a whole one without a fraction. */
  public static String label(double category) {
    return Double.isFinite(category) ? Decimal.of(category) : Double.toString(category);
  }

  /** The cell of the baseline's further categories. */
  public int other() {
    return top.size();
  }

  /** The cell of categories that the baseline never held. */
  public int unseen() {
    return top.size() + 1;
  }

  @Override
  public int missing() {
    return top.size() + 2;
  }

  @Override
  public int size() {
    return top.size() + SPECIAL;
  }
}
