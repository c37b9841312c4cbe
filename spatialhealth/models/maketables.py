"""What the package maketables asks of a result, so that models of several packages can stand in one of its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spatialhealth.models.result import FitResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReadByMaketables", "maketables_effects"]

_LEVEL = 0.95  # that of the columns ci95l and ci95u
_COLUMNS = {
    "estimate": "b",
    "std_error": "se",
    "z": "t",
    "p_value": "p",
    "ci_low": "ci95l",
    "ci_high": "ci95u",
}
_LABELS = {"n_entities": "Units", "n_periods": "Periods", "effects": "Effects", "correction": "Correction"}
_SHOWN = ["N", "n_entities", "n_periods", "pseudo_r2", "ll", "aic", "bic", "se_type"]
_FIXED = {"entity": "entity", "time": "time", "two-way": "entity+time"}


def maketables_effects(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table of effects the names that maketables knows; a row is called ``x (direct)``.

    Parameters
    ----------
    frame : DataFrame
        As `Impacts.table` gives it.

    Returns
    -------
    DataFrame
        Indexed by effect; columns b, se, t, p, ci95l, ci95u.
    """
    labels = [name for name in frame.columns if name not in ("variable", *_COLUMNS)]
    words = frame[labels].astype(str).agg(", ".join, axis=1)
    return _named(frame.set_index(frame["variable"] + " (" + words + ")"))


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[list(_COLUMNS)].rename(columns=_COLUMNS).rename_axis("Coefficient")


class ReadByMaketables:
    """The attributes that `maketables.ETable` reads; that package need not be installed.

    References
    ----------
    https://github.com/py-econometrics/maketables/blob/main/PLUGIN_EXTRACTOR_FORMAT.md
    """

    @property
    def _fitted(self) -> FitResult:
        raise NotImplementedError

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        return _named(self._fitted.to_frame(_LEVEL))

    @property
    def __maketables_depvar__(self) -> str:
        return self._fitted.response

    @property
    def __maketables_fixef_string__(self) -> str | None:
        return _FIXED.get(self._fitted.effects)

    @property
    def __maketables_vcov_info__(self) -> dict[str, str]:
        return {"vcov_type": self._fitted.cov_type}

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return list(_SHOWN)

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return dict(_LABELS)

    def __maketables_stat__(self, key: str) -> Any:
        """Give a statistic by the name that maketables has for it, or None."""
        result = self._fitted
        known = {
            "N": result.n_observations,
            "n_entities": result.n_entities,
            "n_periods": result.n_periods,
            "pseudo_r2": result.pseudo_r2,
            "ll": result.loglik,
            "aic": result.aic,
            "bic": result.bic,
            "se_type": result.cov_type,
            "effects": result.effects,
            "correction": result.correction,
            **{name: result.spatial(name) for name in ("rho", "lambda", "phi")},
        }
        return known.get(key)
