"""The panel: from a long table with labels to frozen arrays, periods first.

**Takes** a table indexed by unit, or by (unit, period), and the order of the units in W.
**Gives** a `PanelTable`: outcome (T, n) and regressors (T, n, k), aligned by label, with nothing left out; or, on
request, a `StackedTable` of the rows that were observed. `balance` makes a table whole, and says what it did.
**Next** `spatialhealth.likelihood` works on these arrays; the labels come back with the results.
"""

from spatialhealth.panel.balance import balance
from spatialhealth.panel.formula import FormulaDesign, design_from_formula
from spatialhealth.panel.stack import Stack, StackedTable
from spatialhealth.panel.table import PanelTable
from spatialhealth.panel.within import demean

__all__ = ["FormulaDesign", "PanelTable", "Stack", "StackedTable", "balance", "demean", "design_from_formula"]
