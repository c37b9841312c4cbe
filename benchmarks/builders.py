"""Weights of many units: our builders beside those of libpysal, our array forms, and the way into an operator.

Each figure comes from a fresh process of its own: the median time of the runs in it, the most memory it ever held,
and what it held before (the layer and the libraries). Both get the same layer; their links are then compared and must
be equal. libpysal gets fewer units where all of them would take it more than two minutes; the row says how many, and
the ratio is then that of both at that size.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

LONGEST = 120  # seconds that libpysal may take for one run
PROBE = 20_000  # units from which its time for all is foreseen
SMALL = 2_500  # units of the smoke test
NEAR = 1_500.0  # metres of bands over points that lie 1,000 apart in the mean: seven neighbours


# --- layers, made without a loop --------------------------------------------------------------------------


def corners(n):
    """Columns and rows of the cells of a square lattice of at most n."""
    side = int(n**0.5)
    row, column = np.divmod(np.arange(side**2), side)
    return column, row


def squares(n):
    """Give a lattice of unit squares."""
    import geopandas as gpd
    import shapely

    x, y = corners(n)
    return gpd.GeoDataFrame(geometry=shapely.box(x, y, x + 1.0, y + 1.0))


def voronoi(n):
    """Give irregular polygons, six neighbours each in the mean."""
    import geopandas as gpd
    import shapely

    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(plane(n))))
    return gpd.GeoDataFrame(geometry=cells, crs=32650)


def plane(n):
    """Coordinates scattered over a square, 1,000 m apart in the mean."""
    return np.random.default_rng(0).uniform(0, 1_000 * n**0.5, (n, 2)) + 200_000


def globe(n):
    """Longitude and latitude scattered evenly over the globe."""
    rng = np.random.default_rng(0)
    return np.column_stack([rng.uniform(-180, 180, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))])


def points(n):
    """Points on a projection."""
    import geopandas as gpd

    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*plane(n).T), crs=32650)


def towns(n):
    """Points in longitude and latitude."""
    import geopandas as gpd

    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*globe(n).T), crs=4326)


def binaries(n):
    """Give the well-known binary of a lattice of squares."""
    import shapely

    x, y = corners(n)
    return shapely.to_wkb(shapely.box(x, y, x + 1.0, y + 1.0))


def lattice(n):
    """Give ids and links of a lattice, rook."""
    import scipy.sparse as sp

    side = int(n**0.5)
    line = sp.diags([np.ones(side - 1)] * 2, [-1, 1], shape=(side, side))
    links = sp.kron(sp.eye(side), line) + sp.kron(line, sp.eye(side))
    return np.arange(side**2), sp.csr_matrix(links)


def graph(n):
    """Give the same as a graph of libpysal whose ids are text."""
    from spatialhealth.weights import to_graph

    ids, links = lattice(n)
    return to_graph(ids.astype(str).astype(object), links)


# --- what is measured -------------------------------------------------------------------------------------


def weights():
    """Give the module under test, imported where it is measured."""
    import spatialhealth as sh

    return sh.weights


def peer():
    """Give the graphs of libpysal."""
    from libpysal.graph import Graph

    return Graph


# name: layer, our way, libpysal's way or None, and the share of --n it gets
LAYERS = {
    "contiguity, queen, squares": (
        squares,
        lambda layer: weights().contiguity(layer, standardise=None),
        lambda layer: peer().build_contiguity(layer, rook=False),
        1.0,
    ),
    "contiguity, queen, Voronoi": (
        voronoi,
        lambda layer: weights().contiguity(layer, standardise=None),
        lambda layer: peer().build_contiguity(layer, rook=False),
        0.1,
    ),
    "knn, k=8, projected": (
        points,
        lambda layer: weights().knn(layer, k=8, standardise=None),
        lambda layer: peer().build_knn(layer, k=8),
        1.0,
    ),
    "distance_band, projected": (
        points,
        lambda layer: weights().distance_band(layer, NEAR, standardise=None),
        lambda layer: peer().build_distance_band(layer, NEAR),
        1.0,
    ),
    "inverse_distance, cutoff": (points, lambda layer: weights().inverse_distance(layer, cutoff=NEAR), None, 1.0),
    "kernel, triangular": (points, lambda layer: weights().kernel(layer, NEAR, "triangular"), None, 1.0),
    "knn, k=8, geodesic": (towns, lambda layer: weights().knn(layer, k=8), None, 1.0),
    "as_links of a Graph, ids of text": (graph, lambda given: weights().as_links(given), None, 1.0),
}  # fmt: skip
ARRAYS = {
    "contiguity_links, queen, squares": (binaries, lambda given: weights().contiguity_links(given)),
    "knn_links, k=8, projected": (plane, lambda given: weights().knn_links(given, 8)),
    "knn_links, k=8, geodesic": (globe, lambda given: weights().knn_links(given, 8, geographic=True)),
    "band_links, projected": (plane, lambda given: weights().band_links(given, NEAR)),
    "as_links of (ids, csr)": (lattice, lambda given: weights().as_links(given)),
}
TITLE = "Weights of many units"
NOTES = [
    "Times are of the builder alone, in runs of one process that holds the layer; MB before is what it held by then.",
    "Our nearest neighbours are searched for on all cores. Links and weights are asserted to be those of libpysal.",
]
WAYS = {
    "ours": {name: (made, ours) for name, (made, ours, *_) in LAYERS.items()} | ARRAYS,
    "theirs": {name: (made, theirs) for name, (made, _, theirs, _) in LAYERS.items() if theirs},
}


def same(ours, theirs):
    """Assert that two graphs hold the same links with the same weights, in the same order."""
    (ids, one), (others, two) = weights().as_links(ours), weights().as_links(theirs)
    assert np.array_equal(ids, others), "ids differ"
    assert np.array_equal(one.indptr, two.indptr) and np.array_equal(one.indices, two.indices), "links differ"
    assert np.array_equal(one.data, two.data), "weights differ"


def held():
    """Give the most memory this process ever held, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def measure(way, name, n, runs):
    """Seconds of each run and peak memory, in this process; then, for libpysal, compare its links with ours."""
    make, work = WAYS[way][name]
    work(make(PROBE // 10))  # what is imported late is imported now
    layer = make(n)
    before, seconds = held(), []
    for _ in range(runs):
        result = None  # two results at once are no need of the builder
        start = time.perf_counter()
        result = work(layer)
        seconds.append(time.perf_counter() - start)
    found = {"seconds": seconds, "peak_mb": held(), "input_mb": before}
    if way == "theirs":
        same(WAYS["ours"][name][1](layer), result)
    return found


def apart(way, name, n, runs):
    """Give the same from a fresh process."""
    command = [sys.executable, __file__, "--one", json.dumps([way, name, int(n), runs])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way}, {name}, {n:,} units failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def feasible(name, n):
    """As many units as libpysal does in two minutes, at most n."""
    if n <= PROBE:
        return n
    per_unit = apart("theirs", name, PROBE, 1)["seconds"][0] / PROBE
    while per_unit * n > LONGEST:
        n //= 2
    return n


def rows_of(name, n, runs):
    """Our figures and libpysal's if it has such a builder, with the ratio at the size both did."""
    ours = apart("ours", name, n, runs)
    found = [timed(name, n, ours)]
    if name in WAYS["theirs"]:
        few = feasible(name, n)
        theirs = apart("theirs", name, few, runs)
        at_few = ours if few == n else apart("ours", name, few, runs)
        ratio = statistics.median(theirs["seconds"]) / statistics.median(at_few["seconds"])
        found.append(timed(f"libpysal: {name}", few, theirs) | {"ratio": ratio})
    return found


def timed(what, n, measured):
    """One row of the table."""
    seconds = measured["seconds"]
    return {
        "what": what,
        "n": n,
        "median_s": statistics.median(seconds),
        "min_s": min(seconds),
        "max_s": max(seconds),
        "peak_mb": round(measured["peak_mb"]),
        "note": f"{measured['input_mb']:,.0f} MB before",
    }


def written(found):
    """One row as a line of text."""
    line = f"{found['what']:<44} {found['n']:>11,} {found['median_s']:8.2f} s"
    line += f" {found['peak_mb']:>7,} MB ({found['note']})"
    return line + (f"; ratio {found['ratio']:.1f}" if "ratio" in found else "")


def smoke():
    """Assert what the figures rest on, for few units."""
    for name, (make, ours, theirs, share) in LAYERS.items():
        layer = make(int(SMALL * share))
        built = ours(layer)
        if theirs:
            same(built, theirs(layer))
        print(f"{name:<34} {'the same links as libpysal' if theirs else 'runs'}")
    arrays = {name: work(make(SMALL)) for name, (make, work) in ARRAYS.items()}
    for name, of_layer in (
        ("contiguity_links, queen, squares", "contiguity, queen, squares"),
        ("knn_links, k=8, projected", "knn, k=8, projected"),
        ("band_links, projected", "distance_band, projected"),
    ):
        make, ours, *_ = LAYERS[of_layer]
        same((np.arange(SMALL), arrays[name]), ours(make(SMALL)))
    degrees = weights().knn(towns(SMALL), k=8, standardise=None)
    same((np.arange(SMALL), arrays["knn_links, k=8, geodesic"]), degrees)
    ids, links = arrays["as_links of (ids, csr)"]
    assert (links != lattice(SMALL)[1]).nnz == 0 and np.array_equal(ids, lattice(SMALL)[0])
    print("array forms: the same links as the builders")


def main():
    """Print every figure of one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="units of the layers")
    parser.add_argument(
        "--arrays", type=int, help="units of the array forms, --n by default; 10000000 takes minutes"
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="file to write the rows to")
    parser.add_argument("--smoke", action="store_true", help="assert correctness for few units, time nothing")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.one:
        print(json.dumps(measure(*json.loads(options.one))))
        return
    if options.smoke:
        smoke()
        return

    tasks = [(name, int(options.n * share)) for name, (*_, share) in LAYERS.items()]
    tasks += [(name, options.arrays or options.n) for name in ARRAYS]
    rows = []
    for name, n in tasks:
        for found in rows_of(name, n, options.runs):
            rows.append(found)
            print(written(found), flush=True)
    if options.json:
        options.json.write_text(
            json.dumps({"title": TITLE, "notes": NOTES, "rows": rows}, indent=2) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
