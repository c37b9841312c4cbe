"""Build wheel and sdist, check their metadata, and run the demonstration from the wheel in an empty environment."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# what an installed package must bring along
DATA = (
    "china_cities.gpkg",
    "hospital_panel.csv",
    "flows.csv.gz",
    "hospitals.csv",
    "truth.json",
    "us_states.gpkg",
)
QUICK = """
import sys, time
start = time.perf_counter()
import spatialhealth
spent = time.perf_counter() - start
heavy = [name for name in ("matplotlib", "pandas", "geopandas", "libpysal") if name in sys.modules]
assert not heavy, heavy
assert spent < 1, spent
print(f"import spatialhealth: {spent:.2f} s, nothing heavy")
"""


def run(*command: str, cwd: Path = ROOT) -> None:
    """Run a command, and stop if it fails."""
    print("$", " ".join(command), flush=True)
    subprocess.run(command, cwd=cwd, check=True)


def main() -> int:
    """Do all of it in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run(sys.executable, "-m", "build", "--outdir", str(place / "dist"), ".")
        files = sorted((place / "dist").iterdir())
        run(sys.executable, "-m", "twine", "check", "--strict", *map(str, files))
        wheel = next(path for path in files if path.suffix == ".whl")
        inside = set(zipfile.ZipFile(wheel).namelist())
        absent = [name for name in DATA if f"spatialhealth/sample_data/{name}" not in inside]
        assert not absent, f"the wheel lacks {absent}"
        assert "spatialhealth/py.typed" in inside
        venv.create(place / "venv", with_pip=True)
        python = place / "venv" / "bin" / "python"
        run(str(python), "-m", "pip", "install", "--quiet", str(wheel))
        run(str(python), "-c", QUICK, cwd=place)
        run(str(place / "venv" / "bin" / "spatialhealth"), "demo", "--out", str(place / "report"), cwd=place)
        assert (place / "report" / "report.html").stat().st_size > 100_000
    return 0


if __name__ == "__main__":
    sys.exit(main())
