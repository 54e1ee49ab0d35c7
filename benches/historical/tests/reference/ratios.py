"""The numbers that tests of compare/student.rs, bootstrap.rs and pairs.rs compare with, and the coverage of intervals.

    python3 -m venv v && v/bin/pip install scipy && v/bin/python benches/historical/tests/reference/ratios.py

`--coverage` simulates instead: how often the interval of ten (or six) log ratios contains the true mean.
"""

import sys

import numpy as np
from scipy import stats

# Six rounds of futures 0.1 against async/await, and ten with an outlier.
SIX = [0.80, 0.81, 0.84, 0.98, 0.73, 0.78]
TEN = [0.80, 0.81, 0.84, 0.98, 0.73, 0.76, 0.90, 0.79, 0.83, 1.10]


def bca(logs, outside):
    """The BCa interval of the mean."""
    drawn = stats.bootstrap((logs,), np.mean, confidence_level=1 - outside, n_resamples=200_000, rng=2017)
    return drawn.confidence_interval


def student(logs, outside):
    """Student's interval of the mean."""
    return stats.t.interval(1 - outside, len(logs) - 1, np.mean(logs), stats.sem(logs))


def numbers():
    """What the unit tests have."""
    for t, freedom in [(2, 9), (12, 5), (1, 1)]:
        print(f"two_sided({t}, {freedom}) = {2 * stats.t.sf(t, freedom):.10g}")
    for outside, freedom in [(0.05, 9), (0.05, 5), (0.005, 9), (0.05 / 3, 5), (0.05, 2), (0.05, 1)]:
        print(f"critical({outside:.4f}, {freedom}) = {stats.t.isf(outside / 2, freedom):.10g}")
    for name, ratios in [("SIX", SIX), ("TEN", TEN)]:
        logs = np.log(ratios)
        print(name, "mean", np.exp(logs.mean()), "p", stats.ttest_1samp(logs, 0).pvalue)
        for outside in [0.05, 0.05 / 3, 0.005]:
            print(f"  t   {outside:.4f}", *np.exp(student(logs, outside)))
            print(f"  BCa {outside:.4f}", *bca(logs, outside), "(logarithms)")


def coverage():
    """How often the true mean is inside."""
    random = np.random.default_rng(2017)
    kinds = {
        "normal": (lambda size: random.normal(size=size), 0.0),
        "t with 3 degrees": (lambda size: random.standard_t(3, size=size), 0.0),
        "exponential": (lambda size: random.exponential(size=size), 1.0),
        # One round in ten is disturbed for one of the two alone.
        "one in ten disturbed": (
            lambda size: random.normal(size=size) + 4 * (random.random(size) < 0.1),
            0.4,
        ),
    }
    for rounds in [6, 10]:
        for name, (draw, mean) in kinds.items():
            inside = {"t": 0, "t 99.5 %": 0, "percentile": 0, "BCa": 0}
            count = 2_000
            for _ in range(count):
                values = draw(rounds)
                means = values[random.integers(rounds, size=(2_000, rounds))].mean(axis=1)
                drawn = stats.bootstrap(
                    (values,), np.mean, confidence_level=0.95, n_resamples=2_000, rng=random
                ).confidence_interval
                for kind, (low, high) in {
                    "t": student(values, 0.05),
                    "t 99.5 %": student(values, 0.005),
                    "percentile": np.quantile(means, [0.025, 0.975]),
                    "BCa": drawn,
                }.items():
                    inside[kind] += low <= mean <= high
            print(rounds, "rounds,", name, {kind: f"{hits / count:.1%}" for kind, hits in inside.items()})


coverage() if "--coverage" in sys.argv else numbers()
