"""Build the plug-in of QGIS as a zip, and check it against the rules of QGIS's repository of plug-ins.

`python tools/qgis_plugin.py build` writes dist/spatialhealth-qgis-VERSION.zip; `check ZIP` looks at any.
"""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "spatialhealth"
SOURCES = ROOT / "qgis_plugin"
PACKAGE = ROOT / NAME
# what works with numpy and scipy alone, starts no process and reads no pickle
FOLDERS = (
    "panel", "weights", "operator", "likelihood", "moments", "models", "impacts", "diagnostics", "attraction",
    "imbalance", "scenario", "qgis",
)  # fmt: skip
LEFT_OUT = ("cli.py",)
DATE = (2024, 1, 1, 0, 0, 0)  # the same sources make the same zip
REQUIRED = (
    "name", "description", "version", "qgisMinimumVersion", "author", "email", "about", "tracker", "repository",
)  # fmt: skip
FORBIDDEN = {".so", ".dll", ".dylib", ".pyd", ".exe", ".sh", ".bat", ".cmd", ".pyc", ".pyo"}
ENDINGS = {".py", ".txt", ".svg", ".md", ""}
LIMIT = 25 * 2**20
MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "shelve",
    "marshal",
    "subprocess",
    "multiprocessing",
    "ctypes",
    "joblib",
    "yaml",
}
CALLS = {"exec", "eval", "compile", "__import__"}
ATTRIBUTES = {("os", "system"), ("os", "popen"), ("tempfile", "mktemp"), ("np", "load")}


