"""What the Monte-Carlo checks share: their arguments, the width of an interval, a lattice with isolates."""

from __future__ import annotations

import argparse

import numpy as np
import scipy.sparse as sp

from spatialhealth.datasets.lattice import lattice

__all__ = ["Z95", "arguments", "parser", "with_isolates"]

Z95 = 1.959963984540054


def parser(doc: str, replications: int, seed: int) -> argparse.ArgumentParser:
    """Take --replications and --seed."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--replications", type=int, default=replications)
    made.add_argument("--seed", type=int, default=seed)
    return made


def arguments(doc: str, replications: int, seed: int) -> argparse.Namespace:
    """Read --replications and --seed from the command line."""
    return parser(doc, replications, seed).parse_args()


def with_isolates(n_units: int, isolates: int) -> tuple[np.ndarray, sp.csr_matrix]:
    """Ids and weights: a lattice, and as many of the units without neighbours as asked for."""
    W = sp.block_diag([lattice(n_units - isolates), sp.csr_matrix((isolates, isolates))])
    return np.arange(n_units), sp.csr_matrix(W)
