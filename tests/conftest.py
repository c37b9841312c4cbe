"""Fixtures that several test files share."""

from __future__ import annotations

import signal

import pytest

from tests import small

# a shell starts what it puts in the background deaf to Ctrl-C, which some tests press
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def weights():
    """Ids and sparse W of twelve units on a lattice."""
    return small.panel()[0]


@pytest.fixture
def data():
    """Long table of the twelve units in six years: x, z and y."""
    return small.panel()[1]


@pytest.fixture
def X(data):
    """Regressors x and z."""
    return data[["x", "z"]]


@pytest.fixture
def y(data):
    """Outcome."""
    return data["y"]
