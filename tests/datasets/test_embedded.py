"""The embedded data: shapes, ids, and that both sides of each pair carry the same ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spatialhealth import datasets
from spatialhealth.datasets import embedded
from spatialhealth.errors import DataError

PORTS = [
    "Fujian",
    "Guangdong",
    "Guangxi",
    "Hainan",
    "Hebei",
    "Jiangsu",
    "Liaoning",
    "Shandong",
    "Shanghai",
    "Tianjin",
    "Zhejiang",
]


def test_cities():
    cities = datasets.load_cities()
    assert cities.shape == (307, 8)
    assert cities.index.name == "city"
    assert cities.index.is_unique
    assert cities.index.is_monotonic_increasing
    assert all(isinstance(city, str) and city.isascii() for city in cities.index)
    assert cities.crs.to_epsg() == 4326
    assert cities["province"].nunique() == 31
    assert sorted(cities.loc[cities["port_developed"], "province"].unique()) == PORTS
    assert not set(cities.loc[~cities["port_developed"], "province"]) & set(PORTS)
    assert cities["port_developed"].dtype == bool
    assert cities["population"].min() >= 200_000
    assert {"Suzhou (Jiangsu)", "Suzhou (Anhui)", "Guangzhou", "Lhasa", "Urumqi"} <= set(cities.index)
    assert cities.loc["Urumqi", "name"] == "Ürümqi"
    assert "simulated" in cities.attrs["source"]


def test_panel_has_the_cities_of_the_map():
    cities, panel = datasets.load_cities(), datasets.load_panel()
    assert panel.shape == (307 * 11, 9)
    assert panel.index.names == ["city", "year"]
    assert panel.index.is_unique
    assert panel.index.is_monotonic_increasing
    assert list(panel.index.unique("city")) == list(cities.index)
    assert list(panel.index.unique("year")) == list(range(2011, 2022))
    assert panel.attrs["source"] == "simulated"
    assert not panel.isna().any().any()
    first = panel.xs(2011, level="year")
    pd.testing.assert_series_equal(first["gdp"], cities["gdp_per_capita"], check_names=False)
    pd.testing.assert_series_equal(first["population"], cities["population"], check_names=False)
    assert (first["port_developed"] == cities["port_developed"]).all()


def test_panel_is_plausible():
    panel = datasets.load_panel()
    assert panel["tertiary"].min() >= 1
    assert panel["inflow"].min() > 0
    assert panel["digital"].between(0, 1).all()
    use = panel[["bed_utilisation_high", "bed_utilisation_primary"]]
    assert use.min().min() > 30
    assert use.max().max() < 120
    assert (panel["tertiary"].groupby("city").diff().dropna() >= 0).all()
    national = panel.groupby("year")["digital"].mean()
    assert national.is_monotonic_increasing
    assert national.loc[2021] - national.loc[2011] > 0.7


def test_truth_is_consistent_with_itself():
    truth = datasets.load_truth()
    assert truth["source"] == "simulated"
    assert truth["seed"] == 2011
    regressors = truth["formula"].split("~")[1].replace(" ", "").split("+")
    assert list(truth["params"]) == [*regressors, *(f"W:{name}" for name in truth["durbin"]), "rho"]
    assert truth["params"]["log(primary)"] == truth["params"]["W:log(primary)"] == 0
    assert truth["params"]["log(tertiary):digital"] < 0 < truth["params"]["log(tertiary):port_developed"]
    assert set(truth["utilisation"]) == {"bed_utilisation_high", "bed_utilisation_primary"}


@pytest.mark.parametrize("name", ["bed_utilisation_high", "bed_utilisation_primary"])
def test_utilisation_is_recovered_within(name):
    panel, equation = datasets.load_panel(), datasets.load_truth()["utilisation"][name]
    columns = pd.DataFrame(
        {"y": panel[name], "log(inflow)": np.log(panel["inflow"]), "digital": panel["digital"]}
    )
    columns["log(inflow):digital"] = columns["log(inflow)"] * columns["digital"]
    within = columns - columns.groupby("city").transform("mean") - columns.groupby("year").transform("mean")
    within += columns.mean()
    x, y = within[list(equation["params"])].to_numpy(), within["y"].to_numpy()
    estimate = np.linalg.solve(x.T @ x, x.T @ y)
    residual = y - x @ estimate
    sigma2 = residual @ residual / (306 * 10 - x.shape[1])
    error = np.sqrt(np.diag(sigma2 * np.linalg.inv(x.T @ x)))
    assert np.abs((estimate - list(equation["params"].values())) / error).max() < 3.5
    assert np.sqrt(sigma2) == pytest.approx(equation["sigma"], rel=0.05)


def test_states_and_their_panels():
    states = datasets.load_states()
    cigarettes, production = datasets.load_cigarettes(), datasets.load_production()
    assert states.shape == (49, 3)
    assert states.index.name == "state"
    assert states.index.is_unique
    assert states.crs.to_epsg() == 4326
    assert cigarettes.shape == (46 * 30, 7)
    assert production.shape == (48 * 17, 9)
    for panel, years in ((cigarettes, range(63, 93)), (production, range(1970, 1987))):
        assert panel.index.names == ["state", "year"]
        assert panel.index.is_unique
        assert panel.index.is_monotonic_increasing
        assert list(panel.index.unique("year")) == list(years)
        assert set(panel.index.unique("state")) <= set(states.index)
    assert cigarettes.loc[("Alabama", 63), "price"] == 28.6
    assert production.loc[("Alabama", 1970), "gsp"] == 28418


@pytest.mark.parametrize("name", embedded.__all__)
def test_every_call_gives_a_fresh_object(name):
    load = getattr(datasets, name)
    first = load()
    if name == "load_truth":
        first["params"].clear()
        assert load()["params"]
    else:
        column = first.columns[0]
        del first[column]
        assert column in load().columns


def test_a_missing_file_is_named():
    with pytest.raises(DataError, match=r"'nothing\.csv'.*install the package again"):
        embedded._path("nothing.csv")
