"""Monte-Carlo size of the tests: `python -m tests.calibration_diagnostics [--replications 1000]`.

Data in which the null hypothesis of a test is true are simulated, and the share of samples in which it is
rejected at the five per cent level is printed, with its Monte-Carlo error. 49 units of a lattice; normal
errors unless said otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

import spatialhealth as sh
from spatialhealth._progress import track
from spatialhealth.datasets.lattice import lattice
from spatialhealth.diagnostics import Statistic
from tests.monte_carlo import arguments

N = 49
LEVEL = 0.05
Found = dict[str, Statistic]
W = lattice(N).toarray()
OPERATOR = sh.SpatialOperator((np.arange(N), lattice(N)))
LAG = np.linalg.inv(np.eye(N) - 0.4 * W)


def regressors(rng, T):
    return rng.normal(size=(T, N, 2))


def effects(rng, T, kind="two-way"):
    return rng.normal(size=N) + (rng.normal(size=(T, 1)) if kind == "two-way" else 0.0)


def lagrange(T: int, kind: str, correction: str) -> Callable[[np.random.Generator], Found]:
    """Neither lag nor error, fixed effects."""

    def draw(rng):
        X = regressors(rng, T)
        Y = X @ [1.0, -1.0] + effects(rng, T, kind) + rng.normal(size=(T, N))
        model = sh.SLX(OPERATOR, effects=kind, durbin=False, correction=correction).fit_arrays(Y, X)
        found = {test.name: test for test in sh.diagnostics.lm(model)}
        if correction == "lee-yu":
            moran = sh.diagnostics.moran(model)
            found |= {"Moran's I, pooled": moran[0], "Moran's I, one period": moran[2]}
        return found

    return draw


def reductions(name: str) -> Callable[[np.random.Generator], Found]:
    """SDM against the model behind the data, two-way effects, five periods."""
    estimator = {"SAR": sh.SpatialLag, "SEM": sh.SpatialError, "SLX": sh.SLX}[name]

    def draw(rng):
        T = 5
        X, e = regressors(rng, T), rng.normal(size=(T, N))
        signal = X @ [1.0, -1.0] + effects(rng, T)
        Y = {
            "SAR": (signal + e) @ LAG.T,
            "SEM": signal + e @ LAG.T,
            "SLX": signal + np.einsum("ij,tjk->tik", W, X) @ [0.5, 0.5] + e,
        }[name]
        small, large = (
            each(OPERATOR, effects="two-way").fit_arrays(Y, X) for each in (estimator, sh.SpatialDurbin)
        )
        return {f"LR {name}": sh.diagnostics.lr(small, large),
                f"Wald {name}": sh.diagnostics.wald(large, estimator.__name__)}  # fmt: skip

    return draw


def one_beside_the_other(rng) -> Found:
    """A lag and no error, an error and no lag; two-way effects, five periods."""
    X, e = regressors(rng, 5), rng.normal(size=(5, N))
    signal = X @ [1.0, -1.0] + effects(rng, 5)
    lag = sh.SpatialLag(OPERATOR, effects="two-way").fit_arrays((signal + e) @ LAG.T, X)
    error = sh.SpatialError(OPERATOR, effects="two-way").fit_arrays(signal + e @ LAG.T, X)
    return {test.name: test for model in (lag, error) for test in sh.diagnostics.lm(model)}


def random_effects(rng) -> Found:
    """A lag, and random effects that are unrelated to the regressors; five periods."""
    X = regressors(rng, 5)
    Y = (X @ [1.0, -1.0] + rng.normal(size=N) + rng.normal(size=(5, N))) @ LAG.T
    found = {}
    for kind in ("observed", "expected"):
        fixed = sh.SpatialLag(OPERATOR, effects="entity", cov_type=kind).fit_arrays(Y, X)
        random = sh.SpatialLag(OPERATOR, effects="random", cov_type=kind).fit_arrays(Y, X)
        found |= {f"{test.name}, {kind}": test for test in sh.diagnostics.hausman(fixed, random)}
    return found


def pooled(rng) -> Found:
    """Neither random effects nor spatial errors; five periods."""
    X = regressors(rng, 5)
    model = sh.SLX(OPERATOR, durbin=False).fit_arrays(X @ [1.0, -1.0] + rng.normal(size=(5, N)), X)
    return {test.name: test for test in sh.diagnostics.bsk(model)} | {
        "Pesaran CD": sh.diagnostics.pesaran_cd(model)
    }


def residuals(T: int, kind: str, law: str) -> Callable[[np.random.Generator], Found]:
    """Errors of one variance; a regressor that differs more between units than over time."""

    def draw(rng):
        X = regressors(rng, T) + 3 * rng.normal(size=(N, 1))
        e = rng.normal(size=(T, N)) if law == "normal" else rng.standard_t(6, size=(T, N))
        Y = X @ [1.0, -1.0] + effects(rng, T, kind) + e
        model = sh.SLX(OPERATOR, effects=kind, durbin=False).fit_arrays(Y, X)
        found = {test.name: test for test in sh.diagnostics.heteroskedasticity(model)}
        if law == "normal" and T > 2:
            found["Jarque-Bera"] = sh.diagnostics.normality(model)
        return found

    return draw


def situations() -> Iterator[tuple[str, Callable[[np.random.Generator], Found]]]:
    for kind in ("entity", "two-way"):
        for correction in ("lee-yu", "none"):
            yield f"LM, {kind} effects, T = 5, correction {correction}", lagrange(5, kind, correction)
    yield "one parameter beside the other, two-way effects, T = 5", one_beside_the_other
    for name in ("SAR", "SEM", "SLX"):
        yield f"SDM against {name}, two-way effects, T = 5", reductions(name)
    yield "random effects, T = 5", random_effects
    yield "pooled, T = 5", pooled
    for T, kind, law in ((2, "entity", "normal"), (5, "two-way", "normal"), (5, "two-way", "t(6)")):
        yield f"{law} errors, {kind} effects, T = {T}", residuals(T, kind, law)


def size(draw: Callable[[np.random.Generator], Found], replications: int, seed: int) -> pd.DataFrame:
    """Share of rejections by test, among the samples in which it applies, and the share of the others."""
    rng = np.random.default_rng(seed)
    found = [draw(rng) for _ in track(range(replications), "replications")]
    rows = {}
    for name in found[0]:
        told = [each[name] for each in found if each[name].applies]
        share = float(np.mean([test.reject(LEVEL) for test in told])) if told else np.nan
        rows[name] = {
            "size": share,
            "error": np.sqrt(share * (1 - share) / max(len(told), 1)),
            "does not apply": 1 - len(told) / replications,
        }
    return pd.DataFrame(rows).T


def main() -> int:
    """Print a table for each situation."""
    options = arguments(__doc__, replications=1000, seed=2010)
    for title, draw in situations():
        table = size(draw, options.replications, options.seed)
        sys.stdout.write(f"\n{title}, {options.replications} replications\n{table.round(4).to_string()}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
