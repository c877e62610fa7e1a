package dev.mlops.benchmarks;

import hex.genmodel.MojoModel;
import hex.genmodel.MojoReaderBackend;
import hex.genmodel.MojoReaderBackendFactory;
import hex.genmodel.MojoReaderBackendFactory.CachingStrategy;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** An H2O MOJO of boosted trees, plain Java: {@code score0}, a row at a time. */
public final class Mojo implements Rival {
  private static final int COLUMNS = 30;
  private static final int LEFT_IS_LEAF = 48;
  private static final int RIGHT_IS_LEAF = 64;
  private static final int MISSING_LEFT = 2;
  private static final int MISSING_RIGHT = 3;
  private static final int NO_COLUMN = 65535;

  @Override
  public String name() {
    return "H2O MOJO " + Versions.of("h2o-genmodel");
  }

  @Override
  public String terms() {
    return "Apache-2.0; 1.7 MB in 6 jars";
  }

  @Override
  public Contender load(Trees trees, float[][] rows) throws IOException {
    MojoReaderBackend backend =
        MojoReaderBackendFactory.createReaderBackend(
            new ByteArrayInputStream(zip(trees)), CachingStrategy.MEMORY);
    MojoModel model = MojoModel.load(backend);
    double[][] doubles = new double[rows.length][COLUMNS];
    for (int row = 0; row < rows.length; row++) {
      for (int column = 0; column < COLUMNS; column++) {
        doubles[row][column] = rows[row][column];
      }
    }
    int wanted = trees.link() == Trees.Link.LOGISTIC ? 2 : 0; // after the label and the other class
    return size -> {
      double[] answer = new double[wanted + 1];
      return (batch, into) -> {
        for (int row = 0; row < size; row++) {
          model.score0(doubles[batch * size + row], answer);
          into[row] = (float) answer[wanted];
        }
      };
    };
  }

  private static byte[] zip(Trees trees) throws IOException {
    boolean logistic = trees.link() == Trees.Link.LOGISTIC;
    StringBuilder ini = new StringBuilder("[info]\n");
    String[] facts = {
      "h2o_version = " + Versions.of("h2o-genmodel"),
      "mojo_version = 1.40",
      "license = Apache License Version 2.0",
      "algo = gbm",
      "algorithm = Gradient Boosting Machine",
      "endianness = LITTLE_ENDIAN",
      "category = " + (logistic ? "Binomial" : "Regression"),
      "uuid = 1",
      "supervised = true",
      "n_features = " + COLUMNS,
      "n_classes = " + (logistic ? 2 : 1),
      "n_columns = " + (COLUMNS + 1),
      "n_domains = " + (logistic ? 1 : 0),
      "balance_classes = false",
      "default_threshold = 0.5",
      "prior_class_distrib = " + (logistic ? "[0.5, 0.5]" : "null"),
      "model_class_distrib = " + (logistic ? "[0.5, 0.5]" : "null"),
      "timestamp = 2026-01-01 00:00:00",
      "escape_domain_values = true",
      "n_trees = " + trees.all().size(),
      "n_trees_per_class = 1",
      "distribution = " + (logistic ? "bernoulli" : "gaussian"),
      "link_function = " + (logistic ? "logit" : "identity"),
      "_genmodel_encoding = AUTO",
      "init_f = 0.0",
      "offset_column = null"
    };
    for (String fact : facts) {
      ini.append(fact).append('\n');
    }
    ini.append("\n[columns]\n");
    for (int column = 0; column < COLUMNS; column++) {
      ini.append('x').append(column).append('\n');
    }
    ini.append("y\n\n[domains]\n");
    if (logistic) {
      ini.append(COLUMNS).append(": 2 d000.txt\n");
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      entry(zip, "model.ini", ini.toString().getBytes(StandardCharsets.UTF_8));
      if (logistic) {
        entry(zip, "domains/d000.txt", "no\nyes\n".getBytes(StandardCharsets.UTF_8));
      }
      for (int tree = 0; tree < trees.all().size(); tree++) {
        String name = String.format(Locale.ROOT, "trees/t00_%03d.bin", tree);
        entry(zip, name, bytes(trees.all().get(tree)));
      }
    }
    return bytes.toByteArray();
  }

  private static void entry(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] bytes(Trees.Tree tree) {
    if (tree.leaf(0)) {
      byte[] only = new byte[7];
      buffer(only).put((byte) 0).putShort((short) NO_COLUMN).putFloat(tree.number()[0]);
      return only;
    }
    return bytes(tree, 0);
  }

  /** In the order of a walk that goes left first, with the left side's length before it. */
  private static byte[] bytes(Trees.Tree tree, int node) {
    if (tree.leaf(node)) {
      byte[] value = new byte[4];
      buffer(value).putFloat(tree.number()[node]);
      return value;
    }
    int child = tree.left()[node];
    byte[] left = bytes(tree, child);
    byte[] right = bytes(tree, child + 1);
    int lengthBytes = tree.leaf(child) ? 0 : left.length < 256 ? 1 : left.length < 65536 ? 2 : 4;
    int type = tree.leaf(child) ? LEFT_IS_LEAF : lengthBytes - 1;
    if (tree.leaf(child + 1)) {
      type |= RIGHT_IS_LEAF;
    }
    byte[] all = new byte[8 + lengthBytes + left.length + right.length];
    ByteBuffer out = buffer(all);
    out.put((byte) type).putShort((short) tree.feature()[node]);
    out.put((byte) (tree.missingLeft()[node] ? MISSING_LEFT : MISSING_RIGHT));
    out.putFloat(tree.number()[node]);
    switch (lengthBytes) {
      case 1 -> out.put((byte) left.length);
      case 2 -> out.putShort((short) left.length);
      case 4 -> out.putInt(left.length);
      default -> {} // a leaf's is known
    }
    out.put(left).put(right);
    return all;
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
