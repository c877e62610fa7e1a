package dev.mlops.benchmarks;

import com.microsoft.ml.lightgbm.SWIGTYPE_p_double;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_long_long;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_p_void;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_void;
import com.microsoft.ml.lightgbm.lightgbmlib;
import com.microsoft.ml.lightgbm.lightgbmlibConstants;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * LightGBM's fastest call for one row, on the calling thread, a booster a thread. Its call for many
 * rows scores them one by one too, and wants them copied into its memory value by value.
 */
public final class LightGbm implements Rival {
  private static final int COLUMNS = 30;
  private static final String PARAMETERS = "num_threads=1";
  private static final int MISSING_IS_NAN = 8;
  private static final int MISSING_LEFT = 2;

  @Override
  public String name() {
    return "LightGBM " + Versions.of("lightgbm");
  }

  @Override
  public String terms() {
    return "MIT; 5.5 MB, native, x86-64 alone";
  }

  @Override
  public Contender load(Trees trees, float[][] rows) throws IOException {
    library("lib_lightgbm.so");
    library("lib_lightgbm_swig.so");
    String model = text(trees);
    double[][] doubles = new double[rows.length][COLUMNS];
    for (int row = 0; row < rows.length; row++) {
      for (int column = 0; column < COLUMNS; column++) {
        doubles[row][column] = rows[row][column];
      }
    }
    return size -> new Rows(model, doubles, size);
  }

  private static final class Rows implements Contender.Calls {
    private final double[][] rows;
    private final int size;
    private final SWIGTYPE_p_void booster;
    private final SWIGTYPE_p_void fast;
    private final SWIGTYPE_p_long_long length = lightgbmlib.new_int64_tp();
    private final SWIGTYPE_p_double answer = lightgbmlib.new_doubleArray(1);

    Rows(String model, double[][] rows, int size) {
      this.rows = rows;
      this.size = size;
      SWIGTYPE_p_p_void made = lightgbmlib.new_voidpp();
      check(lightgbmlib.LGBM_BoosterLoadModelFromString(model, lightgbmlib.new_intp(), made));
      booster = lightgbmlib.voidpp_value(made);
      check(
          lightgbmlib.LGBM_BoosterPredictForMatSingleRowFastInit(
              booster,
              lightgbmlibConstants.C_API_PREDICT_NORMAL,
              0,
              -1,
              lightgbmlibConstants.C_API_DTYPE_FLOAT64,
              COLUMNS,
              PARAMETERS,
              made));
      fast = lightgbmlib.voidpp_value(made);
      lightgbmlib.delete_voidpp(made);
    }

    @Override
    public void score(int batch, float[] into) {
      for (int row = 0; row < size; row++) {
        check(
            lightgbmlib.LGBM_BoosterPredictForMatSingleRowFastCriticalSWIG(
                rows[batch * size + row], fast, length, answer));
        into[row] = (float) lightgbmlib.doubleArray_getitem(answer, 0);
      }
    }

    private static void check(int code) {
      if (code != 0) {
        throw new IllegalStateException(lightgbmlib.LGBM_GetLastError());
      }
    }

    @Override
    public void close() {
      lightgbmlib.LGBM_FastConfigFree(fast);
      lightgbmlib.LGBM_BoosterFree(booster);
      lightgbmlib.delete_int64_tp(length);
      lightgbmlib.delete_doubleArray(answer);
    }
  }

  /** Its jar holds the library and leaves it to others to unpack it. */
  private static void library(String name) throws IOException {
    String resource = "/com/microsoft/ml/lightgbm/linux/x86_64/" + name;
    try (InputStream in = lightgbmlib.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new FileNotFoundException(resource);
      }
      Path folder = Files.createTempDirectory("mlops-benchmark");
      Path file = folder.resolve(name);
      folder.toFile().deleteOnExit();
      file.toFile().deleteOnExit();
      Files.copy(in, file);
      System.load(file.toString());
    }
  }

  private static String text(Trees trees) {
    boolean logistic = trees.link() == Trees.Link.LOGISTIC;
    StringBuilder all = new StringBuilder();
    StringBuilder sizes = new StringBuilder();
    for (int i = 0; i < trees.all().size(); i++) {
      String tree = text(i, trees.all().get(i));
      sizes.append(i == 0 ? "" : " ").append(tree.length());
      all.append(tree);
    }
    return """
        tree
        version=v3
        num_class=1
        num_tree_per_iteration=1
        label_index=0
        max_feature_idx=%d
        objective=%s
        feature_names=%s
        feature_infos=%s
        tree_sizes=%s

        %send of trees

        feature_importances:

        parameters:
        end of parameters

        pandas_categorical:null
        """
        .formatted(
            COLUMNS - 1,
            logistic ? "binary sigmoid:1" : "regression",
            IntStream.range(0, COLUMNS).mapToObj(i -> "x" + i).collect(Collectors.joining(" ")),
            "[-1e30:1e30]" + " [-1e30:1e30]".repeat(COLUMNS - 1),
            sizes,
            all);
  }

  private static String text(int id, Trees.Tree tree) {
    int[] branch = tree.ranks(false);
    int[] leaf = tree.ranks(true);
    IntFunction<String> child = node -> "" + (tree.leaf(node) ? ~leaf[node] : branch[node]);
    IntPredicate branches = node -> !tree.leaf(node);
    return "Tree=%d\nnum_leaves=%d\nnum_cat=0\n".formatted(id, (tree.nodes() + 1) / 2)
        + line("split_feature", tree, branches, node -> "" + tree.feature()[node])
        + line("split_gain", tree, branches, node -> "1")
        // it goes left at the threshold too, and compares doubles
        + line(
            "threshold", tree, branches, node -> "" + Math.nextDown((double) tree.number()[node]))
        + line(
            "decision_type",
            tree,
            branches,
            node -> "" + (MISSING_IS_NAN | (tree.missingLeft()[node] ? MISSING_LEFT : 0)))
        + line("left_child", tree, branches, node -> child.apply(tree.left()[node]))
        + line("right_child", tree, branches, node -> child.apply(tree.left()[node] + 1))
        + line("leaf_value", tree, tree::leaf, node -> "" + (double) tree.number()[node])
        + line("leaf_weight", tree, tree::leaf, node -> "1")
        + line("leaf_count", tree, tree::leaf, node -> "1")
        + line("internal_value", tree, branches, node -> "0")
        + line("internal_weight", tree, branches, node -> "1")
        + line("internal_count", tree, branches, node -> "1")
        + "is_linear=0\nshrinkage=1\n\n\n";
  }

  private static String line(
      String name, Trees.Tree tree, IntPredicate which, IntFunction<String> value) {
    return IntStream.range(0, tree.nodes())
        .filter(which)
        .mapToObj(value)
        .collect(Collectors.joining(" ", name + "=", "\n"));
  }
}
