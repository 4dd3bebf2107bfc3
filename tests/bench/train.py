#!/usr/bin/env python3
"""Derives packaging/rules/php.weights from lists of malicious and clean PHP files.

    BUILD/php_features --list >NAMES
    cut -f1 MAL.tsv BEN.tsv | BUILD/php_features -j 2 >FEATURES
    tests/bench/train.py NAMES FEATURES MAL.tsv BEN.tsv [--out php.weights] [--report DIR]

The lists are tab separated: path, SHA-256, collection (of clean files: the project). No path takes
part in anything but joining the two inputs. The same inputs give the same weights.

How: logistic regression with an L2 penalty, by cyclic coordinate Newton steps. Features flagged
"never below 0" and "never above 0" are held there; no feature weighs more than --most, and none
that speaks for a file more than --least, so that a good file around a bad block cannot hide it.
Malicious files of the same token shape count as one file together. A share of the malicious side are
unions: what is seen of a malicious file and of a clean one, as in a file that was infected.

The two thresholds come from scores that no file had a say in: clean projects are left out in
folds, and the thresholds are what keeps the false alarms of left-out projects at --alarms and
--doubts per 10,000. Leaving one collection of malicious files out and finding it with what the
others taught tells what a collection that nobody has seen would show.
"""
import argparse
import collections
import math
import multiprocessing
import os
import random
import sys

STRONG, UP, DOWN, WHOLE = 1, 2, 4, 8


def read_names(path):
    rows = [line.rstrip("\n").split("\t") for line in open(path)]
    return [r[0] for r in rows], [int(r[1]) for r in rows], [r[2] for r in rows]


def read_list(path):
    out = {}
    for line in open(path, encoding="utf-8", errors="surrogateescape"):
        part = line.rstrip("\n").split("\t")
        out[part[0]] = part[2] if len(part) > 2 else "?"
    return out


class File:
    __slots__ = ("path", "collection", "shape", "features", "weight", "bad")


def read_files(path, number, bad, good):
    files = []
    for line in open(path, encoding="utf-8", errors="surrogateescape"):
        part = line.rstrip("\n").split("\t")
        if len(part) < 5 or (part[0] not in bad and part[0] not in good):
            continue
        f = File()
        f.path, f.shape = part[0], part[1]
        f.bad = part[0] in bad
        f.collection = bad[f.path] if f.bad else good[f.path]
        # None: the gate lets it pass without a look.
        f.features = None if part[4] == "-" else tuple(sorted(number[n] for n in part[4].split()))
        f.weight = 1.0
        files.append(f)
    return files


def weigh(files):
    """Copies of one idea count once."""
    size = collections.Counter(f.shape for f in files if f.bad)
    for f in files:
        if f.bad:
            f.weight = 1.0 / size[f.shape]


def unions(files, flags, seed, share):
    """What an infected file would show: a clean file's features and a malicious one's."""
    rng = random.Random(seed)
    good = [f for f in files if not f.bad and f.features is not None and len(f.features) > 8]
    out = []
    for f in files:
        if not f.bad or f.features is None:
            continue
        host = rng.choice(good)
        g = File()
        g.path, g.collection, g.shape, g.bad = f.path, f.collection, f.shape, True
        own = {x for x in f.features if not flags[x] & WHOLE}
        g.features = tuple(sorted(own | set(host.features)))
        g.weight = f.weight * share
        out.append(g)
    return out


class Model:
    def __init__(self, count):
        self.points = [0.0] * count
        self.bias = -3.0

    def score(self, features):
        points = self.points
        return self.bias + sum([points[x] for x in features])


