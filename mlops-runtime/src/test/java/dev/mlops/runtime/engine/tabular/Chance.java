package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Variable.Trait;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Tensor;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What a random graph and its rows leave to chance: choices, and elements as nasty as the seed has
 * them. A seed means the same graph only while the order of the draws stays.
 */
final class Chance {
  private static final float[] ODD = {
    0f,
    -0f,
    1f,
    -1f,
    0.5f,
    1.5f,
    2.5f,
    -2.5f,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    1e-8f,
    16777216f,
    3e9f,
    -3e9f,
    0x1p31f,
    -0x1p31f,
    9.223372e18f,
    -9.223372e18f,
    1e20f,
    88.5f,
    89f,
    -88f,
    -104f,
    20f,
    -20f
  };
  private static final long[] ODD_LONGS = {
    0,
    1,
    -1,
    2,
    3,
    7,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 31,
    (1L << 53) + 1,
    16777217,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };
  private static final String[] WORDS = {"", "a", "b", "ab", "é", "Private", "Self-emp", "a ", "A"};

  final Random random;

  /** Whether numbers are few and small; else many are odd. */
  final boolean tame;

  /** Whether they are never NaN, either. */
  private final boolean real;

  Chance(long seed) {
    random = new Random(seed);
    tame = random.nextInt(3) == 0;
    real = tame && random.nextBoolean();
  }

  /** What is known of all elements drawn here. */
  Set<Trait> traits() {
    Set<Trait> traits = EnumSet.of(Trait.EXACT, Trait.SIGNED);
    if (tame) {
      traits.add(Trait.TAME);
    }
    if (real) {
      traits.add(Trait.REAL);
    }
    return traits;
  }

  @SafeVarargs
  final <T> T pick(T... of) {
    return of[random.nextInt(of.length)];
  }

  <T> T pick(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  float number() {
    if (tame) {
      return !real && random.nextInt(40) == 0 ? Float.NaN : random.nextFloat() * 4 - 2;
    }
    return switch (random.nextInt(3)) {
      case 0 -> ODD[random.nextInt(ODD.length)];
      case 1 -> random.nextInt(7) - 3;
      default -> (float) random.nextGaussian() * 10;
    };
  }

  long whole() {
    if (tame || random.nextInt(2) == 0) {
      return random.nextInt(9) - 4L;
    }
    return ODD_LONGS[random.nextInt(ODD_LONGS.length)];
  }

  String word() {
    // not always the same object
    return new String(WORDS[random.nextInt(WORDS.length)].toCharArray());
  }

  /** A number that suits a type. */
  Number any(ElementType type) {
    return type == ElementType.INT32 || type == ElementType.INT64 ? (Number) whole() : number();
  }

  /** An array of a type, as {@link BothEngines#run} takes them. */
  Object array(ElementType type, int n) {
    switch (type) {
      case FLOAT -> {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
          values[i] = number();
        }
        return values;
      }
      case DOUBLE -> {
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
          values[i] = random.nextInt(4) == 0 && !tame ? random.nextGaussian() * 1e12 : number();
        }
        return values;
      }
      case INT64 -> {
        return LongStream.generate(this::whole).limit(n).toArray();
      }
      case INT32 -> {
        return IntStream.generate(() -> (int) whole()).limit(n).toArray();
      }
      case BOOL -> {
        byte[] values = new byte[n];
        for (int i = 0; i < n; i++) {
          values[i] = (byte) random.nextInt(2);
        }
        return values;
      }
      default -> {
        return Stream.generate(this::word).limit(n).toArray(String[]::new);
      }
    }
  }

  /** A constant of numbers as supplied; truth values and texts are drawn here. */
  Tensor tensor(String name, long[] shape, ElementType type, Supplier<Number> number) {
    int n = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    switch (type) {
      case FLOAT -> {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
          values[i] = number.get().floatValue();
        }
        return OnnxGraph.floats(name, shape, values);
      }
      case DOUBLE -> {
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
          values[i] = number.get().doubleValue();
        }
        return OnnxGraph.doubles(name, shape, values);
      }
      case INT64 -> {
        return OnnxGraph.longs(
            name, shape, LongStream.generate(() -> number.get().longValue()).limit(n).toArray());
      }
      case INT32 -> {
        return OnnxGraph.ints(
            name, shape, IntStream.generate(() -> number.get().intValue()).limit(n).toArray());
      }
      case BOOL -> {
        boolean[] values = new boolean[n];
        for (int i = 0; i < n; i++) {
          values[i] = random.nextBoolean();
        }
        return OnnxGraph.truths(name, shape, values);
      }
      default -> {
        return OnnxGraph.texts(
            name, shape, Stream.generate(this::word).limit(n).toArray(String[]::new));
      }
    }
  }
}
