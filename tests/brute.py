"""Brute force to test against: dense determinants, explicit inverses, explicit Helmert matrices and dummies."""

from __future__ import annotations

import numpy as np
from scipy.linalg import helmert
from scipy.optimize import brentq, minimize


def logdet(W, rho):
    """ln|I - rho W| by a dense determinant."""
    return np.linalg.slogdet(np.eye(len(W)) - rho * W)[1]


def design(X, W, lagged, constant):
    """Constant, regressors and lags, shape (T, n, K)."""
    parts = [X, np.einsum("ij,tjk->tik", W, X[..., lagged])]
    if constant:
        parts.insert(0, np.ones((*X.shape[:2], 1)))
    return np.concatenate(parts, axis=2)


def transformed(Y, Z, W, effects):
    """Explicit Helmert transformation (Lee and Yu 2010): outcome, design, and the W of the transformed units."""
    T, n = Y.shape
    FT = helmert(T) if effects in ("entity", "two-way") else np.eye(T)
    Fn = helmert(n) if effects in ("time", "two-way") else np.eye(n)
    return FT @ Y @ Fn.T, np.einsum("st,tik,ji->sjk", FT, Z, Fn), Fn @ W @ Fn.T


def with_dummies(Z, effects):
    """The design with a dummy variable for every unit and period, shape (T, n, K + dummies)."""
    T, n, _ = Z.shape
    entity = np.broadcast_to(np.eye(n)[None], (T, n, n))
    time = np.broadcast_to(np.eye(T)[:, None], (T, n, T))
    parts = {"entity": [entity], "time": [time], "two-way": [entity, time[..., 1:]], "none": []}[effects]
    return np.concatenate([Z, *parts], axis=2)


def concentrated(rho, Y, Z, W):
    """Log-likelihood at rho, coefficients and variance concentrated out, on whole data."""
    y, z = (Y - rho * Y @ W.T).reshape(-1), Z.reshape(-1, Z.shape[2])
    b = np.linalg.lstsq(z, y, rcond=None)[0]
    s2 = np.mean((y - z @ b) ** 2)
    return -len(y) / 2 * (np.log(2 * np.pi * s2) + 1) + len(Y) * logdet(W, rho), b, s2


def maximise(Y, Z, W, low=-0.99, high=0.99):
    """Best rho by a grid and the root of a numerical score; then coefficients and variance."""
    grid = np.linspace(low, high, 41)
    best = int(np.argmax([concentrated(r, Y, Z, W)[0] for r in grid]))

    def score(r, h=1e-5):
        # fourth-order central difference
        f = [concentrated(r + k * h, Y, Z, W)[0] for k in (-2, -1, 1, 2)]
        return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)

    rho = brentq(score, grid[max(best - 1, 0)], grid[min(best + 1, 40)], xtol=1e-12)
    value, b, s2 = concentrated(rho, Y, Z, W)
    return rho, b, s2, value


def loglik(theta, Y, Z, W):
    """Full log-likelihood at (coefficients, rho, sigma2)."""
    b, rho, s2 = theta[:-2], theta[-2], theta[-1]
    e = (Y - rho * Y @ W.T - Z @ b).reshape(-1)
    return -e.size / 2 * np.log(2 * np.pi * s2) - e @ e / (2 * s2) + len(Y) * logdet(W, rho)


def loglik_of_both(theta, Y, Z, W, M):
    """Full log-likelihood at (coefficients, rho, lambda, sigma2); W or M None for a model without that lag."""
    k = Z.shape[2]
    b, spatial, s2 = theta[:k], list(theta[k:-1]), theta[-1]
    rho = spatial.pop(0) if W is not None else 0.0
    lam = spatial.pop(0) if M is not None else 0.0
    u = Y - Z @ b - (rho * Y @ W.T if W is not None else 0.0)
    e = (u - lam * u @ M.T if M is not None else u).reshape(-1)
    jacobian = (logdet(W, rho) if W is not None else 0.0) + (logdet(M, lam) if M is not None else 0.0)
    return -e.size / 2 * np.log(2 * np.pi * s2) - e @ e / (2 * s2) + len(Y) * jacobian


def maximise_both(Y, Z, W, M, start):
    """Best parameters from a start, coefficients and variance concentrated out; then the full vector."""
    k = Z.shape[2]

    def inner(at):
        at = list(at)
        rho = at.pop(0) if W is not None else 0.0
        lam = at.pop(0) if M is not None else 0.0
        A = np.eye(Y.shape[1]) - (lam * M if M is not None else 0.0)
        y = ((Y - (rho * Y @ W.T if W is not None else 0.0)) @ A.T).reshape(-1)
        z = np.einsum("ij,tjk->tik", A, Z).reshape(-1, k)
        b = np.linalg.lstsq(z, y, rcond=None)[0]
        return b, np.mean((y - z @ b) ** 2)

    def minus(at):
        if np.any(np.abs(at) >= 0.9999):
            return np.inf
        b, s2 = inner(at)
        return -loglik_of_both(np.array([*b, *at, s2]), Y, Z, W, M)

    options = {"xatol": 1e-11, "fatol": 1e-11, "maxiter": 4000}
    best = minimize(minus, start, method="Nelder-Mead", options=options)
    b, s2 = inner(best.x)
    return np.array([*b, *best.x, s2]), -best.fun


def hessian(function, theta, step=1e-4):
    """Central second differences, with a step for each parameter in proportion to it."""
    theta = np.asarray(theta, dtype=float)
    h = step * np.maximum(np.abs(theta), 1e-2)
    p = len(theta)
    H = np.empty((p, p))
    for i in range(p):
        for j in range(i + 1):
            a, b = np.eye(p)[i] * h[i], np.eye(p)[j] * h[j]
            H[i, j] = H[j, i] = (
                function(theta + a + b)
                - function(theta + a - b)
                - function(theta - a + b)
                + function(theta - a - b)
            ) / (4 * h[i] * h[j])
    return H


def hessian_at_maximum(function, theta):
    """The same, with steps that are a share of each standard error, also where a parameter is near zero."""
    theta = np.asarray(theta, dtype=float)
    rough = 1e-4 * np.maximum(np.abs(theta), 1e-2)
    curvature = [
        (function(theta + a) - 2 * function(theta) + function(theta - a)) / (a @ a) for a in np.diag(rough)
    ]
    share = 3e-3 / np.sqrt(np.abs(curvature))
    scaled = hessian(lambda at: function(theta + share * at), np.zeros(len(theta)), step=100.0)
    return scaled / np.outer(share, share)


def effects(W, rho, beta, theta):
    """The n x n matrix of partial derivatives of one regressor, by an explicit inverse."""
    n = len(W)
    return np.linalg.inv(np.eye(n) - rho * W) @ (beta * np.eye(n) + theta * W)


def mean_effects(W, rho, beta, theta):
    """Direct, indirect and total effect of one regressor."""
    S = effects(W, rho, beta, theta)
    direct, total = np.trace(S) / len(W), S.sum() / len(W)
    return np.array([direct, total - direct, total])
