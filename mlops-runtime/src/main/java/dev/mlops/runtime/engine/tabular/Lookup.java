package dev.mlops.runtime.engine.tabular;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds the place of a key among those of a model: open addressing, so that nothing is allocated
 * and little is read. Immutable; safe for all threads.
 */
final class Lookup {
  private final @Nullable String[] texts;
  private final long[] numbers;
  private final int[] places; // -1 where free
  private final int mask;

  private Lookup(int keys) {
    int size = Integer.highestOneBit(Math.max(keys, 1)) * 4;
    this.mask = size - 1;
    this.texts = new String[size];
    this.numbers = new long[size];
    this.places = new int[size];
    Arrays.fill(places, -1);
  }

  /**
   * Of texts.
   *
   * @param lastWins which of equal keys is found; else it is the first
   */
  static Lookup of(String[] keys, boolean lastWins) {
    Lookup lookup = new Lookup(keys.length);
    for (int i = 0; i < keys.length; i++) {
      lookup.put(lookup.slot(keys[i]), keys[i], 0, i, lastWins);
    }
    return lookup;
  }

  /** Of whole numbers. */
  static Lookup of(long[] keys, boolean lastWins) {
    Lookup lookup = new Lookup(keys.length);
    for (int i = 0; i < keys.length; i++) {
      lookup.put(lookup.slot(keys[i]), null, keys[i], i, lastWins);
    }
    return lookup;
  }

  /** Of numbers by their {@link #bits}, of which the first of equal ones is found. */
  static Lookup of(double[] keys, boolean findsNaN) {
    Lookup lookup = new Lookup(keys.length);
    for (int i = 0; i < keys.length; i++) {
      long bits = bits(keys[i]);
      if (findsNaN || !Double.isNaN(keys[i])) {
        lookup.put(lookup.slot(bits), null, bits, i, false);
      }
    }
    return lookup;
  }

  private void put(int at, @Nullable String text, long number, int place, boolean lastWins) {
    if (lastWins || places[at] < 0) {
      texts[at] = text;
      numbers[at] = number;
      places[at] = place;
    }
  }

  /** A number's bits, the same for both zeros and for every NaN. */
  static long bits(double number) {
    return Double.doubleToLongBits(number + 0.0);
  }

  /** The place of a text among the keys; -1 if it is none. */
  int find(String key) {
    return places[slot(key)];
  }

  /** The place of a number among the keys; -1 if it is none. */
  int find(long key) {
    return places[slot(key)];
  }

  private int slot(String key) {
    int hash = key.hashCode();
    int at = (hash ^ hash >>> 15) & mask;
    while (places[at] >= 0 && !key.equals(texts[at])) {
      at = at + 1 & mask;
    }
    return at;
  }

  private int slot(long key) {
    long hash = key * 0x9e3779b97f4a7c15L;
    int at = (int) (hash >>> 32) & mask;
    while (places[at] >= 0 && numbers[at] != key) {
      at = at + 1 & mask;
    }
    return at;
  }
}