def train(files, flags, options, start=None, sweeps=40):
    """Coordinate Newton; equal rows are one row."""
    count = len(flags)
    # What a malicious verdict may rest on is taken for bad until clean files say otherwise.
    prior = [options.prior if fl & STRONG and family else 0.0
             for fl, family in zip(flags, options.families)]
    merged = {}
    for f in files:
        if f.features is not None:
            row = merged.setdefault(f.features, [0.0, 0.0])
            row[1 if f.bad else 0] += f.weight * (options.cost_bad if f.bad else 1.0)
    rows = list(merged)
    good = [merged[r][0] for r in rows]
    bad = [merged[r][1] for r in rows]
    columns = [[] for _ in range(count)]
    for i, row in enumerate(rows):
        for x in row:
            columns[x].append(i)
    model = Model(count)
    model.points = list(prior)
    if start is not None:
        model.points = list(start.points)
        model.bias = start.bias
    margin = [model.score(r) for r in rows]
    gradient, curve = [0.0] * len(rows), [0.0] * len(rows)

    def refresh(indices, step):
        exp = math.exp
        for i in indices:
            m = margin[i] = margin[i] + step
            p = 1.0 / (1.0 + exp(-m)) if m > -30 else exp(m)
            both = good[i] + bad[i]
            gradient[i] = both * p - bad[i]
            curve[i] = both * p * (1.0 - p)

    refresh(range(len(rows)), 0.0)
    # What a file does shall decide, what it looks like and calls shall only tip the scales.
    low = [0.0 if fl & UP else -options.least for fl in flags]
    high = [0.0 if fl & DOWN else options.most if fl & STRONG else options.hint for fl in flags]
    penalty = [options.penalty * (1 if fl & STRONG else options.hints) for fl in flags]
    order = [x for x in range(count) if len(columns[x]) >= 1]
    for sweep in range(sweeps):
        largest = 0.0
        step = -sum(gradient) / (sum(curve) + 1e-6)
        step = max(-2.0, min(2.0, step))
        model.bias += step
        refresh(range(len(rows)), step)
        for x in order:
            column = columns[x]
            at = model.points[x]
            g = sum(map(gradient.__getitem__, column)) + penalty[x] * (at - prior[x])
            h = sum(map(curve.__getitem__, column)) + penalty[x]
            to = max(low[x], min(high[x], at - max(-1.0, min(1.0, g / h))))
            if abs(to - at) > 1e-3:
                model.points[x] = to
                refresh(column, to - at)
                largest = max(largest, abs(to - at))
        if largest < 0.01:
            break
    model.points = [round(p, 2) if abs(p) >= 0.05 else 0.0 for p in model.points]
    model.bias = round(model.bias, 2)
    return model


def strong(model, flags, features):
    return any(flags[x] & STRONG and model.points[x] > 0 for x in features)


def scores(model, flags, files):
    """(score, may be malicious) of each."""
    out = []
    for f in files:
        if f.features is None:
            out.append((-99.0, False))
        else:
            out.append((model.score(f.features), strong(model, flags, f.features)))
    return out


def threshold(values, most):
    """The lowest bound, to two digits, that at most `most` values reach."""
    values = sorted(values, reverse=True)
    at = values[int(most)] if len(values) > int(most) else -10.0
    return math.floor(at * 100 + 1.5) / 100


# ---- runs, two at a time ----

shared = {}


def run(task):
    kind, what = task
    files, flags, options = shared["files"], shared["flags"], shared["options"]
    if kind == "all":
        kept = files
    else:
        kept = [f for f in files if f.bad or f.collection not in what] if kind == "projects" else \
            [f for f in files if not f.bad or f.collection != what]
    kept = kept + unions(kept, flags, 1, options.unions)
    return task, train(kept, flags, options, shared.get("start"), 40 if kind == "all" else 15)


def project_folds(files, folds):
    size = collections.Counter(f.collection for f in files if not f.bad)
    groups = [(0, [])] * folds
    for name, n in sorted(size.items(), key=lambda x: (-x[1], x[0])):
        groups.sort(key=lambda g: (g[0], g[1]))
        groups[0] = (groups[0][0] + n, groups[0][1] + [name])
    return [tuple(g[1]) for g in groups]


def percent(part, whole):
    return "%5.1f %%" % (100.0 * part / whole if whole else 0)


