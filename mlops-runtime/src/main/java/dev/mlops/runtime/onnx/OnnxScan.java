package dev.mlops.runtime.onnx;

import dev.mlops.runtime.onnx.GraphValue.Dim;
import dev.mlops.runtime.onnx.GraphValue.Form;
import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * One walk through an ONNX file, which collects what {@link OnnxModel} answers. The numbers in the
 * switches are the field numbers of onnx.proto3. Everything is visited wherever it may stand, in
 * nested graphs, functions and training graphs too, for a tensor anywhere can point to a file.
 *
 * <p>What is kept is bounded: {@link #MOST_NODES}, {@link #MOST_VALUES}, {@link #MOST_TEXT}. The
 * time is linear in the file's size, for nothing is read more than three times.
 */
final class OnnxScan {
  /** Nodes in all graphs together. */
  static final int MOST_NODES = 1_000_000;

  /** Inputs or outputs of the main graph, and opset imports. */
  static final int MOST_VALUES = 10_000;

  /** Axes of one tensor; ONNX Runtime has no operator for that many. */
  static final int MOST_DIMS = 64;

  /** UTF-8 bytes of one name or class label. */
  static final int LONGEST_NAME = 4_096;

  /** Bytes of all texts kept, each with {@link #TEXT_COST} on top. */
  static final int MOST_TEXT = 16 * 1024 * 1024;

  /** What keeping a text costs beside its own bytes. */
  private static final int TEXT_COST = 96;

  /** What keeping a tensor with external data costs beside its texts. */
  private static final int EXTERNAL_COST = 384;

  /** Keys of one tensor's external data; the specification knows five. */
  private static final int MOST_KEYS = 16;

  private static final Set<String> STANDARD_DOMAINS =
      Set.of("", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training");

  /** An operator by its domain and name. */
  record Operator(String domain, String name) {}

  private final ProtobufReader in;

  long irVersion = -1;
  final SortedMap<String, Long> opsets = new TreeMap<>();
  final List<GraphValue> inputs = new ArrayList<>();
  final List<GraphValue> outputs = new ArrayList<>();
  final List<ExternalTensor> external = new ArrayList<>();
  final Set<Operator> customOperators = new HashSet<>();

  /** The kinds of nodes in the main graph: their names, behind a domain that is not ONNX's own. */
  final Set<String> operators = new LinkedHashSet<>();

  /** Nodes that load a compiled graph from a file of their own, in words. */
  final List<String> compiled = new ArrayList<>();

  /** The keys of the maps that a ZipMap node of the main graph makes, by the output's name. */
  final Map<String, List<String>> mapKeys = new HashMap<>();

  private final Set<String> initializers = new HashSet<>();
  private final Map<String, String> identities = new HashMap<>();
  private final Set<Operator> functions = new HashSet<>();
  private boolean hasGraph;
  private int nodes;
  private boolean convolutions;
  private long weights;
  private long texts;
  private long kept;

  OnnxScan(ProtobufReader in) {
    this.in = in;
  }

  /**
   * Walks through the file.
   *
   * @throws PackageCorruptException if it is no ONNX model
   */
  void model() throws IOException {
    while (in.next()) {
      switch (in.field()) {
        case 1 -> irVersion = in.once().number();
        case 7 -> {
          hasGraph = true;
          in.once();
          graph(true);
        }
        case 8 -> opset();
        case 20 -> training();
        case 25 -> function();
        default -> {}
      }
    }
    if (!hasGraph) {
      throw incomplete("there was no graph in it");
    }
    if (irVersion < 1) {
      throw incomplete("there was no IR version in it");
    }
    if (opsets.isEmpty()) {
      throw incomplete("no opset was imported");
    }
    if (outputs.isEmpty()) {
      throw incomplete("its graph has no outputs");
    }
    leaveOutInitializers();
    refuseTwins("inputs", inputs);
    refuseTwins("outputs", outputs);
    customOperators.removeAll(functions);
    followIdentities();
  }

  /** An input that has a value in the file need not be given. */
  private void leaveOutInitializers() {
    List<GraphValue> all = List.copyOf(inputs);
    inputs.clear();
    for (GraphValue input : all) {
      if (!initializers.contains(input.name())) {
        inputs.add(input);
      }
    }
  }

  OnnxContents contents() {
    return new OnnxContents(nodes, convolutions, weights, texts);
  }

  private PackageCorruptException incomplete(String why) {
    return in.corrupt(in.position(), "the file ends, and " + why);
  }

  private void refuseTwins(String what, List<GraphValue> values) {
    Set<String> names = new HashSet<>();
    for (GraphValue value : values) {
      if (!names.add(value.name())) {
        throw incomplete(
            "two of its graph's " + what + " are called " + Texts.quoted(value.name()));
      }
    }
  }

  /** Gives outputs that are copies of a ZipMap's output its keys. */
  private void followIdentities() {
    for (GraphValue output : outputs) {
      String name = output.name();
      Set<String> passed = new HashSet<>();
      while (!mapKeys.containsKey(name) && identities.containsKey(name) && passed.add(name)) {
        name = identities.get(name);
      }
      List<String> keys = mapKeys.get(name);
      if (keys != null) {
        mapKeys.put(output.name(), keys);
      }
    }
  }

  private void opset() throws IOException {
    in.enter();
    String domain = "";
    long version = 0;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> domain = keep(in.once().text(LONGEST_NAME));
        case 2 -> version = in.once().number();
        default -> {}
      }
    }
    in.leave();
    opsets.put(domain.equals("ai.onnx") ? "" : domain, version);
    if (opsets.size() > MOST_VALUES) {
      throw tooMany("opset imports", MOST_VALUES);
    }
  }

  private void training() throws IOException {
    in.enter();
    while (in.next()) {
      if (in.field() == 1 || in.field() == 2) {
        in.once();
        graph(false);
      }
    }
    in.leave();
  }

  private void function() throws IOException {
    in.enter();
    String domain = "";
    String name = "";
    while (in.next()) {
      switch (in.field()) {
        case 1 -> name = keep(in.once().text(LONGEST_NAME));
        case 10 -> domain = keep(in.once().text(LONGEST_NAME));
        case 7 -> node(false);
        case 11 -> attribute("a function's default");
        default -> {}
      }
    }
    in.leave();
    functions.add(new Operator(domain, name));
  }

  private void graph(boolean main) throws IOException {
    in.enter();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> node(main);
        case 5 -> {
          String name = tensor("initializer");
          if (main) {
            initializers.add(keep(name));
          }
        }
        case 15 -> {
          String name = sparseTensor("sparse initializer");
          if (main) {
            initializers.add(keep(name));
          }
        }
        case 11 -> {
          if (main) {
            add(inputs, "inputs");
          }
        }
        case 12 -> {
          if (main) {
            add(outputs, "outputs");
          }
        }
        default -> {}
      }
    }
    in.leave();
  }

  private void add(List<GraphValue> values, String what) throws IOException {
    if (values.size() == MOST_VALUES) {
      throw tooMany(what, MOST_VALUES);
    }
    long at = in.fieldAt();
    in.enter();
    String name = "";
    GraphValue value = null;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> name = keep(in.once().text(LONGEST_NAME));
        case 2 -> {
          in.once();
          value = type();
        }
        default -> {}
      }
    }
    in.leave();
    if (name.isBlank()) {
      throw in.corrupt(at, "one of the graph's " + what + " has no name");
    }
    if (value == null) {
      value = other("of no stated type");
    }
    values.add(new GraphValue(name, value.form(), value.type(), value.dims(), value.kind()));
  }

  private static GraphValue other(String kind) {
    return new GraphValue("", Form.OTHER, 0, Optional.empty(), kind);
  }

  /** A TypeProto, which holds one kind of type; the value comes back without its name. */
  private GraphValue type() throws IOException {
    in.enter();
    GraphValue value = null;
    while (in.next()) {
      int kind = in.field();
      if (kind != 1 && kind != 4 && kind != 5 && kind != 7 && kind != 8 && kind != 9) {
        continue;
      }
      if (value != null) {
        throw in.corrupt(in.fieldAt(), "a type is two kinds of type at once");
      }
      value =
          switch (kind) {
            case 1 -> tensorType();
            case 4 -> sequenceType();
            case 5 -> mapType();
            case 8 -> other("a sparse tensor");
            case 9 -> other("an optional value");
            default -> other("an opaque value");
          };
    }
    in.leave();
    return value == null ? other("of no stated type") : value;
  }

  private GraphValue tensorType() throws IOException {
    in.enter();
    long type = 0;
    Optional<List<Dim>> dims = Optional.empty();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> type = in.once().number();
        case 2 -> {
          in.once();
          dims = Optional.of(shape());
        }
        default -> {}
      }
    }
    in.leave();
    return new GraphValue("", Form.TENSOR, type, dims, "a tensor");
  }

  private List<Dim> shape() throws IOException {
    in.enter();
    List<Dim> dims = new ArrayList<>();
    while (in.next()) {
      if (in.field() == 1) {
        if (dims.size() == MOST_DIMS) {
          throw tooMany("axes of one tensor", MOST_DIMS);
        }
        dims.add(dim());
      }
    }
    in.leave();
    return List.copyOf(dims);
  }

  private Dim dim() throws IOException {
    in.enter();
    count(TEXT_COST);
    Dim dim = Dim.UNKNOWN;
    while (in.next()) {
      switch (in.field()) {
        // some converters write -1 for an unknown length
        case 1 -> dim = new Dim(in.once().number(), "");
        case 2 -> dim = new Dim(-1, keep(in.once().text(LONGEST_NAME)));
        default -> {}
      }
    }
    in.leave();
    return dim;
  }

  private GraphValue sequenceType() throws IOException {
    in.enter();
    GraphValue element = other("of no stated type");
    while (in.next()) {
      if (in.field() == 1) {
        in.once();
        element = type();
      }
    }
    in.leave();
    String kind = "a sequence of " + element.description();
    return element.form() == Form.MAP
        ? new GraphValue("", Form.MAPS, element.type(), Optional.empty(), kind)
        : other(kind);
  }

  private GraphValue mapType() throws IOException {
    in.enter();
    long key = 0;
    GraphValue value = other("of no stated type");
    while (in.next()) {
      switch (in.field()) {
        case 1 -> key = in.once().number();
        case 2 -> {
          in.once();
          value = type();
        }
        default -> {}
      }
    }
    in.leave();
    String kind = "maps from " + TensorType.name(key) + " to ";
    return value.form() == Form.TENSOR
        ? new GraphValue(
            "", Form.MAP, value.type(), Optional.empty(), kind + TensorType.name(value.type()))
        : other(kind + value.description());
  }

  private void node(boolean main) throws IOException {
    if (++nodes > MOST_NODES) {
      throw tooMany("nodes", MOST_NODES);
    }
    in.enter();
    String input = "";
    String output = "";
    String name = "";
    String domain = "";
    while (in.next()) {
      switch (in.field()) {
        case 1 -> input = input.isEmpty() ? in.text(LONGEST_NAME) : input;
        case 2 -> output = output.isEmpty() ? in.text(LONGEST_NAME) : output;
        case 4 -> name = in.once().text(LONGEST_NAME);
        case 5 -> attribute("a node's attribute");
        case 7 -> domain = in.once().text(LONGEST_NAME);
        default -> {}
      }
    }
    boolean standard = domain.isEmpty() || domain.equals("ai.onnx");
    convolutions |= standard && name.equals("Conv");
    if (main) {
      operator(standard ? name : domain + "." + name);
    }
    if (!STANDARD_DOMAINS.contains(domain)) {
      customOperators.add(new Operator(keep(domain), keep(name)));
    }
    if (name.equals("EPContext")) {
      compiled.add("the EPContext node of " + Texts.quoted(keep(output)));
    }
    if (main && standard && name.equals("Identity")) {
      identities.put(keep(output), keep(input));
    }
    if (main && domain.equals("ai.onnx.ml") && name.equals("ZipMap")) {
      mapKeys.put(keep(output), mapKeys());
    }
    in.leave();
  }

  private void operator(String key) {
    if (!operators.contains(key)) {
      operators.add(keep(key));
    }
  }

  /** The class labels of the ZipMap node that was walked through last. */
  private List<String> mapKeys() throws IOException {
    // Fields come in any order, so an attribute is known by its name only once it was walked
    // through; hence the way back, for this one kind of node.
    in.rewind();
    List<String> keys = new ArrayList<>();
    while (in.next()) {
      if (in.field() != 5) {
        continue;
      }
      in.enter();
      String name = "";
      while (in.next()) {
        if (in.field() == 1) {
          name = in.text(LONGEST_NAME);
        }
      }
      if (name.equals("classlabels_int64s") || name.equals("classlabels_strings")) {
        in.rewind();
        while (in.next()) {
          if (in.field() == 8) {
            in.numbers(new Labels(keys));
          } else if (in.field() == 9) {
            keys.add(keep(in.text(LONGEST_NAME)));
          }
        }
      }
      in.leave();
    }
    return List.copyOf(keys);
  }

  /** Class labels that are numbers, as text. */
  private final class Labels implements LongConsumer {
    private final List<String> keys;

    Labels(List<String> keys) {
      this.keys = keys;
    }

    @Override
    public void accept(long label) {
      keys.add(keep(Long.toString(label)));
    }
  }

  private void attribute(String what) throws IOException {
    in.enter();
    while (in.next()) {
      switch (in.field()) {
        case 5 -> {
          in.once();
          tensor(what);
        }
        case 6 -> {
          in.once();
          graph(false);
        }
        case 7, 8 -> in.skipAll();
        case 9 -> texts++;
        case 10 -> tensor(what);
        case 11 -> graph(false);
        case 22 -> {
          in.once();
          sparseTensor(what);
        }
        case 23 -> sparseTensor(what);
        default -> {}
      }
    }
    in.leave();
  }

  /** A SparseTensorProto; its name is that of its values. */
  private String sparseTensor(String what) throws IOException {
    in.enter();
    String name = "";
    while (in.next()) {
      switch (in.field()) {
        case 1 -> {
          in.once();
          name = tensor("values of a " + what);
        }
        case 2 -> {
          in.once();
          tensor("indices of a " + what);
        }
        default -> {}
      }
    }
    in.leave();
    return name;
  }

  private String tensor(String what) throws IOException {
    in.enter();
    String name = "";
    long type = 0;
    boolean outside = false;
    List<ExternalTensor.Entry> entries = null;
    Extent extent = new Extent();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> in.numbers(extent);
        case 2 -> type = in.once().number();
        case 4, 5, 7, 9, 10, 11 -> weights += in.length();
        case 6 -> texts++;
        case 8 -> name = in.once().text(LONGEST_NAME);
        case 13 -> {
          entries = entries == null ? new ArrayList<>() : entries;
          if (entries.size() == MOST_KEYS) {
            throw tooMany("keys of one tensor's external data", MOST_KEYS);
          }
          entries.add(entry());
        }
        case 14 -> outside = in.once().number() != 0;
        default -> {}
      }
    }
    in.leave();
    if (entries != null || outside) {
      count(EXTERNAL_COST);
      // also where only one of the two says so: whoever reads the file after us may believe that
      // one
      external.add(
          new ExternalTensor(
              what + " " + Texts.quoted(keep(name)),
              entries == null ? List.of() : List.copyOf(entries),
              extent.bytes(TensorType.bits(type))));
    }
    return name;
  }

  private ExternalTensor.Entry entry() throws IOException {
    in.enter();
    String key = "";
    String value = "";
    while (in.next()) {
      switch (in.field()) {
        case 1 -> key = keep(in.once().text(LONGEST_NAME));
        case 2 -> value = keep(in.once().text(LONGEST_NAME));
        default -> {}
      }
    }
    in.leave();
    return new ExternalTensor.Entry(key, value);
  }

  /** Counts a text that is kept. */
  private String keep(String text) {
    count(text.length() + TEXT_COST);
    return text;
  }

  private void count(int bytes) {
    kept += bytes;
    if (kept > MOST_TEXT) {
      throw in.corrupt(
          in.fieldAt(),
          "names and labels come to more than the "
              + MOST_TEXT / (1024 * 1024)
              + " MiB that are read at most");
    }
  }

  private PackageCorruptException tooMany(String what, int most) {
    return in.corrupt(in.fieldAt(), "there are more than the " + most + " " + what + " allowed");
  }

  /** The product of a tensor's dimensions, which may be nonsense. */
  private static final class Extent implements LongConsumer {
    private long elements = 1;

    @Override
    public void accept(long dim) {
      long high = Math.multiplyHigh(elements, dim);
      elements = elements < 0 || dim < 0 || high != 0 || elements * dim < 0 ? -1 : elements * dim;
    }

    /** Bytes for that many bits an element, or -1 where that cannot be told. */
    long bytes(int bits) {
      return bits == 0 || elements < 0 || elements > Long.MAX_VALUE / bits - 1
          ? -1
          : (elements * bits + 7) / 8;
    }
  }
}
