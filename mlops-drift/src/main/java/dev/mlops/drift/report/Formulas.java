package dev.mlops.drift.report;

import dev.mlops.drift.compare.Comparison;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Each statistic and each bound by its name, in a line: what JSON and page say was computed. */
final class Formulas {
  private static final Map<String, String> ALL = all();

  private Formulas() {}

  /** The formulas by name, in the order to be read in. */
  static Map<String, String> byName() {
    return ALL;
  }

  private static Map<String, String> all() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put(
        "cells",
        "of a number: cell 0 holds x <= edges[0], cell i holds edges[i-1] < x <= edges[i], one more"
            + " holds x > the last edge; then one each for -infinity, infinity, NaN and missing. Of a"
            + " category: one for each of categories, then one each for the baseline's other"
            + " categories, for those it never held and for missing");
    all.put(
        "letters",
        "n serving rows and N baseline rows that a measure rests on (rows, baselineRows),"
            + " s = sqrt(1/n + 1/N), c = sqrt(ln(2/alpha)/2), z(p) the normal quantile, Phi the"
            + " normal distribution; p a cell's share of the baseline, q of serving,"
            + " m = (both counts)/(n + N) its share of both");
    all.put(
        Comparison.DISTANCE,
        "D = max over edges of |share of serving <= edge - share of baseline <= edge|, of finite"
            + " values; lower = D - c*s, upper = D + z(1-alpha)*s/2; pValue = Q(D/s),"
            + " Q(t) = 2*sum over j >= 1 of (-1)^(j-1)*exp(-2*j^2*t^2), Kolmogorov's limit");
    all.put(
        Comparison.NOT_FINITE,
        "d = |q - p|, p and q the shares of missing, NaN and infinite values together;"
            + " lower = d - z(1-alpha/2)*s/2, upper = d + z(1-alpha)*s/2;"
            + " pValue = 2*(1 - Phi(d/(s*sqrt(m*(1-m)))))");
    all.put(
        Comparison.SHARE,
        "d = max over cells of |q - p|; lower = d - z(1-alpha/(2*K))*s/2 with K cells that hold"
            + " anything, upper = max(d, h) + z(1-alpha)*s/2 with h the larger of p and q of the cell of"
            + " other categories, in which a change may hide;"
            + " pValue = min(1, sum over cells of 2*(1 - Phi(d/(s*sqrt(m*(1-m))))))");
    all.put(
        Comparison.VARIATION,
        "T = 1/2 * sum over cells of |q - p|; e = 0.4*sum over cells of sqrt(m*(1-m));"
            + " lower = T - s*(e + c), no upper, and of all categories at least T; pValue = min(1, 2*exp(-2*max(0, T/s - e)^2))");
    all.put(
        "verdict",
        "of a measure: DRIFT if lower > delta, STABLE if upper < delta, else INSUFFICIENT. Of a"
            + " column: DRIFT if a measure is, else STABLE if all measures with an upper are, else"
            + " INSUFFICIENT");
    all.put(
        "chi-square",
        "sum over groups and both sides of (count - expected)^2/expected, expected = side's rows *"
            + " group's rows/(n + N), without correction; freedom = groups - 1; pValue ="
            + " chi2.sf(statistic, freedom). Cells are merged until each group's least expected"
            + " count is 5: of a number neighbours from the first cell on, what is left joins the"
            + " last group; of a category the smallest into the next smallest. groups[cell] says"
            + " into which, -1 of a cell that is empty on both sides");
    all.put(
        "psi",
        "sum over cells of (q - p)*ln(q/p), p and q at least 1e-4; describes, decides nothing");
    all.put(
        "jensen-shannon",
        "1/2*sum over cells of p*log2(p/h) + 1/2*sum over cells of q*log2(q/h), h = (p + q)/2, a"
            + " divergence in bits; describes, decides nothing");
    return Collections.unmodifiableMap(all);
  }
}