def report_rates(title, rows, total):
    print("\n%s" % title)
    for name, hits, more, n in rows:
        print("  %-40s %5d  malicious %s  with suspicious %s" %
              (name[:40], n, percent(hits, n), percent(more, n)))
    print("  %s" % total)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names")
    parser.add_argument("features")
    parser.add_argument("mal")
    parser.add_argument("ben")
    parser.add_argument("--out")
    parser.add_argument("--report", help="folder for lists of misses and false alarms")
    parser.add_argument("--penalty", type=float, default=0.1)
    parser.add_argument("--prior", type=float, default=3.0,
                        help="points of a strong feature of which the lists say nothing")
    parser.add_argument("--hints", type=float, default=40.0, help="penalty of weak features")
    parser.add_argument("--hint", type=float, default=0.7, help="most points of a weak feature")
    parser.add_argument("--most", type=float, default=8.0)
    parser.add_argument("--least", type=float, default=1.0)
    parser.add_argument("--cost-bad", type=float, default=1.0)
    parser.add_argument("--unions", type=float, default=0.25)
    parser.add_argument("--alarms", type=float, default=1.4)
    parser.add_argument("--doubts", type=float, default=4.0)
    parser.add_argument("--folds", type=int, default=6)
    parser.add_argument("--quick", action="store_true", help="no folds: training rates only")
    options = parser.parse_args()
    names, flags, options.families = read_names(options.names)
    number = {n: i for i, n in enumerate(names)}
    bad, good = read_list(options.mal), read_list(options.ben)
    files = read_files(options.features, number, bad, good)
    weigh(files)
    missing = len(bad) + len(good) - len(files)
    clean = [f for f in files if not f.bad]
    evil = [f for f in files if f.bad]
    print("%d malicious files in %d shapes, %d clean files, %d without features" %
          (len(evil), len({f.shape for f in evil}), len(clean), missing))
    shared.update(files=files, flags=flags, options=options)
    _, model = run(("all", None))
    shared["start"] = model
    collected = sorted({f.collection for f in evil})
    folds = [] if options.quick else project_folds(files, options.folds)
    tasks = [("projects", fold) for fold in folds] + \
        [("collection", c) for c in collected if not options.quick]
    with multiprocessing.Pool(2) as pool:
        results = pool.map(run, tasks, 1) if tasks else []

    # Scores of clean files that were left out of the training.
    held = {}
    for (kind, what), other in results:
        if kind == "projects":
            part = [f for f in clean if f.collection in what]
            held.update(zip([f.path for f in part], scores(other, flags, part)))
    own = dict(zip([f.path for f in clean], scores(model, flags, clean)))
    if not held:
        held = own
    n = len(clean)
    malicious = threshold([s for s, st in held.values() if st], options.alarms * n / 1e4)
    malicious = max(malicious, threshold([s for s, st in own.values() if st], 0.25 * n / 1e4))
    suspicious = threshold([s for s, st in held.values()], (options.alarms + options.doubts) * n / 1e4)
    suspicious = min(suspicious, malicious)
    print("thresholds: malicious %.2f, suspicious %.2f" % (malicious, suspicious))

    def verdict(pair):
        return 2 if pair[1] and pair[0] >= malicious else 1 if pair[0] >= suspicious else 0

    def rates(got, files_of):
        rows = []
        for name in sorted({f.collection for f in files_of}):
            v = [got[f.path] for f in files_of if f.collection == name]
            rows.append((name, sum(x == 2 for x in v), sum(x >= 1 for x in v), len(v)))
        return rows

    evil_scores = dict(zip([f.path for f in evil], scores(model, flags, evil)))
    got = {p: verdict(s) for p, s in evil_scores.items()}
    hits = sum(v == 2 for v in got.values())
    more = sum(v >= 1 for v in got.values())
    report_rates("Training, by collection", rates(got, evil), "all: malicious %s, with suspicious %s" %
                 (percent(hits, len(evil)), percent(more, len(evil))))
    if results:
        out = {}
        for (kind, what), other in results:
            if kind == "collection":
                part = [f for f in evil if f.collection == what]
                out.update({p: verdict(s) for p, s in
                            zip([f.path for f in part], scores(other, flags, part))})
        rows = rates(out, evil)
        mean = [sum(100.0 * r[k] / r[3] for r in rows) / len(rows) for k in (1, 2)]
        report_rates("Each collection by what the others taught", rows,
                     "mean: malicious %.1f %%, with suspicious %.1f %%" % tuple(mean))

    for title, what in (("Clean files, in training", own), ("Clean files, left out", held)):
        per = collections.Counter()
        for f in clean:
            v = verdict(what[f.path])
            if v:
                per[(f.collection, v)] += 1
        a = sum(c for (p, v), c in per.items() if v == 2)
        b = sum(c for (p, v), c in per.items() if v == 1)
        print("\n%s: malicious %d = %.2f, suspicious %d = %.2f of 10,000" %
              (title, a, 1e4 * a / n, b, 1e4 * b / n))
        for (p, v), c in sorted(per.items(), key=lambda x: (-x[0][1], -x[1])):
            print("  %-40s %s %d" % (p, "malicious" if v == 2 else "suspicious", c))

    if options.report:
        os.makedirs(options.report, exist_ok=True)

        def explain(f):
            pairs = sorted(((model.points[x], names[x]) for x in f.features or ()),
                           key=lambda x: -abs(x[0]))
            return " ".join("%s=%+.2f" % (nm, p) for p, nm in pairs if p) or \
                ("not looked at" if f.features is None else "nothing")
        with open(os.path.join(options.report, "misses"), "w", errors="surrogateescape") as o:
            for f in sorted(evil, key=lambda f: evil_scores[f.path][0]):
                if got[f.path] < 2:
                    o.write("%s\t%.2f\t%d\t%.4f\t%s\n" % (f.path, evil_scores[f.path][0],
                                                        evil_scores[f.path][1], f.weight, explain(f)))
        with open(os.path.join(options.report, "alarms"), "w", errors="surrogateescape") as o:
            for f in sorted(clean, key=lambda f: -held[f.path][0])[:400]:
                o.write("%s\t%.2f\t%.2f\t%d\t%s\n" % (f.path, held[f.path][0], own[f.path][0],
                                                    verdict(held[f.path]), explain(f)))
    if options.out:
        with open(options.out, "w") as o:
            o.write("# Points of what is seen in PHP files; made by tests/bench/train.py, see\n"
                    "# docs/detection.md. Not meant to be edited by hand.\n")
            o.write("bias %.2f\nmalicious %.2f\nsuspicious %.2f\n" %
                    (model.bias, malicious, suspicious))
            for name, points in zip(names, model.points):
                if points:
                    o.write("points %s %.2f\n" % (name, points))


if __name__ == "__main__":
    sys.exit(main())
