package dev.mlops.drift.report;

import dev.mlops.drift.compare.Comparison;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Each statistic and each bound by its name, in a line: what JSON and page say was computed. */
final class Formulas {
  private static final String S = "s = sqrt(1/n + 1/N)";

  private static final Map<String, String> ALL = all();

  private Formulas() {}

  /** The formulas by name, in the order to be read in. */
  static Map<String, String> byName() {
    return ALL;
  }

  private static Map<String, String> all() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put(
        "counts",
        "of numbers: cell 0 holds x <= edges[0], cell i holds edges[i-1] < x <= edges[i], one more"
            + " holds x above all edges; then one cell each for -infinity, +infinity, NaN and"
            + " missing. Of categories: one cell a category, then one each for the baseline's other"
            + " categories, unseen ones and missing");
    all.put(
        "letters",
        "n serving rows and N baseline rows that the measure rests on (rows, baselineRows), "
            + S
            + ", c = sqrt(ln(2/alpha)/2), z(p) the standard normal quantile");
    all.put(
        Comparison.DISTANCE,
        "D = max over edges e of |share of finite serving values <= e - share of finite baseline"
            + " values <= e|; pValue = Q(D/s), Q(t) = 2 * sum over j >= 1 of (-1)^(j-1) *"
            + " exp(-2 j^2 t^2), Kolmogorov's limit; lower = D - c*s; upper = D + z(1-alpha)*s/2");
    all.put(
        Comparison.NOT_FINITE,
        "|share of serving rows that are missing, NaN or infinite - the same of the baseline|;"
            + " lower = effect - z(1-alpha/2)*s/2; upper = effect + z(1-alpha)*s/2");
    all.put(
        Comparison.SHARE,
        "max over the K cells of |serving share - baseline share|; lower = effect -"
            + " z(1-alpha/(2K))*s/2; upper = effect + z(1-alpha)*s/2");
    all.put(
        Comparison.VARIATION,
        "T = 1/2 * sum over cells of |serving share - baseline share|; lower = T - s*(0.4 * sum"
            + " over cells of sqrt(m*(1-m)) + c), m the share of both sides pooled; it has no upper"
            + " bound");
    all.put(
        "verdict",
        "DRIFT if lower > delta for a measure; of numbers STABLE if upper < delta for every"
            + " measure, of categories if upper < delta for "
            + Comparison.SHARE
            + " and nothing is DRIFT; otherwise INSUFFICIENT");
    all.put(
        "chi-square",
        "sum over both sides and all groups of cells of (count - expected)^2 / expected, expected ="
            + " row total * group total / grand total; no continuity correction; cells with small"
            + " expected counts are merged into groups, groups[cell] says into which; freedom ="
            + " groups - 1; pValue = chi2.sf(statistic, freedom)");
    all.put(
        "psi",
        "sum over cells of (q - p) * ln(q/p), p baseline and q serving share; no rule uses it");
    all.put(
        "jensen-shannon",
        "1/2 * sum of p*log2(p/m) + 1/2 * sum of q*log2(q/m), m = (p + q)/2, 0*log2(0) = 0; a"
            + " divergence in bits; no rule uses it");
    return Collections.unmodifiableMap(all);
  }
}
