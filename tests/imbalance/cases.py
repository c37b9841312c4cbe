"""What the tests of imbalance share: labelled values, and strategies that make them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

__all__ = ["by_unit", "panel_of", "positive"]

# amounts a hundred thousand times as large as others test rounding, not inequality
positive = st.integers(3, 12).flatmap(lambda n: arrays(float, n, elements=st.floats(0.0625, 128.0, width=32)))


def by_unit(values, name="beds"):
    """A Series of units u00, u01, ..."""
    return pd.Series(
        np.asarray(values, dtype=float), index=[f"u{j:02d}" for j in range(len(values))], name=name
    )


def panel_of(values, name="beds"):
    """A Series of (unit, year) from a (T, n) array."""
    values = np.asarray(values, dtype=float)
    units = [f"u{j:02d}" for j in range(values.shape[1])]
    index = pd.MultiIndex.from_product([units, range(2011, 2011 + len(values))], names=["city", "year"])
    return pd.Series(values.T.ravel(), index=index, name=name)
