"""Random effects by brute force: dense nT x nT covariance matrices."""

from __future__ import annotations

import numpy as np

from tests import brute


def variance(W, T, form, lam, phi):
    """Variance of the stacked errors over sigma2, shape (nT, nT), periods first."""
    n = len(W)
    inverse = np.linalg.inv(np.eye(n) - lam * W)
    spread, ones, eye = inverse @ inverse.T, np.ones((T, T)), np.eye(T)
    return np.kron(eye, spread) + phi * np.kron(ones, spread if form == "kkp" else np.eye(n))


def loglik(theta, Y, Z, W, M, form):
    """Log-likelihood at (delta, rho, lambda, phi, sigma2), by a dense Cholesky factor."""
    T, K = len(Y), Z.shape[2]
    b, (rho, lam, phi, s2) = theta[:K], theta[K:]
    residual = (Y - rho * Y @ W.T - Z @ b).reshape(-1)
    half = np.linalg.cholesky(s2 * variance(M, T, form, lam, phi))
    z = np.linalg.solve(half, residual)
    logs = T * brute.logdet(W, rho) - np.log(np.diag(half)).sum()
    return -residual.size / 2 * np.log(2 * np.pi) + logs - z @ z / 2


def expected(theta, Z, W, M, form, step=1e-6):
    """Expected information of the whole outcome, normal with mean m and variance V: m_i'V^-1 m_j + tr(...) / 2."""
    T, K, n = len(Z), Z.shape[2], len(W)

    def moments(at):
        reduced = np.kron(np.eye(T), np.linalg.inv(np.eye(n) - at[K] * W))
        mean = reduced @ (Z @ at[:K]).reshape(-1)
        return mean, reduced @ (at[-1] * variance(M, T, form, at[K + 1], at[K + 2])) @ reduced.T

    slopes = []
    for i in range(len(theta)):
        move = step * np.eye(len(theta))[i]
        up, down = moments(theta + move), moments(theta - move)
        slopes.append([(u - d) / (2 * step) for u, d in zip(up, down, strict=True)])
    inverse = np.linalg.inv(moments(theta)[1])
    scaled = [inverse @ slope for _, slope in slopes]
    return np.array(
        [
            [m @ inverse @ o + np.sum(s * t.T) / 2 for (o, _), t in zip(slopes, scaled, strict=True)]
            for (m, _), s in zip(slopes, scaled, strict=True)
        ]
    )


def predicted_effects(theta, Y, Z, W, M, form):
    """The effects as they enter the outcome, given it: Cov(effects, errors) Var(errors)^-1 errors."""
    T, K, n = len(Y), Z.shape[2], len(W)
    b, (rho, lam, phi, _) = theta[:K], theta[K:]
    residual = (Y - rho * Y @ W.T - Z @ b).reshape(-1)
    inverse = np.linalg.inv(np.eye(n) - lam * M)
    own = phi * (inverse @ inverse.T if form == "kkp" else np.eye(n))
    return np.tile(own, T) @ np.linalg.solve(variance(M, T, form, lam, phi), residual)
