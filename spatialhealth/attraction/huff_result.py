"""What Huff's model finds: parameters with their errors, shares, market areas, patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import HEADINGS, inference_rows, number, ruled_table
from spatialhealth._stats import inference
from spatialhealth._typing import Array
from spatialhealth._validation import (
    check_option,
    check_positive,
    check_share,
    random_generator,
)
from spatialhealth.attraction.huff_fit import Choices
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import AlignmentError, DataError, OptionError, did_you_mean, some
from spatialhealth.weights.ids import id_array, places
from spatialhealth.weights.tables import index_of, numbers_of, numbers_of_array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ChoiceShares", "HuffResult"]


@dataclass(frozen=True, eq=False)
class HuffResult:
    """Parameters of Huff's model, estimated from flows.

    Parameters
    ----------
    names : tuple of k str
        The attributes of size, then "decay" if its parameter was estimated.
    params : ndarray of shape (k,)
    covariance : ndarray of shape (k, k)
    cov_type : {"cluster", "observed"}
    decay : str
        In words.
    loglik, null_loglik : float
        At the maximum, and with all parameters zero.
    deviance : float
        Twice the distance from the log-likelihood of the shares observed.
    dispersion : float
        Pearson's chi-squared over its degrees of freedom: 1 if people choose one by one and independently.
    overlap : float
        Share of the people whom observed and fitted flows have in common, from 0 to 1.
    people : float
    places, supply, pairs : int
        Places with flows, supply, and pairs in reach of these places.
    """

    names: tuple[str, ...]
    params: Array
    covariance: Array
    cov_type: str
    decay: str
    loglik: float
    null_loglik: float
    deviance: float
    dispersion: float
    overlap: float
    people: float
    places: int
    supply: int
    pairs: int

    def __post_init__(self) -> None:
        self.params.flags.writeable = self.covariance.flags.writeable = False

    @property
    def std_errors(self) -> Array:
        """Standard errors of the parameters."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def mcfadden(self) -> float:
        """McFadden's pseudo R-squared, against equal shares of all supply in reach (weighed by a given decay)."""
        return 1 - self.loglik / self.null_loglik

    @property
    def table(self) -> pd.DataFrame:
        """The parameters: parameter, estimate, std_error, z, p_value, ci_low, ci_high (95 %)."""
        import pandas as pd

        return pd.DataFrame({"parameter": self.names, **inference(self.params, self.std_errors, 0.95)})

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    def summary(self) -> str:
        """Give the parameters and the goodness of fit as text."""
        columns = inference(self.params, self.std_errors, 0.95)
        rows = [["", *HEADINGS], *inference_rows([[name] for name in self.names], columns)]
        facts = {
            "Log-likelihood": number(self.loglik),
            "with equal shares": number(self.null_loglik),
            "McFadden's R2": number(self.mcfadden),
            "Deviance": number(self.deviance),
            "Dispersion": number(self.dispersion),
            "Flows in common": number(self.overlap),
        }
        errors = "clustered by place" if self.cov_type == "cluster" else "observed information"
        return "\n".join(
            [
                "Huff's model of choice shares",
                f"Decay: {self.decay}; standard errors: {errors}",
                f"{self.people:,.0f} people from {self.places:,} places to {self.supply:,} of supply, "
                f"{self.pairs:,} pairs in reach",
                *ruled_table(rows),
                *(f"{name}: {value}" for name, value in facts.items()),
            ]
        )

    def __str__(self) -> str:
        return self.summary()


