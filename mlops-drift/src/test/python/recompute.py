#!/usr/bin/python3
"""Computes every number of drift reports again from their counts, alpha and delta alone.

    recompute.py report.json ...

Prints each disagreement and how many there were; exit status 1 if there was one. Needs SciPy
(Debian: python3-scipy). Counts stay integers as long as they can, so that shares which are
nearly equal are subtracted without loss.
"""
import json
import math
import sys

from scipy.special import rel_entr
from scipy.stats import chi2, kstwobign, norm

RELATIVE = 1e-9  # of two computations of the same number
ROUNDING = 1e-15  # of sums of logarithms that cancel


def change(a, n, b, m):
    """a/n - b/m"""
    return (a * m - b * n) / (n * m)


def deviation(a, n, b, m):
    """sqrt(p (1 - p)) with p, the share of both sides together"""
    return math.sqrt((a + b) * (n + m - a - b)) / (n + m)


def largest(changes, first=0):
    """The number of the largest one, of equals the first; -1 where nothing changed."""
    return first + changes.index(max(changes)) if any(changes) else -1


def measure(name, effect, lower, upper, p, cell, n, m, delta):
    level = "DRIFT" if lower > delta else "STABLE" if upper is not None and upper < delta else "INSUFFICIENT"
    return {"name": name, "effect": effect, "lower": lower, "upper": upper, "pValue": p, "cell": cell,
            "rows": n, "baselineRows": m, "level": level}


def number_measures(before, now, cells, alpha, delta):
    """Of finite values the distance at the edges; of all rows the share that is not finite."""
    c = math.sqrt(math.log(2 / alpha) / 2)
    n, m = sum(now[:cells]), sum(before[:cells])
    if n and m:
        s = math.sqrt(1 / n + 1 / m)
        distances = [abs(change(sum(now[:i]), n, sum(before[:i]), m)) for i in range(1, cells)]
        d = max(distances, default=0)
        p = kstwobign.sf(d / s)  # Kolmogorov's limit
        yield measure("ks-distance", d, d - c * s, d + norm.isf(alpha) * s / 2, p, largest(distances), n, m, delta)
    a, b, n, m = sum(now[cells:]), sum(before[cells:]), sum(now), sum(before)
    s = math.sqrt(1 / n + 1 / m)
    e = abs(change(a, n, b, m))
    p = 2 * norm.sf(e / (s * deviation(a, n, b, m))) if e else 1  # two proportions, pooled variance
    lower, upper = e - norm.isf(alpha / 2) * s / 2, e + norm.isf(alpha) * s / 2
    signed = math.copysign(1, change(a, n, b, m))
    same = [signed * change(a, n, b, m) for a, b in zip(now[cells:], before[cells:])]
    cell = largest(same, cells) if e else -1
    yield measure("not-finite-share", e, lower, upper, p, cell, n, m, delta)


def category_measures(before, now, alpha, delta):
    """The largest change of one cell's share, and half the sum of all changes."""
    c = math.sqrt(math.log(2 / alpha) / 2)
    n, m = sum(now), sum(before)
    s = math.sqrt(1 / n + 1 / m)
    held = [(a, b) for a, b in zip(now, before) if a + b]
    changes = [abs(change(a, n, b, m)) for a, b in zip(now, before)]
    deviations = [deviation(a, n, b, m) for a, b in held]
    e = max(changes)
    p = min(1, sum(2 * norm.sf(e / (s * d)) for d in deviations if d)) if e else 1
    hidden = max(now[-3] / n, before[-3] / m)  # other, then unseen and missing: a change may hide in it
    lower, upper = e - norm.isf(alpha / (2 * len(held))) * s / 2, max(e, hidden) + norm.isf(alpha) * s / 2
    yield measure("largest-share-change", e, lower, upper, p, largest(changes), n, m, delta)
    t, mean = sum(changes) / 2, 0.4 * sum(deviations)
    p = min(1, 2 * math.exp(-2 * max(0, t / s - mean) ** 2))
    yield measure("total-variation", t, t - s * (mean + c), None, p, -1, n, m, delta)


def merged(before, now, neighbours):
    """Groups of cells that hold something, with min(n, N) * pooled count >= 5 (n + N) if there are two."""
    n, m = sum(now), sum(before)
    size = lambda group: sum(now[i] + before[i] for i in group)
    small = lambda group: min(n, m) * size(group) < 5 * (n + m)
    groups = [[i] for i in range(len(now)) if now[i] + before[i]]
    if not neighbours:  # the smallest joins the next smallest; of equals the earlier cell is smaller
        while len(groups) > 1 and small(min(groups, key=size)):
            groups.sort(key=lambda group: (size(group), min(group)))
            groups[:2] = [groups[0] + groups[1]]
        return sorted(groups, key=min)
    joined = []  # in the order of the cells; a small rest joins the last group
    for group in groups:
        if joined and small(joined[-1]):
            joined[-1] += group
        else:
            joined.append(group)
    if len(joined) > 1 and small(joined[-1]):
        joined[-2:] = [joined[-2] + joined[-1]]
    return joined


