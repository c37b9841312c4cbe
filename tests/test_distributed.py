"""Runs on a real cluster of Dask: two processes, the same numbers, and nothing lost when one of them dies."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import joblib
import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.runs import Shared, run
from tests import small, work

distributed = pytest.importorskip("distributed", minversion="2024.1")
unix = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
# sockets of its own that distributed leaves to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SQUARES = [n * n for n in range(12)]


@pytest.fixture(scope="module")
def client():
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options, silence_logs=50) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(2, timeout=60)
        yield client


def both(client):
    """Wait for two workers: one may have been killed, and is begun anew."""
    try:
        client.wait_for_workers(2, timeout=20)
    except TimeoutError:  # who begins it anew has given up, on a busy machine
        client.cluster.scale(0)
        client.cluster.scale(2)
        client.wait_for_workers(2, timeout=60)


@pytest.fixture
def on_cluster(client):
    both(client)
    with joblib.parallel_config(backend="dask"):
        yield client


def workers(client):
    return {info["pid"] for info in client.run(lambda: {"pid": os.getpid()}).values()}


def busy(client):
    """States of the tasks that the scheduler still has to do, and inputs that it still holds."""
    tasks = client.run_on_scheduler(
        lambda dask_scheduler: {str(key): task.state for key, task in dask_scheduler.tasks.items()}
    )
    return [state for key, state in tasks.items() if state != "memory" or key.startswith("spatialhealth")]


def test_the_work_is_done_there_without_an_argument(on_cluster, tmp_path, monkeypatch):
    shown = []

    def track(steps, text, total):
        for step in steps:
            shown.append((text, total))
            yield step

    monkeypatch.setattr(sys.modules["spatialhealth.runs.run"], "track", track)
    shared = Shared(work.Counted(tmp_path, 2_000_000))
    found = work.values(run("squares", work.with_process, work.tasks(12, shared), "squares"))
    assert [value[0] for value in found] == SQUARES
    assert shown == [("squares", 12)] * 12
    done_by = {value[1] for value in found}
    # who does how many of such short tasks is for the scheduler to say
    assert done_by <= workers(on_cluster) and os.getpid() not in done_by
    # an input of two million bytes was made once by each
    made = [path.name.split("-")[1] for path in tmp_path.glob("made-*")]
    assert sorted(made) == sorted(str(pid) for pid in done_by)
    work.wait_for(lambda: not busy(on_cluster), 10)


@pytest.mark.parametrize("name", ["bootstrap", "specification_grid", "monte_carlo"])
def test_the_numbers_are_those_of_one_process(name, client):
    weights, data = small.panel()
    fitted = sh.SpatialDurbin(weights).fit_formula("y ~ x + z", data)
    models = {"SAR": sh.SpatialLag(effects="entity"), "SDM": sh.SpatialDurbin(effects="entity")}
    computed = {
        "bootstrap": lambda: sh.impacts.bootstrap(fitted, 12, random_state=1).table,
        "specification_grid": lambda: (
            sh.specification_grid(
                models,
                ["y ~ x", "y ~ x + z"],
                data,
                {"rook": weights},
                "x",
                {"all": None, "late": data.index.get_level_values("year") > 2002, "nine": small.ids(9)},
            ).table
        ),
        "monte_carlo": lambda: sh.monte_carlo(models, 12, random_state=1, n_units=25, n_periods=4).table,
    }[name]
    here = computed()
    both(client)
    with joblib.parallel_config(backend="dask"):
        there = computed()
    assert there.equals(here)  # to the last bit


@unix
def test_a_worker_killed_from_outside_changes_no_number(on_cluster, tmp_path):
    Y, X, ids, W = sh.datasets.simulate(64, 8, random_state=1).arrays()
    model = sh.SpatialDurbin((ids, W), effects="two-way").fit_arrays(Y, X)
    here = sh.impacts.bootstrap(model, 120, random_state=1, n_jobs=1)
    before = workers(on_cluster)

    def kill():
        work.wait_for(lambda: len(list(tmp_path.glob("*.task"))) >= 3)
        os.kill(min(before), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    there = sh.impacts.bootstrap(model, 120, random_state=1, checkpoint=tmp_path)
    thread.join()
    np.testing.assert_array_equal(there.draws, here.draws)
    both(on_cluster)
    assert len(list(tmp_path.glob("*.task"))) == 120


@unix
def test_the_tasks_of_a_killed_worker_are_run_again(on_cluster, tmp_path):
    before = workers(on_cluster)
    tasks = work.tasks(12, str(tmp_path))
    found = run("squares", work.deadly, tasks, "squares", checkpoint=tmp_path / "kept")
    assert work.values(found) == SQUARES and (tmp_path / "killed").exists()
    both(on_cluster)
    assert len(before - workers(on_cluster)) == 1
    assert len(list((tmp_path / "kept").glob("*.task"))) == 12


@unix
def test_inputs_outlive_the_worker_that_had_them(on_cluster, tmp_path):
    """What is scattered would be lost with its worker; both die here, one after the other."""
    shared = Shared(work.Counted(tmp_path, 2_000_000))
    found = run("squares", work.deadly_with_input, work.tasks(16, str(tmp_path), shared), "squares")
    assert work.values(found) == [n * n for n in range(16)]
    assert len(list(tmp_path.glob("killed-*"))) == 2


@unix
def test_ctrl_c_leaves_the_cluster_idle_and_the_rest_can_be_done(on_cluster, tmp_path):
    marks, folder = tmp_path / "marks", tmp_path / "kept"
    marks.mkdir()

    def stop():
        work.wait_for(lambda: len(list(folder.glob("*.task"))) >= 4)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        work.long_run(60, marks, 0.05, checkpoint=folder)
    thread.join()
    kept = len(list(folder.glob("*.task")))
    assert 4 <= kept < 60 and f"stopped with {kept} of 60 tasks done" in caught.value.__notes__[0]
    work.wait_for(lambda: not busy(on_cluster), 10)  # nothing is pending
    time.sleep(0.3)  # a task under way ends
    before = work.done(marks)
    assert before < 60
    assert work.long_run(60, marks, 0, checkpoint=folder) == [n * n for n in range(60)]
    assert work.done(marks) - before == 60 - kept


STOPPED = """
import joblib
from distributed import Client, LocalCluster
from tests import work

if __name__ == "__main__":
    options = dict(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50)
    with LocalCluster(**options) as cluster, Client(cluster), joblib.parallel_config(backend="dask"):
        work.long_run(60, {marks!r}, 0.1, checkpoint={folder!r})
"""


@unix
def test_a_script_with_a_cluster_of_its_own_ends_with_all_its_processes(tmp_path):
    marks, folder = tmp_path / "marks", tmp_path / "kept"
    marks.mkdir()
    process = work.start(STOPPED.format(marks=str(marks), folder=str(folder)))
    work.wait_for(lambda: len(list(folder.glob("*.task"))) >= 4)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGINT, 1, 130)
    kept, before = len(list(folder.glob("*.task"))), work.done(marks)
    assert f"stopped with {kept} of 60 tasks done. They are kept in" in said
    work.wait_for(lambda: not work.alive(process.pid), 20)
    assert work.long_run(60, marks, 0, checkpoint=folder) == [n * n for n in range(60)]
    assert work.done(marks) - before == 60 - kept