@dataclass(frozen=True, eq=False)
class ChoiceShares:
    """The share of each hospital in the choices of each place.

    Parameters
    ----------
    choices : Choices
        Of the places of demand with supply in reach.
    params : ndarray of shape (k,)
    covariance : ndarray of shape (k, k), optional
        None if the parameters were given, not estimated.
    demand : Index
        All places of demand, in the order of the layer.
    tiers : ndarray of shape (m,), optional
    """

    choices: Choices
    params: Array
    covariance: Array | None
    demand: pd.Index
    tiers: Array | None

    @property
    def pairs(self) -> Reach:
        """The share of each pair."""
        pairs = self.choices.pairs
        return Reach(pairs.demand, pairs.supply, pairs.start, pairs.place, self.choices.shares(self.params))

    @property
    def table(self) -> pd.DataFrame:
        """Columns demand, supply, cost, share: a row for each pair in reach."""
        import pandas as pd

        pairs = self.pairs
        return pd.DataFrame(
            {
                "demand": pairs.demand[pairs.rows],
                "supply": pairs.supply[pairs.place],
                "cost": self.choices.pairs.value,
                "share": pairs.value,
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    def market_areas(self) -> pd.DataFrame:
        """Give the hospital that each place chooses most.

        Returns
        -------
        DataFrame
            One row a place of demand: supply (its label), share, second (label of the runner-up), second_share,
            rivals (1 / sum of squared shares: how many hospitals of equal share would compete as much), reachable.
            Of two hospitals with one share the first in the layer is named.
        """
        import pandas as pd

        pairs, nobody = self.pairs, np.array(None, dtype=object)
        first = pairs.start[:-1]
        order = np.lexsort((pairs.place, -pairs.value, pairs.rows))
        best = order[first]
        several = np.diff(pairs.start) > 1
        second = order[np.where(several, first + 1, first)]
        table = pd.DataFrame(
            {
                "supply": pairs.supply[pairs.place[best]].astype(object),
                "share": pairs.value[best],
                "second": np.where(several, pairs.supply[pairs.place[second]].astype(object), nobody),
                "second_share": np.where(several, pairs.value[second], 0.0),
                "rivals": 1 / np.add.reduceat(np.square(pairs.value), first),
                "reachable": True,
            },
            index=pairs.demand,
        )
        absent = self.demand.difference(pairs.demand, sort=False)
        if len(absent):
            none = pd.DataFrame(
                {
                    "supply": None,
                    "share": 0.0,
                    "second": None,
                    "second_share": 0.0,
                    "rivals": 0.0,
                    "reachable": False,
                },
                index=absent,
            ).astype({"supply": object, "second": object})
            table = pd.concat([table, none])
        return table.loc[self.demand]

    def contours(self, supply: Any) -> pd.Series[float]:
        """Give the share of one hospital in each place: what probability contours are drawn from.

        Parameters
        ----------
        supply : label

        Returns
        -------
        Series
            By place of demand, zero out of reach.

        Raises
        ------
        DataError
            If there is no such hospital.
        """
        import pandas as pd

        pairs = self.pairs
        if supply not in pairs.supply:
            raise DataError(
                f"There is no supply {supply!r}.{did_you_mean(supply, pairs.supply)} Give one label."
            )
        mine = pairs.place == pairs.supply.get_loc(supply)
        shares = pd.Series(pairs.value[mine], index=pairs.demand[pairs.rows[mine]], name=supply)
        return shares.reindex(self.demand, fill_value=0.0)

    def patients(
        self,
        demand: Any,
        by: str = "supply",
        method: str = "delta",
        level: float = 0.95,
        draws: int = 1000,
        random_state: Any = None,
    ) -> pd.DataFrame:
        """Give the people that each hospital, or each tier, may expect.

        Parameters
        ----------
        demand : Series
            People of each place, by its id.
        by : {"supply", "tier"}, default "supply"
        method : {"delta", "simulate"}, default "delta"
            How the error of the parameters is passed on: by derivatives, or by draws of the parameters.
        level : float, default 0.95
            Confidence level.
        draws : int, default 1000
            Of "simulate".
        random_state : None, int or numpy Generator
            Of "simulate".

        Returns
        -------
        DataFrame
            By label: patients, and, of parameters that were estimated, std_error, ci_low, ci_high.

        Raises
        ------
        AlignmentError
            If the people are not of the places of demand.
        OptionError, DataError
            If an option is unknown, or people are missing or negative.

        Notes
        -----
        The intervals are those of the expected number: they hold the error of the parameters and not the chance of
        each patient's choice. People of places with no supply in reach are nobody's patients.
        """
        import pandas as pd

        check_option("patients", "by", by, ("supply", "tier"))
        check_option("patients", "method", method, ("delta", "simulate"))
        check_share("patients", "level", level)
        people = self._people(demand)
        group, labels = self._groups(by)
        expected = self._sums(people, group, len(labels), self.params)
        columns: dict[str, Array] = {"patients": expected}
        if self.covariance is not None:
            if method == "delta":
                error = self._error(people, group, len(labels), self.covariance)
                limits = inference(expected, error, level)
                columns |= {name: limits[name] for name in ("std_error", "ci_low", "ci_high")}
            else:
                check_positive("patients", "draws", draws, integer=True)
                rng = random_generator("patients", random_state)
                drawn = rng.multivariate_normal(self.params, self.covariance, size=draws, method="cholesky")
                sums = np.array([self._sums(people, group, len(labels), one) for one in drawn])
                low, high = np.quantile(sums, [(1 - level) / 2, (1 + level) / 2], axis=0)
                columns |= {"std_error": sums.std(axis=0, ddof=1), "ci_low": low, "ci_high": high}
        return pd.DataFrame(columns, index=pd.Index(labels, name=by))

    def expected(self, people: Any) -> tuple[Array, Array | None]:
        """Give the people that each hospital may expect, and its error by the delta method; needs numpy only.

        Parameters
        ----------
        people : array of shape (n,)
            Of all places of demand, in the order of the layer.

        Returns
        -------
        ndarray of shape (m,)
        ndarray of shape (m,) or None
            Standard errors; None if the parameters were given.

        Raises
        ------
        ShapeError, NonNumericError, NonFiniteError, DataError
            If the people are not one number a place, missing or negative.
        """
        numbers = numbers_of_array("The number of people", people, len(self.demand), "not negative")
        numbers = numbers[places(id_array(self.demand), id_array(self.choices.pairs.demand))]
        group, size = np.arange(len(self.choices.pairs.supply)), len(self.choices.pairs.supply)
        given = self.covariance
        error = None if given is None else self._error(numbers, group, size, given)
        return self._sums(numbers, group, size, self.params), error

    def _error(self, people: Array, group: Array, size: int, covariance: Array) -> Array:
        slope = self._slopes(people, group, size)
        spread = np.einsum("jk,kl,jl->j", slope, covariance, slope)
        return np.asarray(np.sqrt(np.maximum(spread, 0.0)))

    def _people(self, demand: Any) -> Array:
        """Give the people of the places with supply in reach, aligned by label."""
        index = index_of("The Series of people", demand)
        lacking, extra = self.demand.difference(index), index.difference(self.demand)
        if len(lacking) or len(extra):
            raise AlignmentError(
                "The people are not those of the places of demand; "
                + "; ".join(
                    f"{what}: {some(labels)}"
                    for what, labels in (("no people given for", lacking), ("no such place as", extra))
                    if len(labels)
                )
                + ". Give a Series by the ids of the layer."
            )
        numbers_of("The number of people", demand, sign="not negative")
        return np.asarray(demand.loc[self.choices.pairs.demand].to_numpy(dtype=float))

    def _groups(self, by: str) -> tuple[Array, Any]:
        supply = self.choices.pairs.supply
        if by == "supply":
            return np.arange(len(supply)), supply
        if self.tiers is None:
            raise OptionError(
                "patients: by='tier' needs HuffModel(tier=...), the column of supply that holds it."
            )
        labels = sorted(set(self.tiers.tolist()), key=str)
        position: Mapping[Any, int] = {label: place for place, label in enumerate(labels)}
        return np.array([position[tier] for tier in self.tiers]), labels

    def _sums(self, people: Array, group: Array, size: int, params: Array) -> Array:
        pairs = self.choices.pairs
        expected = people[pairs.rows] * self.choices.shares(params)
        return np.bincount(group[pairs.place], expected, minlength=size)

    def _slopes(self, people: Array, group: Array, size: int) -> Array:
        """Give the derivatives of the sums by the parameters, (groups, k)."""
        pairs, slopes = self.choices.pairs, np.zeros((size, self.choices.width))
        share = self.choices.shares(self.params)
        people = people[pairs.rows]
        for part in self.choices.parts():
            p = share[part.pairs]
            deviation = part.x - np.add.reduceat(p[:, None] * part.x, part.start, axis=0)[part.row]
            weight = (p * people[part.pairs])[:, None] * deviation
            for column in range(weight.shape[1]):
                slopes[:, column] += np.bincount(
                    group[pairs.place[part.pairs]], weight[:, column], minlength=size
                )
        return slopes
