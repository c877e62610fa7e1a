package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.Check.floats;
import static dev.mlops.runtime.engine.tabular.Check.graph;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ArithmeticTest {
  private static final float NAN = Float.NaN;
  private static final float INF = Float.POSITIVE_INFINITY;

  @TempDir private Path folder;
  private Check check;

  @BeforeEach
  void open() {
    check = new Check(folder);
  }

  private static OnnxGraph with(String op, float... constant) {
    return floats(15, 2, 2)
        .initializer(OnnxGraph.floats("c", new long[] {constant.length}, constant))
        .node(op, List.of("x", "c"), List.of("y"));
  }

  @Test
  void pairs_ofRowAndConstants_areByColumn() {
    float[] in = {1, 2, -0f, INF, NAN, 3};
    check.gives(with("Add", 10, 20), 3, new float[] {11, 22, 10, INF, NAN, 23}, in);
    check.gives(with("Sub", 1, 2), 3, new float[] {0, 0, -1, INF, NAN, 1}, in);
    check.gives(with("Mul", -1, 0), 3, new float[] {-1, 0, 0, NAN, NAN, 0}, in);
    check.gives(with("Div", 0, 2), 3, new float[] {INF, 1, NAN, INF, NAN, 1.5f}, in);
  }

  @Test
  void pairs_ofOneConstant_areForAll() {
    check.gives(with("Mul", 2), 2, new float[] {2, 4, 6, -0f}, (Object) new float[] {1, 2, 3, -0f});
  }

  @Test
  void pairs_ofConstantFirst_keepTheirOrder() {
    OnnxGraph graph =
        floats(15, 2, 2)
            .initializer(OnnxGraph.floats("c", new long[] {1, 2}, 1, 8))
            .node("Div", List.of("c", "x"), List.of("y"));
    check.gives(graph, 2, new float[] {0.5f, 2, -INF, NAN}, (Object) new float[] {2, 4, -0f, NAN});
  }

  @Test
  void pairs_ofColumnAndRow_areSpread() {
    OnnxGraph graph =
        floats(15, 1, 3)
            .input("z", OnnxGraph.FLOAT, "rows", 3)
            .node("Sub", List.of("x", "z"), List.of("y"));
    check.gives(
        graph,
        2,
        new float[] {9, 8, 7, 16, 15, 14},
        new float[] {10, 20},
        new float[] {1, 2, 3, 4, 5, 6});
  }

  @Test
  void pairs_thatMightMixRows_areDeclined() {
    OnnxGraph graph =
        OnnxGraph.named("rows")
            .input("x", OnnxGraph.FLOAT, "rows")
            .input("z", OnnxGraph.FLOAT, "rows", 3)
            .output("y", OnnxGraph.FLOAT, "rows", 3)
            .node("Add", List.of("x", "z"), List.of("y"));
    assertThat(check.reason(graph)).contains("whatever the number of rows", "[rows], [rows, 3]");
    OnnxGraph tall =
        floats(15, 2, 2)
            .initializer(OnnxGraph.floats("c", new long[] {3, 1}, 1, 2, 3))
            .node("Add", List.of("x", "c"), List.of("y"));
    assertThat(check.reason(tall)).contains("whatever the number of rows");
  }

  @Test
  void wholeNumbers_thatOverflow_wrap() {
    OnnxGraph narrow =
        graph(15, OnnxGraph.INT32, List.of(2), OnnxGraph.INT32, List.of(2))
            .initializer(OnnxGraph.ints("c", new long[] {1}, 1))
            .node("Add", List.of("x", "c"), List.of("y"));
    check.gives(
        narrow, 1, new int[] {Integer.MIN_VALUE, 6}, (Object) new int[] {Integer.MAX_VALUE, 5});
    OnnxGraph wide =
        graph(15, OnnxGraph.INT64, List.of(2), OnnxGraph.INT64, List.of(2))
            .initializer(OnnxGraph.longs("c", new long[] {1}, 2))
            .node("Mul", List.of("x", "c"), List.of("y"));
    check.gives(wide, 1, new long[] {-2, 10}, (Object) new long[] {Long.MAX_VALUE, 5});
  }

  @Test
  void wholeNumbers_dividedByAConstant_areTruncated() {
    check.gives(divided(2), 1, new long[] {-3, 3}, (Object) new long[] {-7, 7});
    assertThat(check.reason(divided(0))).contains("divides whole numbers by 0");
  }

  private static OnnxGraph divided(long by) {
    return graph(15, OnnxGraph.INT64, List.of(2), OnnxGraph.INT64, List.of(2))
        .initializer(OnnxGraph.longs("c", new long[] {1}, by))
        .node("Div", List.of("x", "c"), List.of("y"));
  }

  @Test
  void mod_ofNegatives_hasTheSignThatIsAskedFor() {
    OnnxGraph floor =
        graph(15, OnnxGraph.INT64, List.of(2), OnnxGraph.INT64, List.of(2))
            .initializer(OnnxGraph.longs("c", new long[] {1}, 3))
            .node("Mod", List.of("x", "c"), List.of("y"));
    check.gives(floor, 1, new long[] {2, 1}, (Object) new long[] {-4, 4});
    OnnxGraph first =
        floats(15, 2, 2)
            .initializer(OnnxGraph.floats("c", new long[] {1}, 3))
            .node("Mod", List.of("x", "c"), List.of("y"), OnnxGraph.attribute("fmod", 1));
    check.gives(first, 1, new float[] {-1, 1.5f}, (Object) new float[] {-4, 4.5f});
  }

  @Test
  void maxAndMin_ofNaN_areNaN() {
    float[] in = {NAN, 5, -INF, 1};
    check.gives(with("Max", 0, 2), 2, new float[] {NAN, 5, 0, 2}, in);
    check.gives(with("Min", 0, 2), 2, new float[] {NAN, 2, -INF, 1}, in);
  }

  @Test
  void maxOfLongs_whichOnnxRuntimeTakesByHalves_isDeclined() {
    OnnxGraph graph =
        graph(15, OnnxGraph.INT64, List.of(1), OnnxGraph.INT64, List.of(1))
            .initializer(OnnxGraph.longs("c", new long[] {1}, 3))
            .node("Max", List.of("x", "c"), List.of("y"));
    assertThat(check.reason(graph)).contains("Max", "INT64");
  }

  @Test
  void pow_ofOddNumbers_isAsCHasIt() {
    check.gives(
        with("Pow", 2, 3),
        2,
        new float[] {9, -8, 0.25f, NAN},
        (Object) new float[] {-3, -2, 0.5f, NAN});
    check.gives(
        with("Pow", NAN, INF), 2, new float[] {1, 1, NAN, INF}, (Object) new float[] {1, -1, 2, 2});
    check.gives(
        with("Pow", 0.5f, -1),
        2,
        new float[] {2, -INF, NAN, 0.5f},
        (Object) new float[] {4, -0f, -1, 2});
  }

  @Test
  void sum_ofSeveral_goesFromTheFirstOn() {
    OnnxGraph sum = floats(15, 2, 2).node("Sum", List.of("x", "x", "x"), List.of("y"));
    check.gives(sum, 1, new float[] {3, -6}, (Object) new float[] {1, -2});
  }

  private static OnnxGraph test(String op) {
    return graph(15, OnnxGraph.FLOAT, List.of(4), OnnxGraph.BOOL, List.of(4))
        .initializer(OnnxGraph.floats("c", new long[] {1}, 0))
        .node(op, List.of("x", "c"), List.of("y"));
  }

  @Test
  void comparisons_withNaN_areFalse() {
    float[] in = {-0f, NAN, -1, INF};
    check.gives(test("Less"), 1, new byte[] {0, 0, 1, 0}, in);
    check.gives(test("LessOrEqual"), 1, new byte[] {1, 0, 1, 0}, in);
    check.gives(test("Greater"), 1, new byte[] {0, 0, 0, 1}, in);
    check.gives(test("GreaterOrEqual"), 1, new byte[] {1, 0, 0, 1}, in);
    check.gives(test("Equal"), 1, new byte[] {1, 0, 0, 0}, in);
  }

  @Test
  void equal_ofTexts_looksAtTheirCharacters() {
    OnnxGraph graph =
        graph(19, OnnxGraph.STRING, List.of(2), OnnxGraph.BOOL, List.of(2))
            .initializer(OnnxGraph.texts("c", new long[] {2}, "a", "b"))
            .node("Equal", List.of("x", "c"), List.of("y"));
    check.gives(graph, 2, new byte[] {1, 0, 0, 1}, (Object) new String[] {"a", "a", "", "b"});
  }

  @Test
  void logic_ofTruths_isThatOfBits() {
    for (String op : List.of("And", "Or")) {
      OnnxGraph graph =
          graph(15, OnnxGraph.BOOL, List.of(2), OnnxGraph.BOOL, List.of(2))
              .initializer(OnnxGraph.truths("c", new long[] {2}, true, false))
              .node(op, List.of("x", "c"), List.of("y"));
      byte[] wanted = op.equals("And") ? new byte[] {1, 0, 0, 0} : new byte[] {1, 1, 1, 0};
      check.gives(graph, 2, wanted, (Object) new byte[] {1, 1, 0, 0});
    }
  }

  @Test
  void where_ofAConstantForAllRows_takesIt() {
    OnnxGraph graph =
        floats(15, 2, 2)
            .initializer(OnnxGraph.floats("c", new long[] {2}, 7, 8))
            .node("IsNaN", List.of("x"), List.of("missing"))
            .node("Shape", List.of("x"), List.of("shape"))
            .node("Expand", List.of("c", "shape"), List.of("all"))
            .node("Where", List.of("missing", "all", "x"), List.of("y"));
    check.gives(graph, 2, new float[] {7, 2, 3, 8}, (Object) new float[] {NAN, 2, 3, NAN});
  }
}
