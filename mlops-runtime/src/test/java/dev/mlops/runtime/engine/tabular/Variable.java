package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A value of a random graph.
 *
 * @param dims behind the rows
 * @param scale what the error may grow with
 */
record Variable(
    String name, ElementType type, List<Integer> dims, Set<Trait> traits, double scale) {
  /** What is known of a value's elements. */
  enum Trait {
    /** Both engines must agree on every bit. */
    EXACT,
    /** But for the sign of 0, which depends on the place in ONNX Runtime's vectors. */
    SIGNED,
    /** Few and small: sums of them mean something. */
    TAME,
    /** Never NaN: what is largest among such depends on the place, too. */
    REAL
  }

  /** The traits that all have. */
  static Set<Trait> common(List<Variable> parts) {
    Set<Trait> common = EnumSet.allOf(Trait.class);
    parts.forEach(part -> common.retainAll(part.traits()));
    return common;
  }

  int width() {
    return dims.stream().mapToInt(Integer::intValue).reduce(1, (a, b) -> a * b);
  }

  boolean is(ElementType... types) {
    return Arrays.asList(types).contains(type);
  }

  boolean isNumber() {
    return is(ElementType.FLOAT, ElementType.DOUBLE, ElementType.INT32, ElementType.INT64);
  }

  boolean exact() {
    return traits.contains(Trait.EXACT);
  }

  boolean signed() {
    return traits.contains(Trait.SIGNED);
  }

  boolean tame() {
    return traits.contains(Trait.TAME);
  }

  boolean real() {
    return traits.contains(Trait.REAL);
  }

  /** As this, but for some. */
  Variable without(Trait... lost) {
    Set<Trait> left = EnumSet.copyOf(traits);
    List.of(lost).forEach(left::remove);
    return new Variable(name, type, dims, left, scale);
  }

  /** As this, but for rounding. */
  Variable rounded(double by) {
    return new Variable(name, type, dims, without(Trait.EXACT, Trait.TAME).traits(), by);
  }
}
