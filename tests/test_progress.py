"""Progress told to another program: shares that grow to one, and an end when it raises."""

from __future__ import annotations

import pytest

from spatialhealth._progress import reporting, track


def test_shares_are_told_and_the_bar_comes_back():
    told = []
    with reporting(told.append):
        assert list(track(range(4), "steps")) == [0, 1, 2, 3]
        assert list(track(iter("ab"), "steps", total=2)) == ["a", "b"]
        assert list(track(iter("ab"), "steps")) == ["a", "b"]
    assert told == [0, 0.25, 0.5, 0.75, 0, 0.5, 0, 0]
    assert list(track(range(2), "steps")) == [0, 1] and len(told) == 8


def test_what_it_raises_ends_the_work():
    def stop(share):
        if share >= 0.5:
            raise KeyboardInterrupt

    done = []
    with pytest.raises(KeyboardInterrupt), reporting(stop):
        done.extend(track(range(4), "steps"))
    with pytest.raises(KeyboardInterrupt), reporting(stop):
        for step in track(range(4), "steps"):
            done.append(step)
    assert done[-1] == 1
