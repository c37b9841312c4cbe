"""Changes of the list of hospitals: beds added, hospitals opened and closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth._validation import check_number, check_positive
from spatialhealth.errors import OptionError, ScenarioError, did_you_mean, some
from spatialhealth.scenario.where import check_flags, places, units_named

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AddBeds", "CloseHospital", "HospitalChange", "OpenHospital", "Stock", "check_hospitals"]

_COLUMNS = ("city", "tier", "beds")


class HospitalChange:
    """A change of the list of hospitals."""

    @property
    def words(self) -> str:
        """The change in words."""
        raise NotImplementedError

    def hospitals(self, hospitals: pd.DataFrame) -> pd.DataFrame:
        """Give a changed copy of a list of hospitals; the list is left as it is."""
        raise NotImplementedError


@dataclass(frozen=True)
class AddBeds(HospitalChange):
    """Beds added to the hospitals of a tier in some cities, or taken from them.

    Parameters
    ----------
    where : label, collection of labels or boolean Series by city
        The cities; each gets so many beds.
    beds : float
        Beds added to each city; negative ones are taken away.
    tier : str
        Tier whose hospitals get them, in proportion to the beds they have.

    Raises
    ------
    OptionError, ScenarioError
        If an argument is none.

    Examples
    --------
    >>> import pandas as pd
    >>> hospitals = pd.DataFrame(
    ...     {"city": ["x", "x"], "tier": ["tertiary", "tertiary"], "beds": [100, 300]}, index=["a", "b"]
    ... )
    >>> AddBeds("x", beds=40, tier="tertiary").hospitals(hospitals)["beds"].round(6).tolist()
    [110.0, 330.0]
    """

    where: Any
    beds: float
    tier: str

    def __post_init__(self) -> None:
        check_number("AddBeds", "beds", self.beds)
        object.__setattr__(self, "where", _cities("AddBeds", self.where))

    @property
    def words(self) -> str:
        """The change in words."""
        return f"{self.beds:+g} {self.tier} beds in {_each(self.where)}"

    def hospitals(self, hospitals: pd.DataFrame) -> pd.DataFrame:
        """Give a changed copy of a list of hospitals.

        Parameters
        ----------
        hospitals : DataFrame
            Indexed by hospital, with `city`, `tier` and `beds`.

        Returns
        -------
        DataFrame

        Raises
        ------
        ScenarioError
            If there is no such tier, a city has no hospital of it, or would be left with fewer than no beds.
        """
        check_tier("AddBeds", hospitals, self.tier)
        beds = hospitals["beds"].astype(float).copy()
        for city in self.where:
            theirs = hospitals.index[(hospitals["city"] == city) & (hospitals["tier"] == self.tier)]
            total = float(beds.loc[theirs].sum())
            if total <= 0:
                raise ScenarioError(
                    f"AddBeds: {city!r} has no beds of the tier {self.tier!r} that more could join. "
                    "Open a hospital there with OpenHospital."
                )
            if total + self.beds < 0:
                raise ScenarioError(
                    f"AddBeds: {city!r} has {total:g} beds of the tier {self.tier!r}, fewer than are taken."
                )
            beds.loc[theirs] *= 1 + self.beds / total
        return hospitals.assign(beds=beds)


@dataclass(frozen=True)
class OpenHospital(HospitalChange):
    """A hospital opened in each of some cities.

    Parameters
    ----------
    where : label, collection of labels or boolean Series by city
        The cities; each gets one.
    tier : str
    beds : float
        Beds of each.
    location : tuple of two float, optional
        x and y in the coordinates of the layer of hospitals, for a single city. By default where the city's beds
        are: the mean of its hospitals' places, weighted by their beds.
    facilities : int, default 1
        How many facilities the new row stands for, where the list says so.

    Raises
    ------
    OptionError, ScenarioError
        If an argument is none, or one location is given for several cities.
    """

    where: Any
    tier: str
    beds: float
    location: tuple[float, float] | None = None
    facilities: int = 1

    def __post_init__(self) -> None:
        check_positive("OpenHospital", "beds", self.beds)
        check_positive("OpenHospital", "facilities", self.facilities, integer=True)
        object.__setattr__(self, "where", _cities("OpenHospital", self.where))
        if self.location is not None:
            if len(self.where) > 1:
                raise OptionError("OpenHospital: one location for several cities. Open them one by one.")
            if (
                isinstance(self.location, str)
                or not hasattr(self.location, "__len__")
                or len(self.location) != 2
            ):
                raise OptionError(
                    f"OpenHospital: location={self.location!r} must be x and y, such as (113.3, 23.1)."
                )
            x, y = self.location
            place = check_number("OpenHospital", "location", x), check_number("OpenHospital", "location", y)
            object.__setattr__(self, "location", place)

    @property
    def words(self) -> str:
        """The change in words."""
        return f"a {self.tier} hospital of {self.beds:g} beds opened in {_each(self.where)}"

    def hospitals(self, hospitals: pd.DataFrame) -> pd.DataFrame:
        """Give a changed copy of a list of hospitals.

        Parameters
        ----------
        hospitals : DataFrame or GeoDataFrame
            Indexed by hospital, with `city`, `tier` and `beds`.

        Returns
        -------
        DataFrame or GeoDataFrame

        Raises
        ------
        ScenarioError
            If there is no such tier or city, or the city has no hospitals that say where a new one may stand.
        """
        import pandas as pd

        check_tier("OpenHospital", hospitals, self.tier)
        rows = [self._row(hospitals, city) for city in self.where]
        names = [_free(f"new {self.tier} in {city}", hospitals.index) for city in self.where]
        new = pd.DataFrame(rows, index=names).rename_axis(hospitals.index.name)
        if hasattr(hospitals, "geometry"):
            new = type(hospitals)(new, geometry=hospitals.geometry.name, crs=hospitals.crs)
        return pd.concat(
            [hospitals.astype({"beds": float}), new[[c for c in hospitals.columns if c in new.columns]]]
        )

    def _row(self, hospitals: pd.DataFrame, city: Any) -> dict[str, Any]:
        theirs = hospitals[hospitals["city"] == city]
        if not len(theirs) and self.location is None:
            raise ScenarioError(
                f"OpenHospital: no hospital is in {city!r}.{did_you_mean(city, hospitals['city'].unique())} "
                "In a city without any, say with location= where the new one stands."
            )
        row = {"city": city, "tier": self.tier, "beds": float(self.beds)}
        if "facilities" in hospitals.columns:
            row["facilities"] = self.facilities
        if hasattr(hospitals, "geometry"):
            from shapely import Point

            row[hospitals.geometry.name] = Point(self.location or _middle(theirs))
        return row


@dataclass(frozen=True)
class CloseHospital(HospitalChange):
    """Hospitals closed, by their names in the list.

    Parameters
    ----------
    hospital : label, collection of labels or boolean Series by hospital

    Raises
    ------
    ScenarioError
        If none is named, or one twice.
    """

    hospital: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "hospital", _cities("CloseHospital", self.hospital))

    @property
    def words(self) -> str:
        """The change in words."""
        return f"closed: {places(self.hospital)}"

    def hospitals(self, hospitals: pd.DataFrame) -> pd.DataFrame:
        """Give a copy of a list of hospitals without these.

        Parameters
        ----------
        hospitals : DataFrame
            Indexed by hospital.

        Returns
        -------
        DataFrame

        Raises
        ------
        ScenarioError
            If the list has no such hospital.
        AlignmentError
            If a choice by True and False is not of exactly its hospitals.
        """
        check_flags("CloseHospital", self.hospital, hospitals.index, "hospitals of the list")
        unknown = [label for label in self.hospital if label not in hospitals.index]
        if unknown:
            raise ScenarioError(
                f"CloseHospital: no hospital {some(unknown)}.{did_you_mean(unknown[0], hospitals.index)} "
                "Name them as its index does."
            )
        return hospitals.drop(index=list(self.hospital))


@dataclass(frozen=True)
class Stock:
    """What the hospitals of a tier are in each city: how a column of the panel is made of the list of hospitals.

    Parameters
    ----------
    tier : str
    of : str, default "beds"
        Column that is summed: "beds", or "facilities".

    Examples
    --------
    >>> import pandas as pd
    >>> hospitals = pd.DataFrame(
    ...     {"city": ["x", "x", "y"], "tier": ["high", "low", "high"], "beds": [100, 30, 50]},
    ...     index=["a", "b", "c"],
    ... )
    >>> Stock("high")(hospitals, ["x", "y", "z"]).to_dict()
    {'x': 100.0, 'y': 50.0, 'z': 0.0}
    """

    tier: str
    of: str = "beds"

    def __call__(self, hospitals: pd.DataFrame, units: Any) -> pd.Series:
        """Give the sum for every unit, zero where there is no hospital of the tier."""
        check_tier("Stock", hospitals, self.tier)
        if self.of not in hospitals.columns:
            raise ScenarioError(
                f"Stock: the hospitals have no column {self.of!r}. They have: {some(hospitals.columns)}."
            )
        mine = hospitals[hospitals["tier"] == self.tier]
        return mine.groupby("city")[self.of].sum().reindex(units, fill_value=0).astype(float)


def check_hospitals(hospitals: Any) -> None:
    """Check a list of hospitals.

    Parameters
    ----------
    hospitals : DataFrame

    Raises
    ------
    ScenarioError
        If it lacks a column, has a hospital twice, or beds that are missing or negative.
    """
    if not hasattr(hospitals, "columns"):
        raise ScenarioError(
            f"hospitals must be a DataFrame, one row a hospital; it is a {type(hospitals).__name__}."
        )
    absent = [name for name in _COLUMNS if name not in hospitals.columns]
    if absent:
        raise ScenarioError(f"The hospitals lack the columns {some(absent)}. They need {some(_COLUMNS)}.")
    twice = hospitals.index[hospitals.index.duplicated()]
    if len(twice):
        raise ScenarioError(f"Hospitals stand more than once in the list: {some(twice.unique())}.")
    wrong = hospitals.index[~(hospitals["beds"] >= 0)]
    if len(wrong):
        raise ScenarioError(
            f"Beds are missing or negative at {some(wrong)}. Mend or leave out these hospitals."
        )


def check_tier(owner: str, hospitals: pd.DataFrame, tier: Any) -> None:
    """Raise if there is no such tier."""
    tiers = list(dict.fromkeys(hospitals["tier"]))
    if tier not in tiers:
        raise ScenarioError(
            f"{owner}: no hospital is of the tier {tier!r}.{did_you_mean(tier, tiers)} There are: {some(tiers)}."
        )


def _each(where: tuple[Any, ...]) -> str:
    return places(where) if len(where) == 1 else f"each of {places(where)}"


def _cities(owner: str, where: Any) -> tuple[Any, ...]:
    named = units_named(owner, where)
    if named is None:
        raise ScenarioError(f"{owner}: name what it is for; None is no name.")
    return named


def _middle(hospitals: Any) -> tuple[float, float]:
    """Give the mean place of hospitals, weighted by their beds."""
    weight = hospitals["beds"].to_numpy(dtype=float)
    weight = weight if weight.sum() > 0 else weight + 1.0
    x, y = hospitals.geometry.x.to_numpy(), hospitals.geometry.y.to_numpy()
    return float(x @ weight / weight.sum()), float(y @ weight / weight.sum())


def _free(name: str, taken: Any) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name} ({number})", number + 1
    return found