def chi_square(before, now, neighbours):
    n, m = sum(now), sum(before)
    groups = merged(before, now, neighbours)
    counts = [(sum(now[i] for i in group), sum(before[i] for i in group)) for group in groups]
    freedom = max(0, len(groups) - 1)
    # Both sides' (observed - expected)^2 / expected, summed.
    x = sum((a * m - b * n) ** 2 / (n * m * (a + b)) for a, b in counts) if freedom else 0
    of_cell = {i: number for number, group in enumerate(groups) for i in group}
    return {"statistic": x, "freedom": freedom, "pValue": chi2.sf(x, freedom) if freedom else 1,
            "groups": [of_cell.get(i, -1) for i in range(len(now))]}


def divergences(before, now):
    """PSI of shares of at least 1e-4, natural logarithm; Jensen-Shannon divergence in bits."""
    n, m = sum(now), sum(before)
    shares = [(b / m, a / n) for a, b in zip(now, before)] if n and m else []
    floored = [(max(p, 1e-4), max(q, 1e-4)) for p, q in shares]
    psi = math.fsum((q - p) * math.log(q / p) for p, q in floored)
    nats = math.fsum(rel_entr(p, (p + q) / 2) + rel_entr(q, (p + q) / 2) for p, q in shares) / 2
    return psi, nats / math.log(2)


def column(given, alpha, delta):
    before, now, numbers = given["baselineCounts"], given["servingCounts"], given["kind"] == "number"
    measures = []
    if sum(before) and sum(now):
        measures = list(number_measures(before, now, len(given["edges"]) + 1, alpha, delta) if numbers
                        else category_measures(before, now, alpha, delta))
    able = {m["level"] for m in measures if m["upper"] is not None}
    level = ("DRIFT" if "DRIFT" in [m["level"] for m in measures] else
             "STABLE" if able == {"STABLE"} else "INSUFFICIENT")
    saying = [m for m in measures if m["level"] == level]
    decided = max(saying, key=lambda m: m["lower"]) if level == "DRIFT" else (saying or [{"name": None}])[0]
    psi, js = divergences(before, now)
    return {"level": level, "decidedBy": decided["name"], "measures": measures,
            "chiSquare": chi_square(before, now, numbers), "psi": psi, "jensenShannon": js}


def disagreements(path, given, wanted):
    if isinstance(wanted, dict):
        for key in wanted:
            yield from disagreements(f"{path}.{key}", given.get(key), wanted[key])
    elif isinstance(wanted, list) and len(wanted) == len(given):
        for i, (g, w) in enumerate(zip(given, wanted)):
            yield from disagreements(f"{path}[{i}]", g, w)
    elif isinstance(wanted, float) and isinstance(given, (int, float)):
        least = ROUNDING if path.endswith((".psi", ".jensenShannon")) else 1e-300
        if not abs(given - wanted) <= max(least, RELATIVE * abs(wanted)):
            yield f"{path} is {given!r}, recomputed {wanted!r}"
    elif given != wanted:
        yield f"{path} is {given!r}, recomputed {wanted!r}"


def check(report):
    levels = []
    for given in report["columns"]:
        wanted = {"level": "INSUFFICIENT", "decidedBy": None}
        if "kind" in given:
            wanted = column(given, report["alpha"], report["delta"])
            sums = {"rows": sum(given["servingCounts"]), "baselineRows": sum(given["baselineCounts"])}
            yield from disagreements(f"the sum of {given['column']}", report, sums)
            edges = given.get("edges", [])
            if any(a >= b for a, b in zip(edges, edges[1:])):
                yield f"the edges of {given['column']} do not ascend"
        levels.append(wanted["level"])
        yield from disagreements(given["column"], given, wanted)
    level = ("DRIFT" if "DRIFT" in levels else "STABLE" if set(levels) == {"STABLE"} else "INSUFFICIENT")
    yield from disagreements("report", report, {"level": level})


if __name__ == "__main__":
    found = 0
    for file in sys.argv[1:]:
        with open(file, encoding="utf-8") as text:
            for line in check(json.load(text)):
                print(f"{file}: {line}")
                found += 1
    print(f"{len(sys.argv) - 1} reports, {found} disagreements")
    sys.exit(1 if found else 0)
