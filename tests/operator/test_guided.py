"""The exact engine for many units, against all eigenvalues and against its own definition."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.operator import SpatialOperator, auto, cost, guided
from spatialhealth.operator.guided import GuidedLogDet
from spatialhealth.operator.lanczos import Lanczos
from tests import lattices

N = 900


def engine_of(W, monkeypatch, cheap=20_000, guide=None):
    """Give the engine that many units would have."""
    monkeypatch.setattr(auto, "_FACTORS", 0)
    monkeypatch.setattr(guided, "_CHEAP", cheap)
    if guide is not None:
        monkeypatch.setattr(auto, "_GUIDE", guide)
    operator = SpatialOperator((np.arange(W.shape[0]), W), logdet="lu")
    assert isinstance(operator.logdet, GuidedLogDet)
    return operator


@pytest.mark.parametrize("kind", lattices.KINDS)
@pytest.mark.parametrize("cheap", [20_000, 0])
def test_values_and_derivatives_are_exact_in_the_whole_interval(kind, cheap, monkeypatch):
    W = lattices.KINDS[kind](N)
    operator = engine_of(W, monkeypatch, cheap)
    eigen = SpatialOperator((operator.ids, W), logdet="eigen").logdet
    low, high = operator.interval
    # an error of the slope moves a root by itself over L'': six exact values leave 1e-8 of it, as few as two 1e-6
    allowed = 1e-7 if cheap else 2e-6
    for share in (1e-3, 0.05, 0.3, 0.45, 0.5, 0.52, 0.7, 0.9, 0.97, 0.999):
        rho = low + share * (high - low)
        found, exact = operator.logdet.derivatives(rho), eigen.derivatives(rho)
        bend = max(abs(exact[2]), exact[1] ** 2 / N, 1.0)
        assert operator.logdet.value(rho) == pytest.approx(exact[0], abs=1e-6, rel=1e-9)
        assert abs(found[1] - exact[1]) < allowed * bend
        assert found[2] == pytest.approx(exact[2], rel=2e-3, abs=1e-3)
    np.testing.assert_allclose(operator.logdet.derivatives(0.0), eigen.derivatives(0.0), atol=1e-6)


def test_few_factorisations_do(monkeypatch):
    counted = []
    original = guided.factorise
    monkeypatch.setattr(guided, "factorise", lambda *given: counted.append(given[1]) or original(*given))
    operator = engine_of(lattices.queen(40), monkeypatch, cheap=0)
    operator.logdet.derivatives(0.5)
    assert len(counted) <= 4
    # a neighbouring cell shares all but one or two of them
    operator.logdet.slopes(np.linspace(0.498, 0.503, 50))
    assert len(counted) <= 6
    poor = engine_of(lattices.queen(40), monkeypatch, cheap=0, guide=Lanczos(probes=4, steps=8))
    counted.clear()
    poor.logdet.derivatives(0.9)
    assert len(counted) == 6


def test_it_does_not_matter_what_was_asked_before(monkeypatch):
    W = lattices.nearest(N)
    one, two = engine_of(W, monkeypatch), engine_of(W, monkeypatch)
    for rho in (0.9, -0.3, 0.61):
        one.logdet.derivatives(rho)
    assert one.logdet.derivatives(0.6) == two.logdet.derivatives(0.6)


def test_a_value_alone_takes_one_factorisation(monkeypatch):
    operator = engine_of(lattices.queen(30), monkeypatch)
    eigen = SpatialOperator((operator.ids, operator.matrix), logdet="eigen").logdet
    assert operator.logdet.value(0.7) == pytest.approx(eigen.value(0.7), abs=1e-10)
    assert operator.logdet._exact == {}


def test_guide_is_near_and_stochastic(monkeypatch):
    operator = engine_of(lattices.queen(30), monkeypatch)
    guide = operator.logdet.guide
    assert operator.logdet.is_exact
    assert not guide.is_exact
    assert guide.guide is guide
    assert guide.value(0.6) == pytest.approx(operator.logdet.value(0.6), rel=1e-3)


def test_the_price_of_a_factor_is_foretold_from_how_links_spread():
    # a map of 10,000 units is far cheaper than as many links that go anywhere
    assert cost.factor_seconds(lattices.queen(100)) < 0.1 * cost.factor_seconds(lattices.flows(10_000))
    assert auto.choose(SpatialOperator((np.arange(400), lattices.queen(20))).spectrum) == "eigen"
    assert auto.choose(SpatialOperator((np.arange(10_000), lattices.queen(100))).spectrum) == "lu"
    flows = lattices.flows(12_000, k=8)
    assert auto.choose(SpatialOperator((np.arange(12_000), flows)).spectrum) == "lanczos"
