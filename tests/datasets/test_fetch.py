"""The remote data: equality with the assembled files, checksums, and ways out when there is no network."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatialhealth.datasets import fetch, fetch_us_counties
from spatialhealth.datasets.counties import BOUNDARIES, ESTIMATES, FACILITIES
from spatialhealth.errors import DownloadError, OptionError

FOLDER = os.environ.get("SPATIALHEALTH_DATA")
needs_files = pytest.mark.skipif(
    not FOLDER, reason="SPATIALHEALTH_DATA does not name a folder with the raw files of the US counties"
)


@pytest.fixture(scope="module")
def us():
    return fetch_us_counties()


@pytest.fixture(scope="module")
def assembled():
    return Path(FOLDER).parent


@needs_files
def test_counties_equal_the_assembled_ones(us, assembled):
    expected = gpd.read_file(assembled / "counties.gpkg").set_index("fips")
    assert us.counties.shape == (3142, 6)
    assert us.counties.crs == expected.crs
    columns = expected.columns.drop("geometry")
    pd.testing.assert_frame_equal(pd.DataFrame(us.counties[columns]), pd.DataFrame(expected[columns]))
    assert list(us.counties.columns) == list(expected.columns)
    assert shapely.equals_exact(us.counties.geometry.to_numpy(), expected.geometry.to_numpy()).all()


@needs_files
def test_facilities_equal_the_assembled_ones(us, assembled):
    expected = pd.read_csv(assembled / "facilities.csv", dtype={"fips": str, "facility_id": str})
    pd.testing.assert_frame_equal(us.facilities.reset_index(), expected, check_exact=True)
    assert len(us.facilities) == 7154
    assert us.facilities["fips"].isna().sum() == 84


@needs_files
def test_population_equals_the_assembled_one(us, assembled):
    expected = pd.read_csv(assembled / "population.csv", dtype={"fips": str}).set_index(["fips", "year"])
    pd.testing.assert_frame_equal(us.population, expected)
    assert us.population.shape == (31420, 5)
    # over the nation nobody is gained or lost by moving within it
    assert (us.population.groupby("year")["domestic_migration"].sum() == 0).all()


@needs_files
def test_the_labels_of_the_three_tables_agree(us):
    assert us.counties.index.is_unique
    assert set(us.counties.index.str.len()) == {5}
    assert list(us.population.index.unique("fips")) == list(us.counties.index)
    assert set(us.facilities["fips"].dropna()) <= set(us.counties.index)
    assert repr(us) == "USCounties(3142 counties, 7154 facilities, population of 10 years)"


def test_every_file_has_an_address_and_a_checksum():
    assert set(fetch._URLS) == set(fetch._SHA256) == {ESTIMATES, BOUNDARIES, FACILITIES}
    assert all(url.startswith("https://") and url.endswith(name) for name, url in fetch._URLS.items())
    assert all(len(sum_) == 64 for sum_ in fetch._SHA256.values())


def test_a_file_that_is_not_in_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SPATIALHEALTH_DATA", str(tmp_path))
    with pytest.raises(DownloadError) as caught:
        fetch_us_counties()
    for word in (ESTIMATES, str(tmp_path), "SPATIALHEALTH_DATA", "Download https://www2.census.gov"):
        assert word in str(caught.value)


def test_a_file_that_is_not_the_expected_one(monkeypatch, tmp_path):
    (tmp_path / ESTIMATES).write_text("STATE,COUNTY\n")
    monkeypatch.setenv("SPATIALHEALTH_DATA", str(tmp_path))
    with pytest.raises(DownloadError, match="is not the expected one: its sha256 is") as caught:
        fetch_us_counties()
    assert str(tmp_path) in str(caught.value)
    assert fetch._SHA256[ESTIMATES] in str(caught.value)


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """Point the addresses at a port of this machine where nothing listens, and the cache at an empty folder."""
    import pooch

    monkeypatch.delenv("SPATIALHEALTH_DATA", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda _: tmp_path)
    monkeypatch.setattr(fetch, "_URLS", {name: f"http://127.0.0.1:9/{name}" for name in fetch._URLS})
    return tmp_path


def test_no_network(nowhere):
    with pytest.raises(DownloadError) as caught:
        fetch_us_counties(retries=1)
    for word in (ESTIMATES, "could not be fetched from http://127.0.0.1:9", "SPATIALHEALTH_DATA"):
        assert word in str(caught.value)


@needs_files
def test_what_is_in_the_cache_is_not_downloaded_again(nowhere):
    for name in fetch._URLS:
        (nowhere / name).write_bytes((Path(FOLDER) / name).read_bytes())
    assert len(fetch_us_counties(retries=1).counties) == 3142


@pytest.mark.parametrize("retries", [0, -1, 1.5, True])
def test_bad_retries(retries):
    with pytest.raises(OptionError, match="retries"):
        fetch_us_counties(retries=retries)
