"""Monte-Carlo check of panels with holes: `python -m tests.calibration_missing [--replications 500] [--part NAME]`.

Panels are simulated from known parameters, cells are taken out at random, and every way to deal with them is asked
for its bias, root mean squared error and the coverage of its 95 % intervals. Part "unbalanced": units that are not
there in a third of the years. Part "outcome": outcomes that were not recorded, of units that were there. Part "rows":
3 % of the rows lost, of units that were there and differ in their levels.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
import scipy.sparse as sp

import spatialhealth as sh
from spatialhealth._progress import track
from spatialhealth.errors import SpatialHealthWarning
from tests import holes, small
from tests.monte_carlo import Z95, parser

NAMES = ("x", "z")
BETA, THETA = np.array([1.0, -0.5]), np.array([0.3, 0.2])


def whole_panel(W, periods, rho, rng, kind="SDM", noise=0.7, levels=1.0):
    """Y (T, n), X (T, n, 2) of units that are all there, and their W."""
    n = len(W)
    X = rng.normal(size=(periods, n, 2)) + levels * rng.normal(size=(n, 2))
    effects = rng.normal(size=n) if periods > 1 else 0.0
    signal = X @ BETA + np.einsum("ij,tjk->tik", W, X) @ THETA + effects
    noises = noise * rng.normal(size=(periods, n))
    A = np.eye(n) - rho * W
    if kind == "SDM":
        return np.linalg.solve(A, (signal + noises).T).T, X
    return signal + np.linalg.solve(A, noises.T).T, X


def entering(W, periods, rho, rng, kind, share, by_period):
    """A panel of units that are not there in a share of the years: they are nobody's neighbours then."""
    matrices = W if by_period else [W] * periods
    n = len(matrices[0])
    known = holes.seen(periods, n, share, int(rng.integers(2**31)))
    Y, X = np.full((periods, n), np.nan), np.full((periods, n, 2), np.nan)
    mu = rng.normal(size=n)
    for t in range(periods):
        here, M = known[t], holes.sub(matrices[t], known[t])
        x = rng.normal(size=(here.sum(), 2)) + mu[here, None]
        A = np.eye(len(M)) - rho * M
        signal, e = x @ BETA + M @ x @ THETA + mu[here], 0.7 * rng.normal(size=here.sum())
        Y[t, here] = np.linalg.solve(A, signal + e) if kind == "SDM" else signal + np.linalg.solve(A, e)
        X[t, here] = x
    return Y, X


