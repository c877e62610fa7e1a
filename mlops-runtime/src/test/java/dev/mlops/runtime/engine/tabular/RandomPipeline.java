package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import dev.mlops.runtime.onnx.OnnxGraph.Tensor;
import java.util.ArrayList;
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
 * A random graph of the operators around tabular models, and random rows for it. Of one seed all is
 * the same.
 */
final class RandomPipeline {
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

  /**
   * A value of the graph.
   *
   * @param dims behind the rows
   * @param scale what the error may grow with
   */
  record Var(String name, ElementType type, List<Integer> dims, Set<Trait> traits, double scale) {
    int width() {
      return dims.stream().mapToInt(Integer::intValue).reduce(1, (a, b) -> a * b);
    }

    boolean is(ElementType... types) {
      return Arrays.asList(types).contains(type);
    }

    boolean exact() {
      return traits.contains(Trait.EXACT);
    }

    boolean tame() {
      return traits.contains(Trait.TAME);
    }

    /** As this, but for some. */
    Var without(Trait... lost) {
      Set<Trait> left = EnumSet.copyOf(traits);
      List.of(lost).forEach(left::remove);
      return new Var(name, type, dims, left, scale);
    }

    /** As this, but for rounding. */
    Var rounded(double by) {
      return new Var(name, type, dims, without(Trait.EXACT, Trait.TAME).traits(), by);
    }
  }

  private final Random random;
  private final OnnxGraph graph;
  private final boolean tame;
  private final boolean real;
  private final int opset;
  private final int ml;
  private final List<Var> inputs = new ArrayList<>();
  private final List<Var> vars = new ArrayList<>();
  private final List<Var> outputs = new ArrayList<>();
  private final List<String> nodes = new ArrayList<>();
  private int names;

