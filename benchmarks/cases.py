"""The cases: each loads its data, times one thing, and says what it found.

python -m benchmarks.cases NAME '{"argument": value}' runs one and prints a line of JSON. The timed part begins with W
as a sparse matrix (spreg: a W; R: a listw) and ends with the impacts and, where there are any, their standard errors.
Loading, simulating and the imports at the top of a session are not in it.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import resource
import sys
import time
import typing
import warnings

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from benchmarks import data


def prepare(kind, n, periods):
    """Simulate data once."""
    data.make(kind, n, periods)
    return {"seconds": 0.0}


def engines():
    """Which engines of the log-determinant the package has."""
    from spatialhealth import _typing

    return {"seconds": 0.0, "engines": list(typing.get_args(_typing.LogDet))}


def fit(kind, n, model="SpatialDurbin", periods=0, seed=None, **arguments):
    """Fit a model of ours by arrays, with its impacts; with a seed, by random vectors of that seed."""
    import spatialhealth as sh

    if seed is not None:
        from spatialhealth.operator import Lanczos

        arguments["logdet"] = Lanczos(random_state=seed)
    given = data.load(kind, n, periods)
    estimator = getattr(sh, model)
    start = time.perf_counter()
    fitted = estimator(weights=given.weights, **arguments).fit_arrays(given.y, given.x)
    between = time.perf_counter()
    effects = fitted.impacts()
    std_errors = effects.std_errors
    timed = took(start) | {"fit_seconds": between - start}
    start = time.perf_counter()
    summary = str(fitted.summary())
    timed["summary_seconds"] = time.perf_counter() - start
    return timed | found(fitted, effects, std_errors, summary)


def took(start):
    """Give the seconds since `start`, and the peak of memory up to now: what follows is not part of the case."""
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def found(fitted, effects, std_errors, summary):
    """Give what a fitted model of ours says."""
    result = fitted.result_
    place = {name: i for i, name in enumerate(result.param_names)}
    values = {name: float(result.params[i]) for name, i in place.items() if name in ("rho", "lambda")}
    values |= {f"{name}_se": float(result.std_errors[place[name]]) for name in tuple(values)}
    approximation = getattr(result, "approximation", None) or {}
    return values | {
        "loglik": float(result.loglik),
        "engine": result.operator.logdet_method,
        "direct": float(effects.estimates[0, 0]),
        "total": float(effects.estimates[0, 2]),
        "total_se": float(std_errors[0, 2]),
        "errors": {name: float(each) for name, each in approximation.items() if isinstance(each, float)},
        "summary_says": re.search(r"monte[- ]carlo", summary.lower()) is not None,
    }


def spreg_durbin(kind, n, method="LU"):
    """ML_Lag of spreg with lagged regressors; it has no standard errors of impacts."""
    from libpysal.weights import W
    from spreg import ML_Lag

    given = data.load(kind, n)
    matrix = given.matrix
    cuts = matrix.indptr[1:-1]
    neighbours = dict(enumerate(each.tolist() for each in np.split(matrix.indices, cuts)))
    shares = dict(enumerate(each.tolist() for each in np.split(matrix.data, cuts)))
    w = W(neighbours, shares, id_order=list(range(n)), silence_warnings=True)
    w.transform = "r"
    # it prints its class name on every fit
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        fitted = ML_Lag(given.y[:, None], given.x, w, slx_lags=1, method=method)
        timed = took(start)
    return timed | {"rho": float(np.squeeze(fitted.rho))}


def spreg_panel(kind, n, periods):
    """ML_LagFE of spreg: effects of units only, no correction, no inference on impacts."""
    from libpysal.weights import WSP
    from spreg import ML_LagFE

    given = data.load(kind, n, periods)
    w = WSP(given.matrix).to_W(silence_warnings=True)
    w.transform = "r"
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        fitted = ML_LagFE(given.y.reshape(-1, 1), given.x.reshape(-1, 3), w, slx_lags=1)
        timed = took(start)
    return timed | {"rho": float(np.squeeze(fitted.rho))}


def exact(kind, n, periods=0, model="SpatialDurbin", low=-0.5, high=0.95):
    """Find the maximum of the likelihood by scipy alone: a Brent search over factorisations, no code of ours.

    In panels the two-way likelihood of Lee and Yu (2010): means taken out, n - 1 units, T - 1 periods.
    """
    from scipy.optimize import minimize_scalar

    given = data.load(kind, n, periods)
    matrix = given.matrix
    start = time.perf_counter()
    logdet = log_determinant(kind, matrix)
    y, x = np.atleast_2d(given.y), given.x.reshape(-1, n, 3)
    lag = np.stack([matrix @ each for each in y])
    columns = [x]
    if "Durbin" in model:
        columns.append(np.stack([matrix @ each for each in x]))
    z = np.concatenate(columns, axis=2)
    if periods:
        sizes, times, ends = (n - 1) * (periods - 1), periods - 1, 1.0
        y, lag, z = (centred(values) for values in (y, lag, z))
    else:
        sizes, times, ends = n, 1, 0.0
        z = np.concatenate([z, np.ones((1, n, 1))], axis=2)
    if "Error" in model:
        wz = np.stack([matrix @ each for each in z])
        square = error_squares(y, lag, z, wz)
    else:
        square = lag_squares(y, lag, z)

    def minus(rho):
        determinant = logdet(rho) - ends * np.log(1 - rho)
        return sizes / 2 * np.log(square(rho) / sizes) - times * determinant

    best = minimize_scalar(
        minus, bounds=(low, high), method="bounded", options={"xatol": 1e-11, "maxiter": 60}
    )
    return took(start) | {"value": float(best.x), "evaluations": int(best.nfev)}


def centred(values):
    """Take means of units and of periods out."""
    values = values - values.mean(axis=0, keepdims=True)
    return values - values.mean(axis=1, keepdims=True)


def lag_squares(y, lag, z):
    """Sum of squares of y - rho W y on Z."""
    flat = z.reshape(-1, z.shape[2])
    both = np.column_stack([y.ravel(), lag.ravel()])
    left = both - flat @ np.linalg.lstsq(flat, both, rcond=None)[0]
    cross = left.T @ left
    return lambda rho: cross[0, 0] - 2 * rho * cross[0, 1] + rho**2 * cross[1, 1]


def error_squares(y, lag, z, wz):
    """Sum of squares of (I - lambda W) y on (I - lambda W) Z."""
    k = z.shape[2]
    zs, wzs = z.reshape(-1, k), wz.reshape(-1, k)

    def square(rho):
        left, right = (y - rho * lag).ravel(), zs - rho * wzs
        return float(np.square(left - right @ np.linalg.lstsq(right, left, rcond=None)[0]).sum())

    return square


def log_determinant(kind, matrix):
    """ln|I - rho W|: eigenvalues of dense W, else factors; in symmetric form where W is similar to one."""
    n = matrix.shape[0]
    symmetric = kind in ("lattice", "rook", "delaunay", "dense")
    if symmetric:
        similar = sp.csc_matrix(matrix.multiply(matrix.T))
        similar.data = np.sqrt(similar.data)
    if kind == "dense":
        values = np.linalg.eigvalsh(similar.toarray())
        return lambda rho: float(np.log1p(-rho * values).sum())
    identity = sp.identity(n, format="csc")

    def value(rho):
        if symmetric:
            how = {
                "permc_spec": "MMD_AT_PLUS_A",
                "diag_pivot_thresh": 0.0,
                "options": {"SymmetricMode": True},
            }
            factor = spla.splu(identity - rho * similar, **how)
        else:
            factor = spla.splu(sp.csc_matrix(identity - rho * matrix))
        return float(np.log(np.abs(factor.U.diagonal())).sum())

    return value


def comparison(n, shared, kinds, models):
    """Models by several W: `compare`, which shares what it can, or every model on fresh weights."""
    import pandas as pd

    import spatialhealth as sh

    given = data.load(kinds[0], n)
    table = pd.DataFrame({"y": given.y, **{f"x{i + 1}": given.x[:, i] for i in range(3)}})
    weights = {kind: (np.arange(n), data.load(kind, n).matrix) for kind in kinds}
    formula, likelihoods = "y ~ x1 + x2 + x3", {}
    start = time.perf_counter()
    if shared:
        compared = sh.compare({name: getattr(sh, name)() for name in models}, formula, table, weights)
        timed = took(start)
        loglik = compared.table["loglik"].astype(float)
        likelihoods = {str(label): float(value) for label, value in loglik.items()}
    else:
        for name in models:
            for kind, one in weights.items():
                model = getattr(sh, name)(weights=one).fit_formula(formula, table)
                assert np.isfinite(model.impacts().std_errors[:, 0]).all()
                likelihoods[f"{name}, {kind}"] = float(model.result_.loglik)
        timed = took(start)
    return timed | {"loglik": likelihoods}


def places_and_hospitals(n, m):
    """Scatter people and beds over the United States, as labelled layers."""
    import geopandas as gpd

    rng = np.random.default_rng(0)

    def layer(size, column, most, letter):
        points = gpd.points_from_xy(rng.uniform(-120, -70, size), rng.uniform(28, 48, size), crs=4326)
        labels = [f"{letter}{number}" for number in range(size)]
        return gpd.GeoDataFrame({column: rng.integers(10, most, size)}, index=labels, geometry=points)

    return layer(n, "population", 9_000, "place "), layer(m, "beds", 900, "hospital ")


def catchment_decay(cutoff):
    """Give a decay for the reach."""
    from spatialhealth.attraction import ExponentialDecay, GaussianDecay

    return ExponentialDecay(100_000) if cutoff is None else GaussianDecay(100_000, cutoff=cutoff)


def catchment(n, m, method, cutoff):
    """Compute a floating catchment of ours, distances included."""
    from spatialhealth.attraction import FloatingCatchment

    places, hospitals = places_and_hospitals(n, m)
    options = {"cutoff": cutoff, "tau": 100_000} if method == "RAAM" else {"decay": catchment_decay(cutoff)}
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    result = FloatingCatchment(method, **options).fit(places, hospitals).result_
    timed = took(start)
    used, offered = result.balance
    means = result.accessibility[""][result.reachable[""]].mean()
    said = {"pairs": result.pairs, "gap": result.gap, "mean": float(means)}
    return timed | said | {"unbalanced": abs(used / offered - 1)}


def catchment_access(n, m, cutoff):
    """Compute the same by PySAL's access, with the table of costs given."""
    from access import weights
    from access.fca import two_stage_fca

    from spatialhealth.attraction import GeodesicCost

    places, hospitals = places_and_hospitals(n, m)
    costs = GeodesicCost().between(places, hospitals, cutoff)
    costs.columns = ["origin", "dest", "cost"]
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    found = two_stage_fca(
        places.drop(columns="geometry"), hospitals.drop(columns="geometry"), costs, cutoff, True, "population",
        True, "beds", weight_fn=weights.gaussian(100_000),
    )  # fmt: skip
    return took(start) | {"pairs": len(costs), "mean": float(found.mean())}


CASES = {
    each.__name__: each
    for each in (
        prepare,
        engines,
        fit,
        spreg_durbin,
        spreg_panel,
        exact,
        comparison,
        catchment,
        catchment_access,
    )
}

if __name__ == "__main__":
    print(json.dumps(CASES[sys.argv[1]](**json.loads(sys.argv[2]))))