def fitted(make):
    """Parameters and standard errors, or None where the way does not exist."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpatialHealthWarning)
        try:
            result = make().result_
        except (ValueError, TypeError):
            return None
    keep = [j for j, name in enumerate(result.param_names) if name != "constant"]
    return result.params[keep], result.std_errors[keep]


def table(found, truth, names, total):
    """Bias, RMSE and coverage of every parameter; `total` replications were tried."""
    kept = [each for each in found if each is not None]
    if not kept:
        return pd.DataFrame()
    estimates, errors = (np.array(part) for part in zip(*kept, strict=True))
    inside = np.abs(estimates - truth) < Z95 * errors
    return pd.DataFrame(
        {
            "bias": estimates.mean(0) - truth,
            "bias_error": estimates.std(0) / np.sqrt(len(kept)),
            "rmse": np.sqrt(((estimates - truth) ** 2).mean(0)),
            "mean_std_error": errors.mean(0),
            "coverage": inside.mean(0),
            "failed": total - len(kept),
        },
        index=names,
    )


def unbalanced(replications, seed):
    """A third of the units miss every year: every estimator, corrected and not, one W and a W a year."""
    periods, rho = 6, 0.5
    grid, many = small.lattice(10, 10), holes.lattices(10, 10, 6)
    ids = list(range(100))
    one, by_period = (ids, sp.csr_matrix(grid)), [(ids, sp.csr_matrix(M)) for M in many]
    situations = [
        ("SDM", "lee-yu", False, "entering"),
        ("SDM", "none", False, "entering"),
        ("SDM", "lee-yu", True, "entering"),
        ("SDEM", "lee-yu", False, "entering"),
        ("SDEM", "none", False, "entering"),
        ("SDM", "lee-yu", False, "there but not recorded"),
    ]
    for kind, correction, varies, how in situations:
        rng, found = np.random.default_rng(seed), []
        estimator = sh.SpatialDurbin if kind == "SDM" else sh.SpatialDurbinError
        for _ in track(range(replications), "replications"):
            if how == "entering":
                Y, X = entering(many if varies else grid, periods, rho, rng, kind, 1 / 3, varies)
            else:
                Y, X = whole_panel(grid, periods, rho, rng)
                Y[rng.random(Y.shape) < 1 / 3] = np.nan
            model = estimator(
                by_period if varies else one, effects="entity", correction=correction, missing="unbalanced"
            )
            found.append(fitted(lambda model=model, Y=Y, X=X: model.fit_arrays(Y, X, names=NAMES)))
        names = [*NAMES, *(f"W:{name}" for name in NAMES), "rho" if kind == "SDM" else "lambda"]
        yield (
            f"{kind}, correction {correction}, {'a W a year' if varies else 'one W'}, units {how}",
            table(found, np.array([*BETA, *THETA, rho]), names, replications),
        )


def ways(Y, hole, X, W, ids, periods):
    """What can be done about missing outcomes: name to a function that fits."""
    effects = "entity" if periods > 1 else "none"
    weights = (ids, sp.csr_matrix(W))
    Y = np.where(hole, np.nan, Y)
    frame = small.table(Y, X, ids)
    if periods == 1:
        frame = frame.droplevel(1)

    def fit(data, weights=weights, missing="raise"):
        return sh.SpatialDurbin(weights, effects=effects, missing=missing).fit(data[list(NAMES)], data["y"])

    def without_units():
        data = sh.panel.balance(frame, "drop-units") if periods > 1 else frame.dropna()
        left = np.isin(ids, data.index.unique(0))
        return fit(
            data, ([i for i, keep in zip(ids, left, strict=True) if keep], sp.csr_matrix(holes.sub(W, left)))
        )

    found = {
        "likelihood": lambda: fit(frame, missing="likelihood"),
        "leave out the cells (unbalanced)": lambda: fit(frame, missing="unbalanced"),
        "drop units": without_units,
    }
    if periods > 1:
        found["interpolate"] = lambda: fit(sh.panel.balance(frame, "interpolate"))
    return found


def outcome(replications, seed):
    """5 % and 20 % of the outcomes missing at random, in a cross-section and in a panel."""
    rho = 0.5
    truth = np.array([*BETA, *THETA, rho])
    names = [*NAMES, *(f"W:{name}" for name in NAMES), "rho"]
    for periods, side in ((1, 20), (8, 10)):
        W = small.lattice(side, side)
        ids = [f"u{i:03d}" for i in range(side**2)]
        for share in (0.05, 0.2):
            rng, found = np.random.default_rng(seed), {}
            for _ in track(range(replications), "replications"):
                Y, X = whole_panel(W, periods, rho, rng)
                hole = rng.random(Y.shape) < share
                if periods > 1:
                    hole[[0, -1]] = False  # nothing can be interpolated at the ends of a series
                for way, make in ways(Y, hole, X, W, ids, periods).items():
                    found.setdefault(way, []).append(fitted(make))
            for way, each in found.items():
                yield (
                    f"n = {side**2}, T = {periods}, {share:.0%} missing: {way}",
                    table(each, truth, names, replications),
                )


def rows(replications, seed):
    """3 % of the rows lost at random, of units that were there: as they are, centred by unit, and by likelihood."""
    periods, rho, levels = 8, 0.5, 3.0
    W = small.lattice(10, 10)
    ids = list(range(100))
    truth = np.array([*BETA, *THETA, rho])
    rng, found = np.random.default_rng(seed), {}
    for _ in track(range(replications), "replications"):
        Y, X = whole_panel(W, periods, rho, rng, levels=levels)
        hole = rng.random(Y.shape) < 0.03
        lost, without = np.where(hole, np.nan, Y), np.where(hole[..., None], np.nan, X)
        centred = lost - np.nanmean(lost, axis=0), without - np.nanmean(without, axis=0)
        ways = {
            "as they are": (lost, without, {"missing": "unbalanced"}),
            "as they are, lee-yu": (lost, without, {"missing": "unbalanced", "correction": "lee-yu"}),
            "links left as they are": (lost, without, {"missing": "unbalanced", "restandardise": False}),
            "centred": (*centred, {"missing": "unbalanced"}),
            "centred, lee-yu": (*centred, {"missing": "unbalanced", "correction": "lee-yu"}),
            "centred, links left as they are": (*centred, {"missing": "unbalanced", "restandardise": False}),
            "outcome alone lost: likelihood": (lost, X, {"missing": "likelihood"}),
            "nothing lost": (Y, X, {}),
        }
        for way, (y, x, options) in ways.items():
            model = sh.SpatialDurbin(
                (ids, sp.csr_matrix(W)), **{"effects": "entity", "correction": "none", **options}
            )
            fit = fitted(lambda model=model, y=y, x=x: model.fit_arrays(y, x, names=NAMES))
            found.setdefault(way, []).append(fit)
    names = [*NAMES, *(f"W:{name}" for name in NAMES), "rho"]
    for way, each in found.items():
        yield f"3 % of the rows lost: {way}", table(each, truth, names, replications)


def main() -> int:
    """Print a table for each situation."""
    given = parser(__doc__, replications=500, seed=2025)
    given.add_argument("--part", choices=["unbalanced", "outcome", "rows", "all"], default="all")
    options = given.parse_args()
    parts = {"unbalanced": unbalanced, "outcome": outcome, "rows": rows}
    for name, part in parts.items():
        if options.part in (name, "all"):
            for title, figures in part(options.replications, options.seed):
                print(f"\n{title}\n{figures.round(4).to_string()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