def version() -> str:
    """Give the version of the package."""
    text = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([^"]+)"', text)
    if found is None:
        raise SystemExit("spatialhealth/__init__.py has no __version__")
    return found[1]


def files() -> dict[str, str]:
    """Give every file of the zip: its path below the top folder, and its text."""
    found = {}
    for path in sorted(PACKAGE.glob("*.py")):
        if path.name not in LEFT_OUT:
            found[path.name] = path.read_text(encoding="utf-8")
    # QGIS asks the package that a plug-in is for this function
    found["__init__.py"] += "\n\nfrom spatialhealth.plugin import classFactory  # noqa: E402, F401\n"
    for folder in FOLDERS:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            found[path.relative_to(PACKAGE).as_posix()] = path.read_text(encoding="utf-8")
    for path in sorted(SOURCES.glob("*.py")):
        found[f"plugin/{path.name}"] = path.read_text(encoding="utf-8")
    icon = (SOURCES / "icon.svg").read_text(encoding="utf-8")
    found["icon.svg"] = found["plugin/icon.svg"] = icon
    found["LICENSE"] = (SOURCES / "LICENSE").read_text(encoding="utf-8")
    found["LICENSE-BSD.txt"] = (ROOT / "LICENSE").read_text(encoding="utf-8")
    found["metadata.txt"] = (
        (SOURCES / "metadata.txt").read_text(encoding="utf-8").replace("@VERSION@", version())
    )
    return found


def build(folder: Path) -> Path:
    """Write the zip, and give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{NAME}-qgis-{version()}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in sorted(files().items()):
            entry = zipfile.ZipInfo(f"{NAME}/{name}", DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            out.writestr(entry, text)
    return target


def faults(path: Path) -> list[str]:
    """Give what QGIS's repository would refuse, and what we do."""
    found = []
    if path.stat().st_size > LIMIT:
        found.append(f"{path.stat().st_size:,} bytes are more than {LIMIT:,}")
    with zipfile.ZipFile(path) as inside:
        names = inside.namelist()
        tops = {name.split("/")[0] for name in names}
        if len(tops) != 1 or not next(iter(tops)).isidentifier():
            found.append(f"there must be one top folder that Python can import; there are {sorted(tops)}")
            return found
        top = tops.pop()
        for needed in ("__init__.py", "metadata.txt", "LICENSE"):
            if f"{top}/{needed}" not in names:
                found.append(f"{needed} is missing")
        for name in names:
            found += _of_name(name)
            if name.endswith(".py"):
                found += _of_code(name, inside.read(name).decode("utf-8"))
        found += _of_metadata(inside.read(f"{top}/metadata.txt").decode("utf-8"), names, top)
    return found


def _of_name(name: str) -> list[str]:
    suffix, parts = Path(name).suffix.lower(), name.split("/")
    bad = {"__pycache__", "__MACOSX", ".git", ".."} & set(parts)
    if bad or suffix in FORBIDDEN or suffix not in ENDINGS or any(part.startswith(".") for part in parts):
        return [f"{name} must not be in the zip"]
    return []


def _of_code(name: str, text: str) -> list[str]:
    """Give what bandit calls critical."""
    found = []
    for node in ast.walk(ast.parse(text, name)):
        taken = []
        if isinstance(node, ast.Import):
            taken = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            taken = [node.module.split(".")[0]]
        found += [f"{name}:{node.lineno} imports {each}" for each in taken if each in MODULES]
        if isinstance(node, ast.Call):
            call = node.func
            if isinstance(call, ast.Name) and call.id in CALLS:
                found.append(f"{name}:{node.lineno} calls {call.id}")
            if isinstance(call, ast.Attribute) and (getattr(call.value, "id", ""), call.attr) in ATTRIBUTES:
                found.append(f"{name}:{node.lineno} calls {ast.unparse(call)}")
            if any(
                word.arg == "shell" and getattr(word.value, "value", None) is True for word in node.keywords
            ):
                found.append(f"{name}:{node.lineno} asks for a shell")
    return found


def _of_metadata(text: str, names: list[str], top: str) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    general = parser["general"]
    found = [f"metadata.txt lacks {key}" for key in REQUIRED if not general.get(key, "").strip()]
    if general.get("hasProcessingProvider") != "yes":
        found.append(
            "metadata.txt must say hasProcessingProvider=yes, or qgis_process does not load the plug-in"
        )
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", general.get("version", "")):
        found.append("the version must be numbers with points")
    if f"{top}/{general.get('icon')}" not in names:
        found.append("the icon is missing")
    for key in ("homepage", "tracker", "repository"):
        if not general.get(key, "").startswith("https://"):
            found.append(f"{key} must be a web address")
    return found


IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in %r:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Nothing())
import spatialhealth
assert spatialhealth.__file__.startswith(sys.argv[1]), spatialhealth.__file__
names = [m.name for m in pkgutil.walk_packages(spatialhealth.__path__, "spatialhealth.")]
names = [n for n in names if not n.startswith("spatialhealth.plugin.")]
for name in names:
    importlib.import_module(name)
print(len(names), "modules import with numpy and scipy only")
"""
HEAVY = (
    "pandas", "geopandas", "libpysal", "esda", "spreg", "formulaic", "shapely", "pyproj", "matplotlib", "mapclassify",
    "joblib", "tqdm", "pooch", "jinja2", "access", "pyfixest", "threadpoolctl", "sklearn",
)  # fmt: skip


def imports(path: Path, python: str = sys.executable) -> str:
    """Import every module of the package in the zip, with all libraries but numpy and scipy hidden."""
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(path).extractall(folder)
        done = subprocess.run(
            [python, "-c", IMPORT_ALL % (HEAVY,), folder], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.strip()


def check(path: Path) -> None:
    """Say what is wrong with a zip, and end with an error if anything is."""
    wrong = faults(path)
    for each in wrong:
        print(each)
    if wrong:
        raise SystemExit(f"{path.name}: {len(wrong)} faults")
    print(f"{path.name}: {path.stat().st_size / 1024:,.0f} kB; {imports(path)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["build"]:
        built = build(ROOT / "dist")
        check(built)
        print(built)
    elif sys.argv[1:2] == ["check"] and len(sys.argv) == 3:
        check(Path(sys.argv[2]))
    else:
        raise SystemExit(__doc__)
