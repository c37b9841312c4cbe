"""Work in threads: order, results, errors, and an end by Ctrl-C."""

from __future__ import annotations

import threading
import time

import pytest

from spatialhealth.operator import threads
from spatialhealth.operator.threads import in_threads, steps_in_threads


@pytest.fixture(params=[1, 2], ids=["one", "two"])
def available(request, monkeypatch):
    monkeypatch.setattr(threads, "threads", lambda jobs: min(jobs, request.param))
    return request.param


def job(number, steps, log=None):
    for step in range(steps):
        if log is not None:
            log.append((number, step))
        yield
    return 10 * number


def test_results_come_in_the_order_of_the_items(available):
    assert in_threads(lambda x: x * x, [3, 1, 2], "squares") == [9, 1, 4]
    assert in_threads(lambda x: x, [], "nothing") == []


@pytest.mark.parametrize("together", [True, False])
def test_iterations_run_to_their_end(available, together):
    log = []
    assert steps_in_threads([job(k, 3, log) for k in range(4)], 12, "steps", together) == [0, 10, 20, 30]
    assert sorted(log) == [(k, step) for k in range(4) for step in range(3)]


@pytest.mark.parametrize("together", [True, False])
def test_an_error_of_one_job_is_raised(available, together):
    def fails():
        yield
        raise RuntimeError("singular")

    with pytest.raises(RuntimeError, match="singular"):
        steps_in_threads([job(1, 2), fails()], 3, "steps", together)
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda x: 1 / x, [1, 0, 2], "ratios")


def test_ctrl_c_ends_every_thread_at_its_next_step(monkeypatch):
    monkeypatch.setattr(threads, "threads", lambda jobs: 2)
    steps = []

    def endless(number):
        while True:
            steps.append(number)
            time.sleep(0.005)
            yield

    def interrupted(told, text, total):
        for count, step in enumerate(told):
            if count == 4:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(threads, "track", interrupted)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        steps_in_threads([endless(1), endless(2)], 100, "steps", True)
    taken = len(steps)
    time.sleep(0.05)
    assert len(steps) == taken
    assert threading.active_count() == before
