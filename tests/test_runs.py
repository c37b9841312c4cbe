"""Runs: the same outcomes whoever does the work, and nothing lost of what is done."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
import threading
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import spatialhealth as sh
from spatialhealth.errors import CheckpointError, CheckpointWarning, OptionError, RerunWarning, WorkerError
from spatialhealth.runs import Shared, Task, digest, run
from spatialhealth.runs.hearing import heard
from spatialhealth.runs.run import _units
from tests import small, work
from tests.refusal import refusal

SQUARES = [n * n for n in range(8)]
unix = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of Unix")


def squares(count=8, **options):
    return run("squares", work.square, work.tasks(count), "squares", **options)


# digests


def test_a_digest_is_of_what_is_held_not_of_how():
    table = np.arange(6.0).reshape(2, 3)
    assert digest(table) == digest(np.asfortranarray(table)) == digest(table[::-1][::-1])
    assert len({digest(each) for each in (table, table.T, table.reshape(-1), table.astype(np.float32))}) == 4
    matrix = sp.random(9, 9, 0.3, random_state=0, format="csr")
    assert digest(matrix) == digest(matrix.tocoo()) == digest(sp.csr_array(matrix))
    assert digest(matrix) != digest(matrix * 2) != digest(matrix.T)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})
    assert len({digest(each) for each in (1, 1.0, "1", True, b"1", None, [1], [[1]])}) == 8
    assert digest(["ab", "c"]) != digest(["a", "bc"])


def test_a_digest_of_tables():
    _, data = small.panel()
    assert digest(data) == digest(data.copy()) == digest(pd.concat([data[["x"]], data[["z", "y"]]], axis=1))
    others = [
        data.iloc[::-1], data.rename(columns={"x": "w"}), data.assign(y=data["y"] + 1e-12), data["x"],
        data.assign(x=data["x"].astype("Float64")), data.assign(x=pd.Categorical(["a"] * len(data))),
        data.assign(x=pd.Categorical(["a"] * len(data), ["a", "b"])), data.rename_axis(["unit", "t"]),
    ]  # fmt: skip
    assert len({digest(each) for each in [data, *others]}) == 9


def test_what_an_object_remembers_does_not_count():
    weights, _ = small.panel()
    fresh, used = sh.SpatialOperator(weights), sh.SpatialOperator(weights)
    assert used.logdet.value(0.3) < 0 and used.isolates.size == 0 and used.solve(0.2, np.ones(12)).size
    assert digest(fresh) == digest(used) != digest(sh.SpatialOperator(weights, "lu"))
    assert digest(sh.SpatialLag()) == digest(sh.SpatialLag()) != digest(sh.SpatialLag(effects="time"))
    assert digest(lambda x: x + 1) != digest(lambda x: x + 2)
    assert digest(np.mean) != digest(np.median)
    one, two = np.random.SeedSequence(1).spawn(2)
    assert digest(one) != digest(two) and digest(one) == digest(np.random.SeedSequence(1).spawn(2)[0])


# warnings


def test_each_thread_hears_its_own_warnings_and_the_filters_come_back():
    before, said, gate = list(warnings.filters), {}, threading.Barrier(2)

    def speak(name):
        with heard() as found:
            gate.wait()
            warnings.warn(name, UserWarning, stacklevel=1)
            gate.wait()
        said[name] = [each.message for each in found]

    threads = [threading.Thread(target=speak, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {"a": ["a"], "b": ["b"]} and warnings.filters == before
    with pytest.raises(UserWarning, match="here"):
        warnings.warn("here", UserWarning, stacklevel=1)


@pytest.mark.parametrize("options", [{}, {"n_jobs": 2}])
def test_warnings_come_with_their_task(options):
    found = run("squares", work.warned, work.tasks(4), "squares", **options)
    assert [[each.message for each in outcome.warnings] for outcome in found] == [
        [f"of {n}"] for n in range(4)
    ]


# who does the work


def test_by_default_nothing_is_started(monkeypatch):
    monkeypatch.setattr(joblib.Parallel, "__call__", lambda *arguments: pytest.fail("workers were started"))
    assert work.values(squares()) == work.values(squares(n_jobs=1)) == SQUARES
    with joblib.parallel_config(backend="loky", n_jobs=2):
        assert work.values(squares(n_jobs=1)) == SQUARES


def test_processes_give_the_same_in_the_same_order():
    assert work.values(squares(n_jobs=2)) == SQUARES


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_what_joblib_was_told_is_respected_without_an_argument(backend, monkeypatch):
    calls, real = [], joblib.Parallel.__call__

    def counted(self, iterable):
        calls.append((type(self._backend).__name__, self.n_jobs))
        return real(self, iterable)

    monkeypatch.setattr(joblib.Parallel, "__call__", counted)
    with joblib.parallel_config(backend=backend, n_jobs=2):
        assert work.values(squares()) == SQUARES
    assert calls == [({"loky": "LokyBackend", "threading": "ThreadingBackend"}[backend], 2)]


def test_an_input_is_sent_once_a_worker_and_never_back(tmp_path):
    shared = Shared(work.Counted(tmp_path, 2_000_000))
    found = work.values(run("squares", work.with_process, work.tasks(12, shared), "squares", n_jobs=2))
    assert [value[0] for value in found] == [n * n for n in range(12)]
    made = [path.name.split("-")[1] for path in tmp_path.glob("made-*")]
    assert sorted(made) == sorted({str(value[1]) for value in found})  # once in each process, none here


def test_more_inputs_than_a_worker_holds_are_held_while_they_are_needed(tmp_path):
    many = [Shared(work.Counted(tmp_path, 10 + n)) for n in range(12)]
    found = run("sums", work.sizes, [Task(str(n), (n, *many)) for n in range(6)], "sums", n_jobs=2)
    assert work.values(found) == [n + sum(range(10, 22)) for n in range(6)]
    made = [path.name.split("-")[1] for path in tmp_path.glob("made-*")]
    assert {made.count(pid) for pid in made} == {12}


def test_threads_have_inputs_of_their_own(tmp_path):
    shared = Shared(work.Counted(tmp_path))
    with joblib.parallel_config(backend="threading", n_jobs=2):
        run("squares", work.with_process, work.tasks(12, shared), "squares")
    assert len(list(tmp_path.glob("made-*"))) == 2


def test_groups_go_together_where_there_are_enough():
    tasks = [Task(str(n), (n,), group=n % 3) for n in range(9)]
    sizes = {jobs: [len(unit) for unit in _units(tasks, list(range(9)), jobs)] for jobs in (2, 3, 4)}
    assert sizes == {2: [3, 3, 3], 3: [3, 3, 3], 4: [1] * 9}
    assert [place for place, _ in _units(tasks, list(range(9)), 2)[1]] == [1, 4, 7]
    assert [len(unit) for unit in _units(work.tasks(40), list(range(40)), 1)] == [16, 16, 8]


# joblib's own thread may stumble over work that was called off after an error
@pytest.mark.filterwarnings("ignore:.*ExecutorManagerThread:pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("options", [{}, {"n_jobs": 2}])
def test_an_error_names_its_task(options, tmp_path):
    with pytest.raises(ValueError, match="three cannot") as caught:
        run("squares", work.fails, work.tasks(5), "squares", checkpoint=tmp_path, **options)
    assert "in task 3" in caught.value.__notes__
    if not options:  # what was done before is kept
        assert len(list(tmp_path.glob("*.task"))) == 3
    with pytest.raises(ZeroDivisionError) as caught:
        run("squares", work.breaks, work.tasks(2), "squares", **options)
    assert not options or "return number / 0" in "".join(caught.value.__notes__)


@pytest.mark.parametrize("jobs", [0, True, 1.5, "all"])
def test_refused_numbers_of_jobs(jobs):
    with refusal(OptionError, f"squares: n_jobs={jobs!r}", "-1 takes all cores"):
        squares(n_jobs=jobs)


# folders that keep what is done


def test_a_rerun_reads_what_is_there_and_computes_the_rest(tmp_path):
    folder, marks = tmp_path / "kept", tmp_path / "marks"
    marks.mkdir()
    assert work.long_run(3, marks, 0, checkpoint=folder) == SQUARES[:3]
    assert work.done(marks) == 3
    assert work.long_run(8, marks, 0, checkpoint=folder) == SQUARES
    assert work.done(marks) == 8
    assert work.long_run(5, marks, 0, checkpoint=folder, n_jobs=2) == SQUARES[:5]
    assert work.done(marks) == 8
    assert {path.suffix for path in folder.iterdir()} == {".task", ".json"}
    assert json.loads((folder / "run.json").read_text())["run"] == "squares"


def test_folders_of_other_things_are_refused(tmp_path):
    first = {"data": np.arange(3.0), "seed": 1}
    squares(checkpoint=tmp_path / "a", inputs=first)
    before = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    with refusal(
        CheckpointError, "squares: the folder", "other inputs", "differ in data.", "Give another folder"
    ):
        squares(checkpoint=tmp_path / "a", inputs={"data": np.arange(3.0) + 1e-15, "seed": 1})
    with refusal(CheckpointError, "differ in data, seed"):
        squares(checkpoint=tmp_path / "a", inputs={"data": np.arange(4.0), "seed": 2})
    with refusal(CheckpointError, "cubes: the folder", "is of squares"):
        run("cubes", work.square, work.tasks(2), "cubes", checkpoint=tmp_path / "a")
    assert {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()} == before
    squares(checkpoint=tmp_path / "a", inputs=first | {"more": 3})  # names may be added
    about = json.loads((tmp_path / "a" / "run.json").read_text())
    assert list(about["inputs"]) == ["data", "seed", "more"]
    (tmp_path / "a" / "run.json").write_text(json.dumps(about | {"version": "0.0.1"}))
    with refusal(CheckpointError, "made by version 0.0.1"):
        squares(checkpoint=tmp_path / "a", inputs=first)
    (tmp_path / "a" / "run.json").write_text("{}")
    with refusal(CheckpointError, "is not what a run wrote"):
        squares(checkpoint=tmp_path / "a", inputs=first)
    (tmp_path / "thesis.docx").touch()
    with refusal(CheckpointError, "holds other things ('a', 'thesis.docx')", "a folder of its own"):
        squares(checkpoint=tmp_path)
    with refusal(CheckpointError, "cannot be used", "checkpoint='runs/squares'"):
        squares(checkpoint=tmp_path / "thesis.docx")


def test_a_spoilt_file_is_named_and_its_task_done_again(tmp_path):
    squares(checkpoint=tmp_path)
    spoilt = sorted(tmp_path.glob("*.task"))[0]
    spoilt.write_bytes(b"\x80\x05half")
    with pytest.warns(CheckpointWarning, match=rf"{spoilt.name}.* cannot be read"):
        assert work.values(squares(checkpoint=tmp_path)) == SQUARES
    assert work.values(squares(checkpoint=tmp_path)) == SQUARES


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    squares(1, checkpoint=tmp_path)

    def stopped(*paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt) as caught:
        squares(3, checkpoint=tmp_path)
    assert "1 of 3 tasks done. They are kept in" in caught.value.__notes__[0]
    assert len(list(tmp_path.iterdir())) == 2  # the task of before, and what the folder is of


def test_inputs_are_not_written_but_known_again(tmp_path):
    weights, data = small.panel()
    model = {"SAR": sh.SpatialLag()}
    fresh = sh.compare(model, "y ~ x", data, {"rook": weights}, checkpoint=tmp_path)
    again = sh.compare(model, "y ~ x", data, {"rook": weights}, checkpoint=tmp_path)
    assert again.table.equals(fresh.table)
    operators = [found.columns[0].result.operator for found in (fresh, again)]
    assert all(isinstance(each, sh.SpatialOperator) for each in operators)
    with pytest.raises(pickle.UnpicklingError):  # there is no operator in the file
        pickle.loads(next(tmp_path.glob("*.task")).read_bytes())


# what goes through the runner


@pytest.fixture(scope="module")
def model():
    Y, X, ids, W = sh.datasets.simulate(36, 6, effects="two-way", random_state=1).arrays()
    return sh.SpatialDurbin((ids, W), effects="two-way").fit_arrays(Y, X)


def test_a_bootstrap_goes_on_from_where_it_was(model, tmp_path, monkeypatch):
    whole = sh.impacts.bootstrap(model, 30, random_state=4)
    sh.impacts.bootstrap(model, 20, random_state=4, checkpoint=tmp_path)
    real, calls = sh.impacts.bootstrap.__globals__["_sample"], []

    def _sample(*arguments):
        calls.append(1)
        return real(*arguments)

    _sample.__qualname__, _sample.__module__ = real.__qualname__, real.__module__
    monkeypatch.setitem(sh.impacts.bootstrap.__globals__, "_sample", _sample)
    model.result_.operator.solve(0.1, np.ones(36))  # what it remembers is no other input
    resumed = sh.impacts.bootstrap(model, 30, random_state=4, checkpoint=tmp_path)
    assert len(calls) == 10
    np.testing.assert_array_equal(resumed.draws, whole.draws)
    with refusal(CheckpointError, "differ in random_state"):
        sh.impacts.bootstrap(model, 30, random_state=5, checkpoint=tmp_path)
    with refusal(CheckpointError, "differ in together"):
        sh.impacts.bootstrap(model, 30, "unit", random_state=4, checkpoint=tmp_path)
    with refusal(CheckpointError, "differ in model"):
        sh.impacts.bootstrap(model.refit(model.result_.y * 2), 30, random_state=4, checkpoint=tmp_path)
    with refusal(OptionError, "bootstrap: with checkpoint=, give a random_state"):
        sh.impacts.bootstrap(model, 30, checkpoint=tmp_path)


def test_a_model_fitted_by_a_formula_is_sent_too(model):
    weights, data = small.panel()
    fitted = sh.SpatialLag(weights).fit_formula("y ~ x + z", data)
    one, two = (sh.impacts.bootstrap(fitted, 8, random_state=1, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one.draws, two.draws)


def test_processes_give_compare_the_same_numbers_and_the_operators_it_was_given():
    weights, data = small.panel()
    models = {"SAR": sh.SpatialLag(effects="entity"), "SAC": sh.SpatialCombined(error_weights=weights)}
    both = {"rook": weights, "again": sh.SpatialOperator(weights)}
    one, two = (sh.compare(models, "y ~ x + z", data, both, n_jobs=jobs) for jobs in (1, 2))
    assert one.table.equals(two.table) and one.effects.equals(two.effects)
    operators = [column.result.operator for column in two.columns]
    assert operators[0] is operators[2] and operators[1] is operators[3] is both["again"]
    with refusal(OptionError, "n_jobs and checkpoint are for fits"):
        sh.compare([column.result for column in one.columns], n_jobs=2)


def test_the_folder_of_another_comparison(tmp_path):
    weights, data = small.panel()
    sh.compare([sh.SpatialLag()], "y ~ x", data, {"W": weights}, checkpoint=tmp_path)
    with refusal(CheckpointError, "compare: ", "differ in formula"):
        sh.compare([sh.SpatialLag()], "y ~ z", data, {"W": weights}, checkpoint=tmp_path)
    with refusal(CheckpointError, "differ in the weights W"):
        sh.compare([sh.SpatialLag()], "y ~ x", data, {"W": (weights[0], weights[1] / 2)}, checkpoint=tmp_path)


# processes that end


@unix
def test_a_worker_that_dies_costs_nothing(tmp_path):
    with pytest.warns(RerunWarning, match="tasks that were not done are run again"):
        found = run("squares", work.deadly, work.tasks(8, str(tmp_path)), "squares", n_jobs=2)
    assert work.values(found) == SQUARES
    deaths = work.tasks(4, str(tmp_path), 3, True)
    with (
        pytest.warns(RerunWarning),
        pytest.raises(WorkerError, match=r"3 times in a row: 1 tasks are not done.*memory"),
    ):
        run("squares", work.deadly, deaths, "squares", n_jobs=2)


# Ctrl-C and progress, in processes of their own


STOPPED = """
from tests import work
work.long_run(40, {marks!r}, 0.1, checkpoint={folder!r}, n_jobs={jobs})
"""


@unix
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_keeps_what_is_done_and_leaves_nobody_behind(jobs, tmp_path):
    marks, folder = tmp_path / "marks", tmp_path / "kept"
    marks.mkdir()
    process = work.start(STOPPED.format(marks=str(marks), folder=str(folder), jobs=jobs))
    work.wait_for(lambda: len(list(folder.glob("*.task"))) >= 5)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes at once
    _, said = process.communicate(timeout=30)
    assert process.returncode in (-signal.SIGINT, 130)
    work.wait_for(lambda: not work.alive(process.pid), 10)
    kept, before = len(list(folder.glob("*.task"))), work.done(marks)
    assert 5 <= kept < 40 and f"stopped with {kept} of 40 tasks done. They are kept in" in said
    assert before - kept <= 4 * jobs  # no more than was under way is lost
    assert work.long_run(40, marks, 0, checkpoint=folder) == [n * n for n in range(40)]
    assert work.done(marks) - before == 40 - kept


SHOWN = """
from spatialhealth import _progress
_progress._PATIENCE = 0
from tests import work
work.long_run(10, {marks!r}, 0.15, checkpoint={folder!r}, n_jobs={jobs})
"""


@unix
@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_shown_where_there_is_a_terminal(jobs, tmp_path):
    import pty
    import termios

    marks, folder = tmp_path / "marks", tmp_path / "kept"
    marks.mkdir()
    work.long_run(4, marks, 0, checkpoint=folder)
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))  # one without a size shows nothing
    process = work.start(
        SHOWN.format(marks=str(marks), folder=str(folder), jobs=jobs), stderr=terminal, stdout=None
    )
    os.close(terminal)
    seen = b""
    while True:
        try:
            part = os.read(screen, 4096)
        except OSError:  # how a pseudo-terminal says that its last writer has gone
            break
        if not part:
            break
        seen += part
    os.close(screen)
    assert process.wait(timeout=30) == 0
    text = seen.decode()
    assert "squares, 4 kept" in text and "/6 [" in text


def test_nothing_is_shown_elsewhere(capsys):
    squares()
    assert capsys.readouterr() == ("", "")
