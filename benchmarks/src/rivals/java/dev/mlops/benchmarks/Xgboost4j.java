package dev.mlops.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/** XGBoost4J's {@code inplace_predict} on the calling thread, a booster a thread. */
public final class Xgboost4j implements Rival {
  private static final int COLUMNS = 30;

  @Override
  public String name() {
    return "XGBoost4J " + Versions.of("xgboost4j");
  }

  @Override
  public String terms() {
    return "Apache-2.0; 16.4 MB in 6 jars, native; Scala left out";
  }

  @Override
  public Contender load(Trees trees, float[][] rows) throws XGBoostError, IOException {
    byte[] json = json(trees).getBytes(StandardCharsets.US_ASCII);
    booster(json).dispose(); // a library that does not load is told now
    return size -> {
      Booster booster = booster(json);
      float[] data = new float[size * COLUMNS];
      return new Contender.Calls() {
        @Override
        public void score(int batch, float[] into) throws XGBoostError {
          for (int row = 0; row < size; row++) {
            System.arraycopy(rows[batch * size + row], 0, data, row * COLUMNS, COLUMNS);
          }
          float[][] answers = booster.inplace_predict(data, size, COLUMNS, Float.NaN);
          for (int row = 0; row < size; row++) {
            into[row] = answers[row][0];
          }
        }

        @Override
        public void close() {
          booster.dispose();
        }
      };
    };
  }

  private static Booster booster(byte[] json) throws XGBoostError, IOException {
    Booster booster = XGBoost.loadModel(json);
    booster.setParam("nthread", 1);
    return booster;
  }

  private static String json(Trees trees) {
    boolean logistic = trees.link() == Trees.Link.LOGISTIC;
    int count = trees.all().size();
    return """
        {"learner":{"attributes":{},"feature_names":[],"feature_types":[],"gradient_booster":{"model":{\
        "gbtree_model_param":{"num_parallel_tree":"1","num_trees":"%d"},\
        "iteration_indptr":%s,"tree_info":%s,"trees":[%s]},"name":"gbtree"},\
        "learner_model_param":{"base_score":"%s","boost_from_average":"1","num_class":"0",\
        "num_feature":"%d","num_target":"1"},\
        "objective":{"name":"%s","reg_loss_param":{"scale_pos_weight":"1"}}},"version":[3,0,4]}"""
        .formatted(
            count,
            array(count + 1, String::valueOf),
            array(count, i -> "0"),
            IntStream.range(0, count)
                .mapToObj(i -> json(i, trees.all().get(i)))
                .collect(Collectors.joining(",")),
            logistic ? "5E-1" : "0E0", // the base score is a probability here
            COLUMNS,
            logistic ? "binary:logistic" : "reg:squarederror");
  }

  private static String json(int id, Trees.Tree tree) {
    int nodes = tree.nodes();
    int[] parents = tree.parents();
    parents[0] = Integer.MAX_VALUE; // none
    String[] fields = {
      "\"base_weights\":" + array(nodes, i -> "0.0"),
      "\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[],\"categories_sizes\":[]",
      "\"default_left\":" + array(nodes, i -> tree.missingLeft()[i] ? "1" : "0"),
      "\"id\":" + id,
      "\"left_children\":" + array(nodes, i -> tree.leaf(i) ? "-1" : "" + tree.left()[i]),
      "\"loss_changes\":" + array(nodes, i -> "0.0"),
      "\"parents\":" + array(nodes, i -> "" + parents[i]),
      "\"right_children\":" + array(nodes, i -> tree.leaf(i) ? "-1" : "" + (tree.left()[i] + 1)),
      "\"split_conditions\":" + array(nodes, i -> "" + tree.number()[i]),
      "\"split_indices\":" + array(nodes, i -> "" + tree.feature()[i]),
      "\"split_type\":" + array(nodes, i -> "0"),
      "\"sum_hessian\":" + array(nodes, i -> "0.0"),
      "\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\""
          + COLUMNS
          + "\",\"num_nodes\":\""
          + nodes
          + "\",\"size_leaf_vector\":\"1\"}"
    };
    return Arrays.stream(fields).collect(Collectors.joining(",", "{", "}"));
  }

  private static String array(int length, IntFunction<String> element) {
    return IntStream.range(0, length).mapToObj(element).collect(Collectors.joining(",", "[", "]"));
  }
}