  RandomPipeline(long seed) {
    random = new Random(seed);
    tame = random.nextInt(3) == 0;
    real = tame && random.nextBoolean();
    opset = pick(9, 11, 12, 13, 15, 17, 18, 21);
    ml = pick(1, 2, 3, 4);
    graph = OnnxGraph.named("pipeline").opset("", opset).opset("ai.onnx.ml", ml);
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      ElementType type =
          i == 0 || random.nextInt(3) > 0
              ? ElementType.FLOAT
              : pick(
                  ElementType.DOUBLE,
                  ElementType.INT64,
                  ElementType.INT32,
                  ElementType.BOOL,
                  ElementType.TEXT);
      Var in = new Var("in" + i, type, List.of(1 + random.nextInt(9)), traits(), 1);
      inputs.add(in);
      vars.add(in);
      graph.input(in.name(), onnx(type), axes(in));
    }
    int wanted = 1 + random.nextInt(8);
    for (int tries = 0; nodes.size() < wanted && tries < 1000; tries++) {
      add();
    }
    boolean all = random.nextBoolean(); // else ONNX Runtime may join some to one
    for (Var var : vars.subList(inputs.size(), vars.size())) {
      if (all || var.equals(vars.get(vars.size() - 1))) {
        outputs.add(var);
        graph.output(var.name(), onnx(var.type()), axes(var));
      }
    }
  }

  private Set<Trait> traits() {
    Set<Trait> traits = EnumSet.of(Trait.EXACT, Trait.SIGNED);
    if (tame) {
      traits.add(Trait.TAME);
    }
    if (real) {
      traits.add(Trait.REAL);
    }
    return traits;
  }

  byte[] model() {
    return graph.toBytes();
  }

  List<Var> outputs() {
    return outputs;
  }

  @Override
  public String toString() {
    return "opset "
        + opset
        + ", ml "
        + ml
        + (tame ? ", tame" : "")
        + ": "
        + inputs
        + " -> "
        + String.join("; ", nodes);
  }

  // --- rows ---

  /** Arrays as {@link BothEngines#run} takes them. */
  Object[] rows(int count) {
    return inputs.stream().map(in -> row(in, count * in.width())).toArray();
  }

  private Object row(Var in, int n) {
    switch (in.type()) {
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

  private float number() {
    if (tame) {
      return !real && random.nextInt(40) == 0 ? Float.NaN : random.nextFloat() * 4 - 2;
    }
    return switch (random.nextInt(3)) {
      case 0 -> ODD[random.nextInt(ODD.length)];
      case 1 -> random.nextInt(7) - 3;
      default -> (float) random.nextGaussian() * 10;
    };
  }

  private long whole() {
    if (tame || random.nextInt(2) == 0) {
      return random.nextInt(9) - 4L;
    }
    return ODD_LONGS[random.nextInt(ODD_LONGS.length)];
  }

  private String word() {
    // not always the same object
    return new String(WORDS[random.nextInt(WORDS.length)].toCharArray());
  }

  @SafeVarargs
  private <T> T pick(T... of) {
    return of[random.nextInt(of.length)];
  }

  // --- nodes ---

  private static int onnx(ElementType type) {
    return switch (type) {
      case FLOAT -> OnnxGraph.FLOAT;
      case DOUBLE -> OnnxGraph.DOUBLE;
      case INT32 -> OnnxGraph.INT32;
      case INT64 -> OnnxGraph.INT64;
      case BOOL -> OnnxGraph.BOOL;
      default -> OnnxGraph.STRING;
    };
  }

  private static Object[] axes(Var var) {
    List<Object> axes = new ArrayList<>();
    axes.add("rows");
    axes.addAll(var.dims());
    return axes.toArray();
  }

  private String name() {
    return "v" + names++;
  }

  private Var var() {
    return vars.get(random.nextInt(vars.size()));
  }

  private void node(String domain, String op, List<String> in, Var out, Attribute... attributes) {
    graph.node(domain, op, in, List.of(out.name()), attributes);
    nodes.add(out.name() + out.dims() + out.type() + " = " + op + in);
    vars.add(out);
  }

  private void node(String op, List<String> in, Var out, Attribute... attributes) {
    node("", op, in, out, attributes);
  }

  /** A value made of another, as exact as it. */
  private Var like(Var from, ElementType type, List<Integer> dims) {
    return new Var(name(), type, dims, from.traits(), from.scale());
  }

  private String constant(Tensor tensor, String name) {
    graph.initializer(tensor);
    return name;
  }

  private String longs(long... values) {
    String name = name();
    return constant(OnnxGraph.longs(name, new long[] {values.length}, values), name);
  }

  /** A constant of a type that fits beside rows of a value. */
  private String beside(Var var, ElementType type, Supplier<Number> number) {
    List<Integer> dims = var.dims();
    long[] shape =
        switch (random.nextInt(4)) {
          case 0 -> new long[0];
          case 1 -> new long[] {1};
          case 2 -> dims.stream().mapToLong(Integer::longValue).toArray();
          default ->
              LongStream.concat(LongStream.of(1), dims.stream().mapToLong(Integer::longValue))
                  .toArray();
        };
    int n = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    String name = name();
    return constant(tensor(name, shape, n, type, number), name);
  }

  private Tensor tensor(
      String name, long[] shape, int n, ElementType type, Supplier<Number> number) {
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

  private Number any(ElementType type) {
    return type == ElementType.INT32 || type == ElementType.INT64 ? (Number) whole() : number();
  }

  /** One more node, if what was thrown fits. */
  private void add() {
    Var x = var();
    switch (random.nextInt(31)) {
      case 0, 1 -> arithmetic(x);
      case 2 -> comparison(x);
      case 3 -> logic(x);
      case 4 -> where(x);
      case 5, 6 -> exactFunction(x);
      case 7 -> curve(x);
      case 8 -> clip(x);
      case 9 -> cast(x);
      case 10 -> concat(x);
      case 11 -> gather(x);
      case 12 -> slice(x);
      case 13 -> reshape(x);
      case 14 -> expand(x);
      case 15 -> reduce(x);
      case 16 -> argMax(x);
      case 17 -> softmax(x);
      case 18 -> dense(x);
      case 19 -> scaler(x);
      case 20 -> imputer(x);
      case 21 -> oneHot(x);
      case 22 -> labelEncoder(x);
      case 23 -> normalizer(x);
      case 24 -> otherAxes(x);
      case 25 -> isNaN(x);
      case 26 -> split(x);
      case 27 -> vectorizer(x);
      case 28 -> batchNormalization(x);
      case 29 -> doubles(x);
      default -> labelTensors(x);
    }
  }

  private void split(Var x) {
    int width = x.width();
    if (x.dims().size() != 1 || width < 2 || x.type() == ElementType.BOOL) {
      return;
    }
    int first = 1 + random.nextInt(width - 1);
    Var out = like(x, x.type(), List.of(first));
    List<String> outs = List.of(out.name(), name());
    if (opset < 13) {
      graph.node(
          "Split",
          List.of(x.name()),
          outs,
          OnnxGraph.attribute("axis", 1),
          OnnxGraph.ints("split", first, width - first));
    } else {
      graph.node(
          "Split",
          List.of(x.name(), longs(first, width - first)),
          outs,
          OnnxGraph.attribute("axis", -1));
    }
    nodes.add(out.name() + "[" + first + "] = Split[" + x.name() + "]");
    vars.add(out);
    Var rest = new Var(outs.get(1), x.type(), List.of(width - first), x.traits(), x.scale());
    nodes.add(rest.name() + "[" + (width - first) + "] = Split[" + x.name() + "]");
    vars.add(rest);
  }

  private void vectorizer(Var x) {
    Var y = var();
    if (x.dims().size() != 1
        || y.dims().size() != 1
        || !x.is(NUMBERS)
        || !y.is(NUMBERS)
        || x.type() != y.type()) { // ONNX Runtime takes different ones only in words
      return;
    }
    int first = Math.max(1, x.width() + random.nextInt(3) - 1);
    int second = Math.max(1, y.width() + random.nextInt(3) - 1);
    node(
        "ai.onnx.ml",
        "FeatureVectorizer",
        List.of(x.name(), y.name()),
        new Var(
            name(),
            ElementType.FLOAT,
            List.of(first + second),
            common(List.of(x, y)),
            Math.max(x.scale(), y.scale())),
        OnnxGraph.ints("inputdimensions", first, second));
  }

  private void batchNormalization(Var x) {
    if (x.dims().size() != 1 || x.type() != ElementType.FLOAT || !x.tame() || opset < 9) {
      return;
    }
    List<String> in = new ArrayList<>(List.of(x.name()));
    for (int i = 0; i < 4; i++) {
      String name = name();
      boolean variance = i == 3;
      in.add(name);
      graph.initializer(
          tensor(
              name,
              new long[] {x.width()},
              x.width(),
              ElementType.FLOAT,
              () -> variance ? 0.5f + random.nextFloat() : random.nextFloat() - 0.5f));
    }
    node("BatchNormalization", in, like(x, x.type(), x.dims()).rounded(1));
  }

  private void doubles(Var x) {
    if (x.type() != ElementType.DOUBLE || x.dims().size() != 1 || !x.exact()) {
      return;
    }
    switch (random.nextInt(3)) {
      case 0 -> {
        String op = pick("Exp", "Sigmoid", "Tanh");
        boolean known = op.equals("Exp") || opset >= 13;
        if (known) {
          node(op, List.of(x.name()), like(x, x.type(), x.dims()).rounded(1));
        }
      }
      case 1 -> {
        if (x.tame()) {
          String w = name();
          graph.initializer(
              tensor(
                  w,
                  new long[] {x.width(), 2},
                  x.width() * 2,
                  ElementType.DOUBLE,
                  random::nextFloat));
          node("MatMul", List.of(x.name(), w), like(x, x.type(), List.of(2)).rounded(1));
        }
      }
      default -> {
        if (x.tame()) {
          String op = pick("ReduceSum", "ReduceMean");
          List<String> in =
              opset >= (op.equals("ReduceSum") ? 13 : 18)
                  ? List.of(x.name(), longs(1))
                  : List.of(x.name());
          Var out = like(x, x.type(), List.of(1)).rounded(1);
          if (in.size() == 2) {
            node(op, in, out);
          } else {
            node(op, in, out, OnnxGraph.ints("axes", 1));
          }
        }
      }
    }
  }

  /** Keys and values of any type, as version 4 has them. */
  private void labelTensors(Var x) {
    if (ml < 4 || !x.exact() || !x.is(ElementType.DOUBLE, ElementType.INT64, ElementType.TEXT)) {
      return;
    }
    ElementType type = x.type() == ElementType.TEXT ? ElementType.INT64 : x.type();
    node(
        "ai.onnx.ml",
        "LabelEncoder",
        List.of(x.name()),
        like(x, type, x.dims()),
        OnnxGraph.attribute(
            "keys_tensor", tensor("", new long[] {3}, 3, x.type(), () -> any(x.type()))),
        OnnxGraph.attribute("values_tensor", tensor("", new long[] {3}, 3, type, () -> any(type))),
        OnnxGraph.attribute("default_tensor", tensor("", new long[] {1}, 1, type, () -> 9)));
  }

  private static final ElementType[] NUMBERS = {
    ElementType.FLOAT, ElementType.DOUBLE, ElementType.INT32, ElementType.INT64
  };

  private void arithmetic(Var x) {
    if (!x.is(NUMBERS) || !x.exact()) {
      return;
    }
    boolean whole = x.is(ElementType.INT32, ElementType.INT64);
    String op = pick("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mod", "Pow");
    if (op.equals("Pow")) {
      power(x);
      return;
    }
    boolean several = op.equals("Sum");
    boolean order = op.equals("Max") || op.equals("Min");
    boolean integerMax = order && ((whole && opset < 12) || x.type() == ElementType.INT64);
    if ((several && x.type() != ElementType.FLOAT)
        || integerMax
        || (op.equals("Min") && x.type() == ElementType.DOUBLE && opset < 12)
        || (op.equals("Mod") && opset < 10)) {
      return;
    }
    Attribute[] attributes = {};
    if ((op.equals("Mod") && (!whole || random.nextBoolean()))) {
      attributes = new Attribute[] {OnnxGraph.attribute("fmod", 1)};
    }
    List<Var> others =
        vars.stream()
            .filter(v -> v.type() == x.type() && v.exact() && fits(v.dims(), x.dims()))
            .toList();
    boolean divides = op.equals("Div") || op.equals("Mod");
    if ((divides && whole) || random.nextInt(2) == 0) {
      String c =
          beside(x, x.type(), divides && whole ? () -> 2 + random.nextInt(5) : () -> any(x.type()));
      boolean swap =
          !(divides && (whole || !x.traits().contains(Trait.SIGNED))) && random.nextInt(3) == 0;
      Var out = grown(x, x, x.type(), x.dims());
      // ONNX Runtime leaves out an Add of 0, and so keeps -0
      out = order || op.equals("Add") ? out.without(Trait.SIGNED) : out;
      node(op, swap ? List.of(c, x.name()) : List.of(x.name(), c), out, attributes);
    } else {
      Var y = others.get(random.nextInt(others.size()));
      Var out = grown(x, y, x.type(), wider(x, y));
      out = order ? out.without(Trait.SIGNED) : out;
      if (op.equals("Div") && !out.traits().contains(Trait.SIGNED)) {
        return;
      }
      node(op, List.of(x.name(), y.name()), out, attributes);
    }
  }

  /** Numbers that have met others are not tame any more. */
  private Var grown(Var x, Var y, ElementType type, List<Integer> dims) {
    Var both = like(x, type, dims);
    for (Trait trait : Trait.values()) {
      both = y.traits().contains(trait) ? both : both.without(trait);
    }
    return both.without(Trait.TAME, Trait.REAL);
  }

  private static boolean fits(List<Integer> a, List<Integer> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      int p = a.get(i);
      int q = b.get(i);
      if (p != q && p != 1 && q != 1) {
        return false;
      }
    }
    return true;
  }

  private static List<Integer> wider(Var x, Var y) {
    return IntStream.range(0, x.dims().size())
        .mapToObj(i -> Math.max(x.dims().get(i), y.dims().get(i)))
        .toList();
  }

  private void power(Var x) {
    if (!x.is(ElementType.FLOAT, ElementType.DOUBLE)) {
      return;
    }
    if (!x.traits().contains(Trait.SIGNED)) {
      return;
    }
    Number exponent = pick(2, 3, 0.5, -1, 0, 1.5, Double.POSITIVE_INFINITY, Double.NaN);
    String c = beside(x, x.type(), () -> exponent);
    node("Pow", List.of(x.name(), c), like(x, x.type(), x.dims()).rounded(1));
  }

  private void comparison(Var x) {
    boolean text = x.type() == ElementType.TEXT;
    String op = pick("Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Equal");
    if (!x.exact()
        || x.type() == ElementType.BOOL
        || (x.is(ElementType.FLOAT, ElementType.DOUBLE) && op.equals("Equal") && opset < 11)
        || (text && (!op.equals("Equal") || opset < 19))
        || (op.endsWith("OrEqual") && opset < 12)) {
      return;
    }
    String c = beside(x, x.type(), () -> any(x.type()));
    node(op, List.of(x.name(), c), like(x, ElementType.BOOL, x.dims()));
  }

  private void logic(Var x) {
    if (x.type() != ElementType.BOOL) {
      return;
    }
    String op = pick("And", "Or", "Not");
    List<String> in =
        op.equals("Not")
            ? List.of(x.name())
            : List.of(x.name(), beside(x, ElementType.BOOL, () -> 0));
    node(op, in, like(x, ElementType.BOOL, x.dims()));
  }

  private void where(Var x) {
    List<Var> conditions =
        vars.stream()
            .filter(v -> v.type() == ElementType.BOOL && fits(v.dims(), x.dims()))
            .toList();
    if (conditions.isEmpty() || x.is(ElementType.BOOL, ElementType.DOUBLE)) {
      return;
    }
    Var which = conditions.get(random.nextInt(conditions.size()));
    String c;
    if (random.nextBoolean()) {
      c = beside(x, x.type(), () -> any(x.type()));
    } else {
      String shape = name();
      graph.node("Shape", List.of(x.name()), List.of(shape));
      c = name();
      graph.node("Expand", List.of(beside(x, x.type(), () -> any(x.type())), shape), List.of(c));
    }
    List<String> in =
        random.nextBoolean()
            ? List.of(which.name(), x.name(), c)
            : List.of(which.name(), c, x.name());
    node(
        "Where",
        in,
        like(x, x.type(), wider(x, which)).without(Trait.TAME, Trait.REAL, Trait.SIGNED));
  }

  private void exactFunction(Var x) {
    if (!x.exact()) {
      return;
    }
    String op;
    if (x.type() == ElementType.FLOAT) {
      op =
          pick(
              "Neg",
              "Abs",
              "Sqrt",
              "Reciprocal",
              "Floor",
              "Ceil",
              "Round",
              "Sign",
              "Relu",
              "LeakyRelu",
              "Identity");
    } else if (x.is(ElementType.DOUBLE)) {
      op = pick("Neg", "Abs", "Sqrt", "Sign", "Round", "Identity");
    } else if (x.is(ElementType.INT32, ElementType.INT64)) {
      op = pick("Neg", "Abs");
    } else {
      return;
    }
    boolean signed = x.traits().contains(Trait.SIGNED);
    if ((op.equals("Round") && opset < 11) || (op.equals("Reciprocal") && !signed)) {
      return;
    }
    Var out = like(x, x.type(), x.dims()).without(Trait.TAME);
    if (op.equals("Sqrt") || op.equals("Reciprocal")) {
      out = out.without(Trait.REAL);
    } else if (op.equals("Relu")) {
      out = out.without(Trait.SIGNED);
    }
    Attribute[] attributes =
        op.equals("LeakyRelu")
            ? new Attribute[] {OnnxGraph.attribute("alpha", 0.1f)}
            : new Attribute[0];
    node(op, List.of(x.name()), out, attributes);
  }

  private void curve(Var x) {
    if (x.type() != ElementType.FLOAT || !x.exact()) {
      return;
    }
    String op = pick("Exp", "Log", "Sigmoid", "Tanh", "Softplus", "Erf", "Elu", "Selu");
    node(op, List.of(x.name()), like(x, x.type(), x.dims()).rounded(1));
  }

  private void clip(Var x) {
    if (x.type() != ElementType.FLOAT || !x.exact()) {
      return;
    }
    Var out = like(x, x.type(), x.dims()).without(Trait.SIGNED);
    if (opset < 11) {
      node(
          "Clip",
          List.of(x.name()),
          out,
          OnnxGraph.attribute("min", -1.5f),
          OnnxGraph.attribute("max", 2f));
      return;
    }
    String low = name();
    String high = name();
    graph.initializer(OnnxGraph.floats(low, new long[0], pick(-1.5f, 0f, -3e38f)));
    graph.initializer(OnnxGraph.floats(high, new long[0], pick(2f, 6f, 1e30f)));
    node(
        "Clip",
        switch (random.nextInt(4)) {
          case 0 -> List.of(x.name());
          case 1 -> List.of(x.name(), low);
          case 2 -> List.of(x.name(), "", high);
          default -> List.of(x.name(), low, high);
        },
        out);
  }

  private void isNaN(Var x) {
    if (!x.exact()) {
      return;
    }
    if (x.type() == ElementType.FLOAT) {
      node("IsNaN", List.of(x.name()), like(x, ElementType.BOOL, x.dims()));
    }
  }

  private void cast(Var x) {
    ElementType type =
        pick(
            ElementType.FLOAT,
            ElementType.DOUBLE,
            ElementType.INT32,
            ElementType.INT64,
            ElementType.BOOL);
    // of two casts one behind the other ONNX Runtime may leave out the first
    boolean again =
        nodes.stream().anyMatch(node -> node.startsWith(x.name() + "[") && node.contains("= Cast"));
    if (x.type() == ElementType.TEXT || !x.exact() || again) {
      return;
    }
    node("Cast", List.of(x.name()), like(x, type, x.dims()), OnnxGraph.attribute("to", onnx(type)));
  }

  private void concat(Var x) {
    int axis = x.dims().isEmpty() ? -1 : random.nextInt(x.dims().size());
    if (axis < 0) {
      return;
    }
    List<Integer> rest = without(x.dims(), axis);
    List<Var> parts = new ArrayList<>(List.of(x));
    for (int i = 0; i < 3; i++) {
      Var v = var();
      if (v.type() == x.type()
          && v.dims().size() == x.dims().size()
          && without(v.dims(), axis).equals(rest)) {
        parts.add(v);
      }
    }
    List<Integer> dims = new ArrayList<>(x.dims());
    dims.set(axis, parts.stream().mapToInt(v -> v.dims().get(axis)).sum());
    node(
        "Concat",
        parts.stream().map(Var::name).toList(),
        new Var(
            name(),
            x.type(),
            dims,
            common(parts),
            parts.stream().mapToDouble(Var::scale).max().orElse(1)),
        OnnxGraph.attribute("axis", axis + 1));
  }

  private static Set<Trait> common(List<Var> parts) {
    Set<Trait> common = EnumSet.allOf(Trait.class);
    parts.forEach(part -> common.retainAll(part.traits()));
    return common;
  }

  private static List<Integer> without(List<Integer> dims, int axis) {
    List<Integer> rest = new ArrayList<>(dims);
    rest.remove(axis);
    return rest;
  }

  private void gather(Var x) {
    if (x.dims().isEmpty()) {
      return;
    }
    int axis = random.nextInt(x.dims().size());
    int length = x.dims().get(axis);
    int count = 1 + random.nextInt(4);
    List<Integer> dims = new ArrayList<>(x.dims());
    dims.set(axis, count);
    boolean last = axis == x.dims().size() - 1;
    if ((random.nextBoolean() && (last || x.type() != ElementType.TEXT))) {
      node(
          "Gather",
          List.of(x.name(), longs(random.ints(count, -length, length).asLongStream().toArray())),
          like(x, x.type(), dims),
          OnnxGraph.attribute("axis", axis + 1));
    } else if (last && x.type() != ElementType.BOOL) {
      node(
          "ai.onnx.ml",
          "ArrayFeatureExtractor",
          List.of(x.name(), longs(random.ints(count, 0, length).asLongStream().toArray())),
          like(x, x.type(), dims));
    }
  }

  private void slice(Var x) {
    if (x.dims().isEmpty() || opset < 10) {
      return;
    }
    int axis = random.nextInt(x.dims().size());
    int length = x.dims().get(axis);
    int step = pick(1, 1, 2, -1, -2);
    int from = random.nextInt(length);
    long start = random.nextBoolean() ? from : from - length;
    long end =
        step > 0
            ? pick(length, from + 1, Integer.MAX_VALUE)
            : pick(Integer.MIN_VALUE, -length - 1, -length - 5);
    int count = 0;
    long stop = step > 0 ? Math.min(end, length) : -1;
    for (long at = from; step > 0 ? at < stop : at > stop; at += step) {
      count++;
    }
    List<Integer> dims = new ArrayList<>(x.dims());
    dims.set(axis, count);
    if (x.type() == ElementType.BOOL && opset < 11) {
      return;
    }
    node(
        "Slice",
        List.of(x.name(), longs(start), longs(end), longs(axis + 1), longs(step)),
        like(x, x.type(), dims));
  }

  private void reshape(Var x) {
    int width = x.width();
    List<Integer> dims =
        switch (random.nextInt(4)) {
          case 0 -> width % 2 == 0 ? List.of(2, width / 2) : List.of(1, width);
          case 1 -> List.of(width, 1);
          case 2 -> width == 1 ? List.of() : List.of(width);
          default -> List.of(width);
        };
    String shape;
    if (random.nextInt(3) == 0) { // as exports have it: the rows out of the shape
      String all = name();
      String first = name();
      graph.node("Shape", List.of(x.name()), List.of(all));
      graph.node("Gather", List.of(all, longs(0)), List.of(first), OnnxGraph.attribute("axis", 0));
      shape = name();
      graph.node(
          "Concat",
          List.of(first, longs(dims.stream().mapToLong(Integer::longValue).toArray())),
          List.of(shape),
          OnnxGraph.attribute("axis", 0));
      if (dims.isEmpty()) {
        return;
      }
    } else {
      shape =
          longs(
              LongStream.concat(
                      LongStream.of(dims.isEmpty() || random.nextBoolean() ? -1 : 0),
                      dims.stream().mapToLong(Integer::longValue))
                  .toArray());
    }
    node("Reshape", List.of(x.name(), shape), like(x, x.type(), dims));
  }

  private void otherAxes(Var x) {
    switch (random.nextInt(4)) {
      case 0 -> {
        if (!x.dims().isEmpty()) {
          node("Flatten", List.of(x.name()), like(x, x.type(), List.of(x.width())));
        }
      }
      case 1 -> {
        List<Integer> dims = new ArrayList<>(x.dims());
        dims.add(1);
        if (opset < 13) {
          node(
              "Unsqueeze",
              List.of(x.name()),
              like(x, x.type(), dims),
              OnnxGraph.ints("axes", dims.size()));
        } else {
          node("Unsqueeze", List.of(x.name(), longs(-1)), like(x, x.type(), dims));
        }
      }
      case 2 -> {
        if (x.dims().size() == 2) {
          node(
              "Transpose",
              List.of(x.name()),
              like(x, x.type(), List.of(x.dims().get(1), x.dims().get(0))),
              OnnxGraph.ints("perm", 0, 2, 1));
        }
      }
      default -> {
        int last = x.dims().size() - 1;
        if (last >= 0 && x.dims().get(last) == 1) {
          List<Integer> dims = without(x.dims(), last);
          if (opset < 13) {
            node(
                "Squeeze",
                List.of(x.name()),
                like(x, x.type(), dims),
                OnnxGraph.ints("axes", last + 1));
          } else {
            node("Squeeze", List.of(x.name(), longs(last + 1)), like(x, x.type(), dims));
          }
        }
      }
    }
  }

  private void expand(Var x) {
    if (x.dims().size() != 1 || x.dims().get(0) != 1 || x.type() == ElementType.TEXT) {
      return;
    }
    int k = 2 + random.nextInt(4);
    node("Expand", List.of(x.name(), longs(1, k)), like(x, x.type(), List.of(k)));
  }

  private void reduce(Var x) {
    if (x.dims().isEmpty() || !x.exact() || x.type() != ElementType.FLOAT) {
      return;
    }
    String op =
        x.tame()
            ? pick(
                "ReduceSum",
                "ReduceMean",
                "ReduceMax",
                "ReduceMin",
                "ReduceProd",
                "ReduceL2",
                "ReduceSumSquare")
            : pick("ReduceMax", "ReduceMin");
    boolean keep = random.nextBoolean();
    int axis = random.nextInt(x.dims().size());
    boolean all = random.nextBoolean();
    List<Integer> dims = new ArrayList<>(x.dims());
    if (all) {
      dims.replaceAll(dim -> 1);
      if (!keep) {
        dims.clear();
      }
    } else if (keep) {
      dims.set(axis, 1);
    } else {
      dims.remove(axis);
    }
    long[] axes =
        all ? LongStream.rangeClosed(1, x.dims().size()).toArray() : new long[] {axis + 1};
    boolean exact = op.equals("ReduceMax") || op.equals("ReduceMin");
    Var out = like(x, x.type(), dims).without(Trait.TAME, Trait.SIGNED);
    if (!exact) {
      out = out.rounded(4 * x.width());
    } else if (!x.traits().contains(Trait.REAL)) {
      return;
    }
    Attribute keeps = OnnxGraph.attribute("keepdims", keep ? 1 : 0);
    if (opset >= (op.equals("ReduceSum") ? 13 : 18)) {
      node(op, List.of(x.name(), longs(axes)), out, keeps);
    } else {
      node(op, List.of(x.name()), out, keeps, OnnxGraph.ints("axes", axes));
    }
  }

  private void argMax(Var x) {
    if (x.dims().isEmpty() || !x.exact() || x.type() != ElementType.FLOAT) {
      return;
    }
    int axis = random.nextInt(x.dims().size());
    boolean keep = random.nextBoolean();
    List<Integer> dims = new ArrayList<>(x.dims());
    if (keep) {
      dims.set(axis, 1);
    } else {
      dims.remove(axis);
    }
    Var out = like(x, ElementType.INT64, dims);
    Attribute keeps = OnnxGraph.attribute("keepdims", keep ? 1 : 0);
    Attribute on = OnnxGraph.attribute("axis", axis + 1);
    if (opset >= 12 && random.nextInt(4) == 0) {
      node(
          pick("ArgMax", "ArgMin"),
          List.of(x.name()),
          out,
          keeps,
          on,
          OnnxGraph.attribute("select_last_index", 1));
    } else {
      node(pick("ArgMax", "ArgMin"), List.of(x.name()), out, keeps, on);
    }
  }

  private void softmax(Var x) {
    if (x.dims().isEmpty() || !x.exact() || x.type() != ElementType.FLOAT) {
      return;
    }
    String op = pick("Softmax", "LogSoftmax");
    int axis = opset < 13 ? 1 : 1 + random.nextInt(x.dims().size());
    node(
        op,
        List.of(x.name()),
        like(x, x.type(), x.dims()).rounded(1),
        OnnxGraph.attribute("axis", axis));
  }

  private void dense(Var x) {
    if (x.dims().size() != 1 || !x.tame() || x.type() != ElementType.FLOAT) {
      return;
    }
    int inputs = x.width();
    int outputs = 1 + random.nextInt(20);
    String w = name();
    Supplier<Number> weight = () -> (random.nextFloat() - 0.5f) / inputs;
    Var out = like(x, x.type(), List.of(outputs)).without(Trait.EXACT);
    if (random.nextBoolean()) {
      graph.initializer(
          tensor(w, new long[] {inputs, outputs}, inputs * outputs, x.type(), weight));
      node("MatMul", List.of(x.name(), w), out);
      return;
    }
    boolean transposed = random.nextBoolean();
    graph.initializer(
        tensor(
            w,
            transposed ? new long[] {outputs, inputs} : new long[] {inputs, outputs},
            inputs * outputs,
            x.type(),
            weight));
    String b =
        beside(like(x, x.type(), List.of(outputs)), x.type(), () -> random.nextFloat() - 0.5f);
    List<String> in =
        random.nextInt(4) == 0 && opset >= 11 ? List.of(x.name(), w) : List.of(x.name(), w, b);
    node(
        "Gemm",
        in,
        out,
        OnnxGraph.attribute("transB", transposed ? 1 : 0),
        OnnxGraph.attribute("alpha", pick(1f, 0.5f)),
        OnnxGraph.attribute("beta", pick(1f, 2f)));
  }

  private float[] floats(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private void scaler(Var x) {
    if (x.dims().size() != 1 || !x.is(NUMBERS) || !x.exact()) {
      return;
    }
    int n = random.nextInt(3) == 0 ? 1 : x.width();
    node(
        "ai.onnx.ml",
        "Scaler",
        List.of(x.name()),
        like(x, ElementType.FLOAT, x.dims()).without(Trait.TAME, Trait.REAL),
        OnnxGraph.floats("offset", floats(n)),
        OnnxGraph.floats("scale", floats(n)));
  }

  private void imputer(Var x) {
    if (x.dims().size() != 1 || !x.exact()) {
      return;
    }
    int n = random.nextInt(3) == 0 ? 1 : x.width();
    Var out = like(x, x.type(), x.dims());
    if (x.type() == ElementType.FLOAT) {
      node(
          "ai.onnx.ml",
          "Imputer",
          List.of(x.name()),
          out,
          OnnxGraph.floats("imputed_value_floats", floats(n)),
          OnnxGraph.attribute("replaced_value_float", pick(Float.NaN, Float.NaN, 0f, -1f)));
    } else if (x.type() == ElementType.INT64) {
      node(
          "ai.onnx.ml",
          "Imputer",
          List.of(x.name()),
          out,
          OnnxGraph.ints("imputed_value_int64s", random.longs(n, -5, 5).toArray()),
          OnnxGraph.attribute("replaced_value_int64", (long) pick(0, 1, -1)));
    }
  }

  private void oneHot(Var x) {
    if (x.dims().size() > 1 || !x.exact()) {
      return;
    }
    List<Integer> dims = new ArrayList<>(x.dims());
    dims.add(3);
    Var out = new Var(name(), ElementType.FLOAT, dims, EnumSet.allOf(Trait.class), 1);
    if (x.type() == ElementType.TEXT) {
      node(
          "ai.onnx.ml",
          "OneHotEncoder",
          List.of(x.name()),
          out,
          OnnxGraph.texts("cats_strings", word(), word(), word()));
    } else if (x.is(ElementType.FLOAT, ElementType.INT64, ElementType.DOUBLE)) {
      node(
          "ai.onnx.ml",
          "OneHotEncoder",
          List.of(x.name()),
          out,
          OnnxGraph.ints("cats_int64s", whole(), whole(), whole()));
    }
  }

  private void labelEncoder(Var x) {
    if (!x.exact() || ml < 2) {
      return;
    }
    Attribute keys =
        switch (x.type()) {
          case TEXT -> OnnxGraph.texts("keys_strings", word(), word(), word());
          case INT64 -> OnnxGraph.ints("keys_int64s", whole(), whole(), whole());
          case FLOAT ->
              OnnxGraph.floats("keys_floats", number(), number(), pick(Float.NaN, number()));
          default -> null;
        };
    if (keys == null) {
      return;
    }
    ElementType type = pick(ElementType.TEXT, ElementType.INT64, ElementType.FLOAT);
    boolean same = type == x.type();
    if (same && ml < 4) {
      return;
    }
    Attribute values =
        switch (type) {
          case TEXT -> OnnxGraph.texts("values_strings", word(), word(), word());
          case INT64 -> OnnxGraph.ints("values_int64s", whole(), whole(), whole());
          default -> OnnxGraph.floats("values_floats", floats(3));
        };
    node(
        "ai.onnx.ml",
        "LabelEncoder",
        List.of(x.name()),
        like(x, type, x.dims()).without(Trait.TAME),
        keys,
        values);
  }

  private void normalizer(Var x) {
    if (x.dims().size() != 1 || x.type() != ElementType.FLOAT || !x.exact()) {
      return;
    }
    node(
        "ai.onnx.ml",
        "Normalizer",
        List.of(x.name()),
        like(x, x.type(), x.dims()).without(Trait.TAME, Trait.REAL),
        OnnxGraph.attribute("norm", pick("MAX", "L1", "L2")));
  }
}
