"""The stochastic engine against all eigenvalues: within its own error, exact where it says so, and reproducible."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from spatialhealth.errors import OptionError
from spatialhealth.operator import Lanczos, SpatialOperator
from tests import lattices

N = 900


@pytest.fixture(scope="module", params=lattices.KINDS)
def pair(request):
    W = lattices.KINDS[request.param](N)
    ids = np.arange(W.shape[0])
    return SpatialOperator((ids, W), logdet="eigen"), SpatialOperator((ids, W), logdet="lanczos")


def inside(operator, shares=(0.02, 0.2, 0.5, 0.8, 0.98)):
    low, high = operator.interval
    return [low + share * (high - low) for share in shares]


def test_it_starts_at_zero_with_the_exact_derivatives(pair):
    eigen, lanczos = pair
    exact = eigen.logdet.power_traces(4)
    np.testing.assert_allclose(lanczos.logdet.power_traces(4), exact, atol=1e-8)
    np.testing.assert_allclose(lanczos.logdet.derivatives(0.0), [0.0, 0.0, -exact[2]], atol=1e-8)
    # the third derivative of L is -2 tr W^3, the fourth -6 tr W^4
    step = 0.02 / eigen.spectrum.bound
    ends = [lanczos.logdet.derivatives(at)[2] for at in (-step, 0.0, step)]
    truth = [eigen.logdet.derivatives(at)[2] for at in (-step, 0.0, step)]
    np.testing.assert_allclose(np.diff(ends), np.diff(truth), rtol=1e-3, atol=1e-4 * abs(truth[1]))


def test_value_and_slope_are_within_their_errors_everywhere(pair):
    eigen, lanczos = pair
    for rho in inside(eigen):
        if not lanczos.interval[0] < rho < lanczos.interval[1]:
            continue
        exact, found = eigen.logdet.derivatives(rho), lanczos.logdet.derivatives(rho)
        floor = 1e-7 * (1 + abs(exact[1]))
        assert abs(found[0] - exact[0]) < 5 * lanczos.logdet.value_error(rho) + floor
        assert abs(found[1] - exact[1]) < 5 * lanczos.logdet.slope_error(rho) + floor
        # and the errors are small against what chance in the data does to rho: 1 / sqrt(-L'')
        if abs(rho) < 0.7 * eigen.interval[1]:
            assert lanczos.logdet.slope_error(rho) < 0.1 * np.sqrt(abs(exact[2]))


@pytest.mark.parametrize("kind", ["queen", "nearest", "flows"])
def test_errors_say_how_far_off_it_is(kind):
    W = lattices.KINDS[kind](N)
    rho = 0.85
    ids = np.arange(W.shape[0])
    exact = SpatialOperator((ids, W), logdet="eigen").logdet.derivatives(rho)
    scores = []
    for seed in range(40):
        engine = SpatialOperator((ids, W), logdet=Lanczos(probes=16, random_state=seed)).logdet
        scores.append(
            [
                (engine.value(rho) - exact[0]) / engine.value_error(rho),
                (engine.slope(rho) - exact[1]) / engine.slope_error(rho),
            ]
        )
    scores = np.array(scores)
    # of 40 standard normal numbers the mean lies within 0.16, the standard deviation within 0.11 of theirs
    assert np.all(np.abs(scores.mean(axis=0)) < 0.6)
    assert np.all((scores.std(axis=0) > 0.7) & (scores.std(axis=0) < 1.4))


def test_slope_and_curvature_are_derivatives_of_the_value(pair):
    _, lanczos = pair
    for rho in inside(lanczos, (0.3, 0.6)):
        step = 1e-5 / lanczos.spectrum.bound
        values, slopes = (
            [function(rho + k * step) for k in (-1, 1)]
            for function in (lanczos.logdet.value, lanczos.logdet.slope)
        )
        _, first, second = lanczos.logdet.derivatives(rho)
        assert np.diff(values)[0] / (2 * step) == pytest.approx(first, rel=1e-5)
        assert np.diff(slopes)[0] / (2 * step) == pytest.approx(second, rel=1e-5)
    np.testing.assert_array_equal(lanczos.logdet.slopes(np.array([rho, rho])), [first, first])


def test_more_probes_are_taken_where_more_accuracy_is_asked_for(pair):
    _, lanczos = pair
    rho = 0.9 * lanczos.interval[1]
    engine = lanczos.logdet
    now = engine.slope_error(rho)
    assert engine.sharper(rho, 2 * now) is engine
    better = engine.sharper(rho, now / 3)
    assert better.probes > engine.probes or better.steps > engine.steps
    assert better.slope_error(rho) < now / 2
    assert lanczos.sharper(rho, 2 * now) is lanczos
    assert lanczos.sharper(rho, now / 3).logdet.slope(rho) == better.slope(rho)
    assert lanczos.logdet is engine


def test_probes_have_an_end():
    W = lattices.queen(30)
    engine = SpatialOperator((np.arange(900), W), logdet=Lanczos(most_probes=12)).logdet
    assert engine.sharper(0.99, 1e-9).probes == 12


def test_it_is_the_same_every_time_whatever_was_asked_before():
    W = lattices.queen(30)
    one, two = (SpatialOperator((np.arange(900), W), logdet="lanczos") for _ in range(2))
    one.logdet.sharper(0.9, 1e-3)
    assert one.logdet.derivatives(0.5) == two.logdet.derivatives(0.5)
    other = SpatialOperator((np.arange(900), W), logdet=Lanczos(random_state=1))
    assert other.logdet.value(0.8) != one.logdet.value(0.8)


def test_what_is_known_survives_a_pickle():
    operator = SpatialOperator((np.arange(900), lattices.queen(30)), logdet="lanczos")
    sharp = operator.sharper(0.9, operator.logdet.slope_error(0.9) / 3)
    back = pickle.loads(pickle.dumps(sharp))
    assert back.logdet.derivatives(0.9) == sharp.logdet.derivatives(0.9)
    assert back.logdet.probes == sharp.logdet.probes > operator.logdet.probes
    assert back.logdet.sharper(0.9, 1e-12) is back.logdet  # W is not with it


@pytest.mark.parametrize(
    ("W", "rho"),
    [
        (np.roll(np.eye(40), 1, axis=1), 0.6),  # a directed ring: all eigenvalues complex but one or two
        (np.kron(np.eye(10), np.ones((4, 4)) - np.eye(4)) / 3, 0.6),  # two eigenvalues
        (np.diag(np.ones(39), 1), 0.6),  # no way back: all eigenvalues zero
    ],
)
def test_few_eigenvalues_end_the_iteration_early(W, rho):
    ids = np.arange(len(W))
    eigen, lanczos = (SpatialOperator((ids, W), logdet=name).logdet for name in ("eigen", "lanczos"))
    assert lanczos.value(rho) == pytest.approx(eigen.value(rho), abs=5 * lanczos.value_error(rho) + 1e-8)
    assert lanczos.slope(rho) == pytest.approx(eigen.slope(rho), abs=5 * lanczos.slope_error(rho) + 1e-8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"accuracy": 0}, "strictly between 0 and 1"),
        ({"probes": 0}, "positive whole number"),
        ({"probes": 2}, "at least 4"),
        ({"steps": 4}, "at least 8"),
        ({"most_probes": 4}, "at least as many"),
        ({"random_state": -1}, "not be negative"),
        ({"random_state": "a"}, "whole number"),
    ],
)
def test_options_out_of_range_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        Lanczos(**options)


@pytest.mark.parametrize("kind", ["queen", "nearest"])
@pytest.mark.parametrize("engine", ["lu", "lanczos"])
def test_engines_of_many_units_equal_a_dense_determinant_up_to_the_ends(kind, engine):
    W = lattices.KINDS[kind](2_500)
    operator = SpatialOperator((np.arange(2_500), W), logdet=engine)
    dense, (low, high) = W.toarray(), operator.interval
    for share in (1e-3, 0.5 + 1e-3, 0.9, 1 - 1e-4):
        rho = low + share * (high - low)
        exact = np.linalg.slogdet(np.eye(2_500) - rho * dense)[1]
        error = operator.logdet.value_error(rho)
        assert (error == 0.0) is (engine == "lu")
        assert abs(operator.logdet.value(rho) - exact) < 4.5 * error + 1e-6
        if engine == "lu":
            operator.logdet.slope(rho)  # from now on the value comes from those around it
            assert abs(operator.logdet.value(rho) - exact) < 1e-5


@pytest.mark.parametrize("n", [5, 6, 9])
def test_signs_that_are_all_the_same_tell_nothing_and_do_no_harm(n):
    ring = (np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)) / 2
    near = lattices.nearest(n, k=3).toarray()
    for W in (ring, near):
        eigen, lanczos = (
            SpatialOperator((np.arange(n), W), logdet=name).logdet for name in ("eigen", Lanczos(probes=64))
        )
        assert lanczos.value(0.5) == pytest.approx(eigen.value(0.5), abs=5 * lanczos.value_error(0.5) + 1e-9)


def test_an_iteration_that_came_to_its_end_has_no_error_of_its_steps():
    # forty directed rings of five: five eigenvalues, found in five steps
    W = np.kron(np.eye(40), np.roll(np.eye(5), 1, axis=1))
    eigen, lanczos = (
        SpatialOperator((np.arange(200), W), logdet=name).logdet for name in ("eigen", "lanczos")
    )
    by_chance, by_cutting = lanczos._quadrature.error(lambda nodes: -nodes / (1 - 0.99 * nodes))
    assert by_cutting < 1e-6 * abs(eigen.slope(0.99))
    assert lanczos.slope(0.99) == pytest.approx(eigen.slope(0.99), abs=5 * by_chance + 1e-6)


def test_an_operator_that_was_pickled_goes_on_taking_probes():
    W = lattices.nearest(400, k=5)
    operator = SpatialOperator((np.arange(400), W), logdet=Lanczos(accuracy=0.002))
    allowed = operator.logdet.slope_error(0.8) / 4
    back = pickle.loads(pickle.dumps(operator))
    assert back.sharper(0.8, allowed).logdet.slope(0.8) == operator.sharper(0.8, allowed).logdet.slope(0.8)


def test_the_work_for_a_directed_graph_has_an_end():
    W = np.roll(np.diag(np.random.default_rng(0).uniform(0.5, 1.5, 200)), 1, axis=1)
    engine = SpatialOperator((np.arange(200), W), logdet="lanczos").logdet
    better = engine.sharper(0.95 / 1.5, 1e-12)
    assert better.probes * better.steps <= 16_000
