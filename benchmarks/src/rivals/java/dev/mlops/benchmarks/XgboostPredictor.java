package dev.mlops.benchmarks;

import biz.k11i.xgboost.Predictor;
import biz.k11i.xgboost.util.FVec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** H2O's XGBoost Predictor, plain Java: a row at a time, as it knows no batches. */
public final class XgboostPredictor implements Rival {
  private static final int COLUMNS = 30;

  @Override
  public String name() {
    return "xgboost-predictor " + Versions.of("xgboost-predictor");
  }

  @Override
  public String terms() {
    return "Apache-2.0; 0.09 MB in 3 jars";
  }

  @Override
  public Contender load(Trees trees, float[][] rows) throws IOException {
    Predictor predictor = new Predictor(new ByteArrayInputStream(binary(trees)));
    return size ->
        (batch, into) -> {
          for (int row = 0; row < size; row++) {
            FVec features = FVec.Transformer.fromArray(rows[batch * size + row], false);
            into[row] = predictor.predictSingle(features);
          }
        };
  }

  /** The binary form that XGBoost had before JSON: little-endian, fixed parameter blocks. */
  private static byte[] binary(Trees trees) {
    String objective = trees.link() == Trees.Link.LOGISTIC ? "binary:logistic" : "reg:linear";
    int count = trees.all().size();
    ByteBuffer out =
        ByteBuffer.allocate(1000 + count * (37 * 4 + 4) + trees.nodes() * 36)
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putFloat(0).putInt(COLUMNS); // the base score is a margin here
    zeros(out, 32); // classes, prediction buffer, reserved
    text(out, objective);
    text(out, "gbtree");
    out.putInt(count).putInt(1).putInt(COLUMNS);
    zeros(out, 3); // padding, prediction buffer
    out.putInt(1);
    zeros(out, 33); // leaf vector, reserved, padding
    for (Trees.Tree tree : trees.all()) {
      out.putInt(1).putInt(tree.nodes());
      zeros(out, 2); // deleted nodes, depth
      out.putInt(COLUMNS);
      zeros(out, 32); // leaf vector, reserved
      int[] parents = tree.parents();
      for (int node = 0; node < tree.nodes(); node++) {
        boolean first = node > 0 && tree.left()[parents[node]] == node;
        out.putInt(node == 0 ? -1 : parents[node] | (first ? 1 << 31 : 0));
        out.putInt(tree.leaf(node) ? -1 : tree.left()[node]);
        out.putInt(tree.leaf(node) ? -1 : tree.left()[node] + 1);
        out.putInt(tree.feature()[node] | (tree.missingLeft()[node] ? 1 << 31 : 0));
        out.putFloat(tree.number()[node]);
      }
      zeros(out, 4 * tree.nodes()); // statistics
    }
    zeros(out, count); // the group of each tree
    out.flip();
    byte[] bytes = new byte[out.remaining()];
    out.get(bytes);
    return bytes;
  }

  private static void text(ByteBuffer out, String text) {
    out.putLong(text.length()).put(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static void zeros(ByteBuffer out, int ints) {
    for (int i = 0; i < ints; i++) {
      out.putInt(0);
    }
  }
}
