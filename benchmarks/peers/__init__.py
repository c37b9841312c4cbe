"""How the peers are called: spreg as a case, spatialreg by its script."""

from __future__ import annotations

from benchmarks import data
from benchmarks.harness import ROOT, Case, r_versions

__all__ = ["PEER_LIMIT", "spatialreg", "spreg"]

PEER_LIMIT = 1800.0  # seconds


def spreg(n, runs):
    """ML_Lag(slx_lags=1, method="LU") on the lattice."""
    return [
        Case("spreg ML_Lag(slx_lags=1, method='LU')", "spreg_durbin", {"kind": "lattice", "n": n}, limit=PEER_LIMIT,
             runs=runs)
    ]  # fmt: skip


def spatialreg(kind, n, method, runs, traces="MC", limit=PEER_LIMIT):
    """lagsarlm(Durbin=TRUE) and its impacts; nothing where R is not installed."""
    if not r_versions():
        return []
    script = ROOT / "benchmarks" / "peers" / "lagsarlm.R"
    command = ("Rscript", str(script), str(data.folder(kind, n)), method, traces)
    return [Case(f"spatialreg lagsarlm(method='{method}')", command=command, limit=limit, runs=runs)]
