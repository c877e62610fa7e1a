package dev.mlops.drift.count;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
   * Two tables, each half empty at least, its entries where their hash says or behind: of texts,
   * and of the numbers that have a label among them, by the bits of the double, so that no text is
   * made of a number. A HashMap would be as fast alone; in a service, which keeps all kinds of keys
   * in HashMaps, the compiler no longer knows that these are strings.
   */
  private static final int SPECIAL = 3;

  private static final int SPREAD = 0x9E3779B9;
  private static final int NO_CELL = -1;

  private final List<String> top;
  private final List<String> others;
  private final boolean allKnown;
  private final @Nullable String[] texts;
  private final int[] textCells;
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
    int places = Integer.highestOneBit(2 * (top.size() + others.size()) + 1) * 2;
    texts = new String[places];
    textCells = new int[places];
    Arrays.fill(textCells, NO_CELL);
    numbers = new long[places];
    numberCells = new int[places];
    Arrays.fill(numberCells, NO_CELL);
    for (int i = 0; i < top.size(); i++) {
      put(top.get(i), i);
    }
    for (String category : others) {
      put(category, other());
    }
  }

  private void put(String category, int cell) {
    int place = place(category);
    if (textCells[place] != NO_CELL) {
      throw new IllegalArgumentException("a category stands there twice; wanted each once");
    }
    texts[place] = category;
    textCells[place] = cell;
    double number;
    try {
      number = Double.parseDouble(category);
    } catch (NumberFormatException e) {
      return;
    }
    if (label(number).equals(category)) {
      place = place(bits(number));
      numbers[place] = bits(number);
      numberCells[place] = cell;
    }
  }

  /** Where the text stands, or an empty place, where it would. */
  private int place(String category) {
    int mask = texts.length - 1;
    int place = (category.hashCode() * SPREAD) >>> Integer.numberOfLeadingZeros(mask);
    while (textCells[place] != NO_CELL && !category.equals(texts[place])) {
      place = (place + 1) & mask;
    }
    return place;
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
    int cell = textCells[place(category)];
    return cell != NO_CELL ? cell : unknown();
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
