"""Scores, information and projections of small samples, from dense matrices and numerical derivatives."""

from __future__ import annotations

import numpy as np

from tests import brute


def projection(Z, effects):
    """The matrix that takes design (T, n, K) and dummy variables out, and the one that takes dummies alone out."""
    T, n, K = Z.shape
    wide = brute.with_dummies(Z, effects).reshape(T * n, -1)
    if effects == "two-way":
        wide = np.column_stack([wide, np.ones(T * n)])  # the dummies leave one period out
    dummies = wide[:, K:]
    eye = np.eye(T * n)
    return eye - wide @ np.linalg.pinv(wide), eye - dummies @ np.linalg.pinv(dummies) if dummies.size else eye


def gaussian(parameters, y, mean, covariance, step=1e-5):
    """Score and expected information of a normal sample, derivatives of mean and covariance taken numerically."""
    theta = np.asarray(parameters, dtype=float)
    weight = np.linalg.inv(covariance(theta))
    left = y - mean(theta)
    slopes = []
    for j in range(len(theta)):
        h = step * max(abs(theta[j]), 1.0) * np.eye(len(theta))[j]
        slopes.append(
            (
                (mean(theta + h) - mean(theta - h)) / (2 * h[j]),
                weight @ (covariance(theta + h) - covariance(theta - h)) / (2 * h[j]),
            )
        )
    score = np.array([m @ weight @ left + (left @ c @ weight @ left - np.trace(c)) / 2 for m, c in slopes])
    information = np.array([[a @ weight @ b + np.sum(c * d.T) / 2 for b, d in slopes] for a, c in slopes])
    return score, information


def sarar(Y, Z, W, lag=0.0, error=0.0):
    """Score and information of (beta, rho, lambda, sigma2) at given rho and lambda, the rest at its best there.

    `Y`, `Z` and `W` are whole: effects are transformed away before.
    """
    T, n = Y.shape
    big, eye = np.kron(np.eye(T), W), np.eye(T * n)
    y, z = Y.reshape(-1), Z.reshape(T * n, -1)
    filtered = eye - error * big
    b = np.linalg.lstsq(filtered @ z, filtered @ (y - lag * big @ y), rcond=None)[0]
    s2 = np.mean((filtered @ (y - lag * big @ y - z @ b)) ** 2)
    k = len(b)

    def mean(theta):
        return np.linalg.solve(eye - theta[k] * big, z @ theta[:k])

    def covariance(theta):
        root = np.linalg.inv((eye - theta[k + 1] * big) @ (eye - theta[k] * big))
        return theta[k + 2] * root @ root.T

    return gaussian([*b, lag, error, s2], y, mean, covariance)


def lm(score, information, tested, kept):
    """Lagrange multiplier statistic of parameters `tested`, with those `kept` in the model beside them."""
    places = [*tested, *kept]
    inverse = np.linalg.inv(information[np.ix_(places, places)])
    q = len(tested)
    return score[tested] @ inverse[:q, :q] @ score[tested]


def robust(score, information, tested, nuisance, kept):
    """Bera and Yoon's statistic of one parameter, robust to a small value of another."""
    two = [tested, nuisance]
    block = information[np.ix_(two, two)] - information[np.ix_(two, kept)] @ np.linalg.solve(
        information[np.ix_(kept, kept)], information[np.ix_(kept, two)]
    )
    adjusted = score[tested] - block[0, 1] / block[1, 1] * score[nuisance]
    return adjusted**2 / (block[0, 0] - block[0, 1] ** 2 / block[1, 1])
