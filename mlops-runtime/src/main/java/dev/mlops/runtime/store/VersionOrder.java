package dev.mlops.runtime.store;

import java.util.Comparator;

/** Version numbers as people read them: digits count as numbers, so 1.9.0 is before 1.10.0. */
enum VersionOrder implements Comparator<String> {
  INSTANCE;

  @Override
  public int compare(String a, String b) {
    int i = 0;
    int j = 0;
    while (i < a.length() && j < b.length()) {
      if (digit(a, i) && digit(b, j)) {
        int endA = end(a, i);
        int endB = end(b, j);
        i = skipZeros(a, i, endA);
        j = skipZeros(b, j, endB);
        int order = Integer.compare(endA - i, endB - j); // more digits, larger number
        for (; order == 0 && i < endA; i++, j++) {
          order = Character.compare(a.charAt(i), b.charAt(j));
        }
        if (order != 0) {
          return order;
        }
        i = endA;
        j = endB;
      } else if (a.charAt(i) != b.charAt(j)) {
        return Character.compare(a.charAt(i), b.charAt(j));
      } else {
        i++;
        j++;
      }
    }
    int rest = Integer.compare(a.length() - i, b.length() - j);
    return rest != 0 ? rest : a.compareTo(b);
  }

  private static boolean digit(String text, int at) {
    return text.charAt(at) >= '0' && text.charAt(at) <= '9';
  }

  private static int skipZeros(String text, int from, int end) {
    int first = from;
    while (first < end && text.charAt(first) == '0') {
      first++;
    }
    return first;
  }

  private static int end(String text, int from) {
    int end = from;
    while (end < text.length() && digit(text, end)) {
      end++;
    }
    return end;
  }
}
