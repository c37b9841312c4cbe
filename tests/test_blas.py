"""Linear algebra on one core, and back."""

from __future__ import annotations

from spatialhealth import _blas
from spatialhealth._blas import one_thread


def test_blas_keeps_to_one_thread_and_gets_them_back():
    from threadpoolctl import threadpool_info

    def counts():
        return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]

    before = counts()
    with one_thread():
        assert set(counts()) <= {1}
    assert counts() == before


def test_without_threadpoolctl_nothing_is_limited(monkeypatch):
    monkeypatch.setattr(_blas, "_controller", lambda: None)
    with one_thread():
        pass
