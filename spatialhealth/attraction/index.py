"""index: one score of attraction for each city, from beds, tiers and how far they reach."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import number, ruled_table
from spatialhealth._typing import Array
from spatialhealth._validation import check_positive, check_share, random_generator
from spatialhealth.attraction.costs import check_cost
from spatialhealth.attraction.decay import Decay, check_decay
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import AlignmentError, OptionError, UnreachableWarning, some
from spatialhealth.weights.tables import column_of, index_of, labels_of, numbers_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AttractionIndex", "index"]

_OWNER = "index"


@dataclass(frozen=True, eq=False)
class AttractionIndex:
    """A score for each city, and what it is made of.

    Parameters
    ----------
    cities : Index
    tiers : dict of str to float
        Weight of each tier.
    potential : ndarray of shape (n, t)
        Beds in reach by tier, weighed by decay; per inhabitant if `shared`.
    shared : bool
        Whether beds are shared among the inhabitants in reach.
    decay : Decay
    reference : float, optional
        Score that counts as 100 in the column `relative`.
    """

    cities: pd.Index
    tiers: Mapping[str, float]
    potential: Array
    shared: bool
    decay: Decay
    reference: float | None = None

    def __post_init__(self) -> None:
        self.potential.flags.writeable = False

    @property
    def scores(self) -> pd.Series[float]:
        """The score of each city."""
        import pandas as pd

        return pd.Series(self.potential @ np.array(list(self.tiers.values())), self.cities, name="score")

    @property
    def table(self) -> pd.DataFrame:
        """One row a city.

        Columns: `potential_<tier>`, beds in reach; `part_<tier>`, this times the weight of the tier; `score`, the
        sum of the parts; `rank`, 1 the highest; `relative`, 100 times the score over the mean of the reference, if
        there is one.
        """
        import pandas as pd

        columns: dict[str, Any] = {}
        for name, values in (
            ("potential", self.potential),
            ("part", self.potential * np.array(list(self.tiers.values()))),
        ):
            columns |= {f"{name}_{tier}": values[:, place] for place, tier in enumerate(self.tiers)}
        scores = self.scores
        columns |= {
            "score": scores,
            "rank": scores.rank(ascending=False, method="min").astype(int),
        }
        if self.reference is not None:
            columns["relative"] = 100 * scores / self.reference
        return pd.DataFrame(columns, index=self.cities)

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    def sensitivity(
        self,
        concentration: float = 50.0,
        draws: int = 1000,
        level: float = 0.95,
        random_state: Any = None,
    ) -> pd.DataFrame:
        """Give how far score and rank of each city hang on the weights of the tiers.

        Parameters
        ----------
        concentration : float, default 50
            How closely drawn weights keep to those given: the share w of a tier in all weights is drawn with the
            standard deviation sqrt(w (1 - w) / (concentration + 1)), 0.06 for w = 0.7 and 50.
        draws : int, default 1000
        level : float, default 0.95
            Share of the draws within the limits.
        random_state : None, int or numpy Generator

        Returns
        -------
        DataFrame
            By city: score, score_low, score_high, rank, rank_best, rank_worst.

        Raises
        ------
        OptionError
            If an option is out of range, or a weight is zero.

        Notes
        -----
        Weights are drawn from a Dirichlet distribution around those given, with their sum as it is. The limits say
        what hangs on a choice that someone made; they are no confidence interval.
        """
        import pandas as pd

        check_positive("sensitivity", "concentration", concentration)
        check_positive("sensitivity", "draws", draws, integer=True)
        check_share("sensitivity", "level", level)
        weights = np.array(list(self.tiers.values()))
        if (weights == 0).any():
            raise OptionError(
                "sensitivity: a tier with the weight zero cannot be drawn. Leave it out of the index."
            )
        rng = random_generator("sensitivity", random_state)
        drawn = rng.dirichlet(concentration * weights / weights.sum(), size=draws) * weights.sum()
        scores = pd.DataFrame(self.potential @ drawn.T, index=self.cities)
        ranks = scores.rank(ascending=False, method="min")
        limits = [(1 - level) / 2, (1 + level) / 2]
        low, high = np.quantile(scores, limits, axis=1)
        best, worst = np.quantile(ranks, limits, axis=1, method="nearest")
        return pd.DataFrame(
            {
                "score": self.scores,
                "score_low": low,
                "score_high": high,
                "rank": self.table["rank"],
                "rank_best": best.astype(int),
                "rank_worst": worst.astype(int),
            },
            index=self.cities,
        )

    def summary(self) -> str:
        """Give the weights and the cities that score highest as text."""
        table = self.table.sort_values("score", ascending=False, kind="stable").head(10)
        parts = [column for column in table if str(column).startswith("part_")]
        rows = [["City", "Score", *(str(column).removeprefix("part_") for column in parts)]]
        rows += [
            [str(city), number(float(row["score"])), *(number(float(row[part])) for part in parts)]
            for city, row in table.iterrows()
        ]
        unit = "beds per inhabitant in reach" if self.shared else "beds in reach"
        weights = ", ".join(f"{tier} {weight:g}" for tier, weight in self.tiers.items())
        return "\n".join(
            [
                f"Attraction of {len(self.cities):,} cities: {unit}, weighed by tier and decay",
                f"Weights of tiers: {weights}. Decay: {self.decay!r}",
                *ruled_table(rows),
            ]
        )

    def __str__(self) -> str:
        return self.summary()


def index(
    cities: Any,
    hospitals: Any,
    tiers: Mapping[str, float],
    decay: Decay,
    cost: Any = None,
    cutoff: float | None = None,
    beds: str = "beds",
    tier: str = "tier",
    population: str | None = None,
    reference: AttractionIndex | None = None,
) -> AttractionIndex:
    """Score the attraction of each city by the beds in its reach, their tier and their distance.

    Parameters
    ----------
    cities : GeoDataFrame, or DataFrame if costs are supplied
        Points, or polygons that stand by their centroids; the index holds the ids.
    hospitals : GeoDataFrame, or DataFrame if costs are supplied
        With beds and tier; the index holds the ids.
    tiers : mapping of str to float
        Weight of a bed of each tier, at least zero: ``{"tertiary": 0.7, "primary": 0.3}``. Every tier of the
        hospitals must be there; one without hospitals counts zero. The weights are taken as they are, whatever
        their sum.
    decay : Decay
        Weight of a bed by the cost of getting to it. There is no default, for its scale is the heart of the matter.
    cost : GeodesicCost or SuppliedCost, optional
        Geodesic distance by default.
    cutoff : float, optional
        Cost beyond which beds do not count.
    beds, tier : str
        Columns of hospitals; beds are at least zero.
    population : str, optional
        Column of cities. Beds are then shared among the inhabitants in reach of them.
    reference : AttractionIndex, optional
        Its mean score counts as 100 in the column `relative`: the index of the same cities before a change.

    Returns
    -------
    AttractionIndex
        `.table`, `.scores`, `.sensitivity()`.

    Raises
    ------
    OptionError
        If weights, decay, cost or cutoff are not such.
    DataError, MissingDataError, NonNumericError, NonFiniteError, DuplicateError, LabelError
        If a column is absent or holds what it must not, or a decay is infinite at a cost of zero.
    AlignmentError
        If a tier of the hospitals has no weight, or the reference has other cities.
    GeometryError, CoordinateSystemError, SizeError
        If no cost can be found, or too many.

    See Also
    --------
    FloatingCatchment : accessibility, by one tier or all, with several methods.

    Notes
    -----
    With weights w_t, beds S_j and decay f,

        score_i = sum_t w_t P_it,   P_it = sum_{j of tier t} S_j f(c_ij),

    Hansen's potential of beds, in beds. With `population` S_j is replaced by S_j / sum_k N_k f(c_kj), so that P_it is
    the accessibility of the two-step floating catchment, in beds per inhabitant.

    Nothing is standardised over the cities: the score of a city changes only with the beds (or people) in its own
    reach (or that of these beds), so that scores before and after a change can be subtracted. Nothing is estimated
    either; `sensitivity` shows what hangs on the weights.

    307 cities and 5,000 hospitals take a tenth of a second where a decay ends after 300 km; all their pairs take
    about two seconds.

    References
    ----------
    Hansen, W. G. (1959). How accessibility shapes land use. Journal of the American Institute of Planners 25, 73-76.

    Examples
    --------
    >>> import pandas as pd
    >>> from spatialhealth.attraction import BinaryDecay, SuppliedCost, index
    >>> minutes = SuppliedCost(pd.DataFrame({"h": [10.0, 50.0], "k": [20.0, 5.0]}, index=["a", "b"]))
    >>> hospitals = pd.DataFrame({"beds": [500, 40], "tier": ["tertiary", "primary"]}, index=["h", "k"])
    >>> cities = pd.DataFrame(index=["a", "b"])
    >>> index(cities, hospitals, {"tertiary": 0.75, "primary": 0.25}, BinaryDecay(30), minutes).scores.to_dict()
    {'a': 385.0, 'b': 10.0}
    """
    decay, weights = check_decay(_OWNER, decay), _weights(tiers)
    within = np.inf if cutoff is None else float(check_positive(_OWNER, "cutoff", cutoff))
    for what, layer in (("The layer of cities", cities), ("The layer of hospitals", hospitals)):
        index_of(what, layer)
    capacity = numbers_of(
        f"{_OWNER}: {beds!r} of hospitals",
        column_of(f"{_OWNER}: the layer of hospitals", hospitals, beds),
        sign="not negative",
    )
    which = _tier_of(hospitals, tier, weights)
    people = None
    if population is not None:
        people = numbers_of(
            f"{_OWNER}: {population!r} of cities",
            column_of(f"{_OWNER}: the layer of cities", cities, population),
            sign="not negative",
        )
    pairs = check_cost(_OWNER, cost).reach(cities, hospitals, min(within, decay.reach))
    potential = _potential(pairs.weighted(_OWNER, decay), capacity, which, len(weights), people)
    mean = None
    if reference is not None:
        if not isinstance(reference, AttractionIndex):
            raise OptionError(
                f"{_OWNER}: reference is a {type(reference).__name__}. Give what index returned before, "
                "not its table."
            )
        if not reference.cities.sort_values().equals(cities.index.sort_values()):
            raise AlignmentError(
                f"{_OWNER}: the reference is of other cities. Compute it from the same layer."
            )
        mean = float(reference.scores.mean())
        if not mean > 0:
            raise OptionError(
                f"{_OWNER}: all scores of the reference are zero. Leave it out, or take another."
            )
    return AttractionIndex(cities.index, weights, potential, people is not None, decay, mean)


def _weights(tiers: Mapping[str, float]) -> dict[str, float]:
    if not isinstance(tiers, Mapping) or not tiers:
        raise OptionError(
            f"{_OWNER}: tiers={tiers!r} must map tiers to weights: {{'tertiary': 0.7, 'primary': 0.3}}."
        )
    for name, weight in tiers.items():
        number_ = isinstance(weight, (int, float, np.integer, np.floating)) and not isinstance(weight, bool)
        if not number_ or not 0 <= weight < np.inf:
            raise OptionError(
                f"{_OWNER}: the weight {weight!r} of the tier {name!r} must be a number from zero."
            )
    if not any(tiers.values()):
        raise OptionError(f"{_OWNER}: all weights of tiers are zero. Give at least one above zero.")
    return {name: float(weight) for name, weight in tiers.items()}


def _tier_of(hospitals: Any, tier: str, weights: Mapping[str, float]) -> Array:
    """Give the position of each hospital's tier among the weights."""
    found = column_of(f"{_OWNER}: the layer of hospitals", hospitals, tier)
    labels_of(f"{_OWNER}: {tier!r} of hospitals", found)
    position = {name: place for place, name in enumerate(weights)}
    unknown = [label for label in found.unique() if label not in position]
    if unknown:
        raise AlignmentError(
            f"{_OWNER}: tiers of hospitals without a weight: {some(unknown)}. Give each a weight, zero if it "
            "is not to count."
        )
    return found.map(position).to_numpy(dtype=np.int64)  # type: ignore[no-any-return]


def _potential(weights: Reach, beds: Array, which: Array, tiers: int, people: Array | None) -> Array:
    """Give sum_j S_j f(c_ij) by tier, or with beds per inhabitant in reach."""
    matrix = weights.matrix
    if people is not None:
        sharing = matrix.T @ people
        idle = (sharing == 0) & (beds > 0)
        if idle.any():
            warnings.warn(
                f"{int(idle.sum())} hospitals have no inhabitants in reach, and count for no city: "
                f"{some(weights.supply[idle])}.",
                UnreachableWarning,
                stacklevel=3,
            )
        beds = np.divide(beds, sharing, out=np.zeros_like(beds), where=sharing > 0)
    by_tier = np.zeros((len(beds), tiers))
    by_tier[np.arange(len(beds)), which] = beds
    return np.asarray(matrix @ by_tier)
