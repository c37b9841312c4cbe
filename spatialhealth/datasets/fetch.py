"""Remote data: downloaded once, checked by their sha256, and assembled."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from spatialhealth._validation import check_positive
from spatialhealth.datasets.counties import BOUNDARIES, ESTIMATES, FACILITIES, USCounties, assemble
from spatialhealth.errors import DownloadError

__all__ = ["USCounties", "fetch_us_counties"]

_VARIABLE = "SPATIALHEALTH_DATA"
_COVIDCAREMAP = (
    "https://raw.githubusercontent.com/covidcaremap/covid19-healthsystemcapacity/"
    "26ba89bf99d295f6befc6e6cbd83f4a706ee5660/data"
)
_URLS = {
    ESTIMATES: f"https://www2.census.gov/programs-surveys/popest/datasets/2010-2019/counties/totals/{ESTIMATES}",
    BOUNDARIES: f"{_COVIDCAREMAP}/external/{BOUNDARIES}",
    FACILITIES: f"{_COVIDCAREMAP}/published/{FACILITIES}",
}
_SHA256 = {
    ESTIMATES: "eb47ea7cd0195f5c5f68adc73ec8d2d20431cf3128acdd68a28353970296a2a9",
    BOUNDARIES: "93dcc5267e6b473cbb36a24cacc1fb5daf16bbee78d7af399212b6589310c855",
    FACILITIES: "91bfc41de189bbe17cdc77266506562ffb8342d5796227063bd95cb0314921b4",
}


def fetch_us_counties(*, retries: int = 3) -> USCounties:
    """Fetch the hospitals and the population mobility of 3,142 American counties (real data).

    Parameters
    ----------
    retries : int, default 3
        How many more times to try a file whose download fails, after a growing pause.

    Returns
    -------
    USCounties
        With `counties`, `facilities` and `population`.

    Raises
    ------
    DownloadError
        If a file cannot be fetched, is absent from the local folder, or is not the file that was expected.

    Notes
    -----
    Three files (8.6 MB) are downloaded at the first call and kept in the user's cache folder. Where there is no
    network, put them in a folder and name it in the environment variable ``SPATIALHEALTH_DATA``: then nothing is
    downloaded. Either way a file counts only if its sha256 is the expected one.

    References
    ----------
    US Census Bureau (2020). County population totals and components of change, 2010-2019. Public domain.

    CovidCareMap (2020). US healthcare system capacity, facilities. MIT licence.

    Examples
    --------
    >>> import os
    >>> if "SPATIALHEALTH_DATA" in os.environ:  # else some 9 MB are downloaded
    ...     us = fetch_us_counties()
    ...     assert us.counties.shape == (3142, 6)
    """
    check_positive("fetch_us_counties", "retries", retries, integer=True)
    folder = os.environ.get(_VARIABLE)
    if folder:
        return assemble({name: _local(Path(folder), name) for name in _URLS})
    return assemble({name: _download(name, retries) for name in _URLS})


def _local(folder: Path, name: str) -> Path:
    """Take a file from the folder that the environment names, if it is the right one."""
    import pooch

    path = folder / name
    cure = (
        f"Download {_URLS[name]} into that folder, or unset {_VARIABLE} to have it downloaded into the cache."
    )
    if not path.is_file():
        raise DownloadError(f"The file {name!r} is not in the folder {str(folder)!r} ({_VARIABLE}). {cure}")
    found = pooch.file_hash(str(path), alg="sha256")
    if found != _SHA256[name]:
        raise DownloadError(
            f"The file {name!r} in the folder {str(folder)!r} ({_VARIABLE}) is not the expected one: "
            f"its sha256 is {found}, expected {_SHA256[name]}. {cure}"
        )
    return path


def _download(name: str, retries: int) -> Path:
    """Take a file from the cache, or from its source."""
    import pooch

    cache = Path(pooch.os_cache("spatialhealth"))
    store = pooch.create(cache, base_url="", registry=_SHA256, urls=_URLS, retry_if_failed=retries)
    bar = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=30)
    try:
        return Path(store.fetch(name, downloader=bar))
    except (OSError, ValueError) as error:  # no network, a refused request, or another sha256
        raise DownloadError(
            f"The file {name!r} could not be fetched from {_URLS[name]}: {error}. Try again later, or put the "
            f"files {', '.join(_URLS)} in a folder and name it in the environment variable {_VARIABLE}."
        ) from error
