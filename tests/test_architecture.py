"""House rules that a machine can hold. The direction of imports is held by import-linter."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import spatialhealth

PACKAGE = Path(spatialhealth.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE, LONGEST_BODY = 400, 60

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(module):
    return [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def body_length(function):
    """Lines from the first statement after the docstring to the last."""
    body = function.body if ast.get_docstring(function) is None else function.body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_there_is_something_to_check():
    assert len(FILES) > 40


def test_length_of_a_body_leaves_signature_and_docstring_out():
    source = 'def f(\n    a,\n):\n    """One.\n\n    Two.\n    """\n    b = a\n    return b\n'
    assert body_length(ast.parse(source).body[0]) == 2


@each_file
def test_a_file_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@each_file
def test_a_function_fits_on_a_screen(path):
    long = {f.name: body_length(f) for f in functions(tree(path)) if body_length(f) > LONGEST_BODY}
    assert not long


@each_file
def test_a_file_says_what_it_is_and_what_it_gives(path):
    module = tree(path)
    assert ast.get_docstring(module), "a module opens with one sentence"
    if path.name == "__main__.py":
        return
    names = {target.id for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign)
             for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
             if isinstance(target, ast.Name)}  # fmt: skip
    assert "__all__" in names


@each_file
def test_what_a_file_lists_it_has(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    module = __import__(name, fromlist=["_"]) if path.name != "__main__.py" else None
    if module is not None:
        assert [listed for listed in module.__all__ if not hasattr(module, listed)] == []
        assert list(module.__all__) == list(dict.fromkeys(module.__all__))


@each_file
def test_no_print_and_no_star_import(path):
    module = tree(path)
    stars = [
        n for n in ast.walk(module) if isinstance(n, ast.ImportFrom) and any(a.name == "*" for a in n.names)
    ]
    assert not stars
    relative = [n for n in ast.walk(module) if isinstance(n, ast.ImportFrom) and n.level]
    assert not relative, "imports are absolute"
    if path.name in ("cli.py", "__main__.py"):
        return
    prints = [
        n.lineno
        for n in ast.walk(module)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
    ]
    assert not prints


@each_file
def test_public_functions_and_classes_have_docstrings(path):
    public = [
        node
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in FILES} - {PACKAGE}),
    ids=lambda folder: folder.relative_to(PACKAGE).as_posix(),
)
def test_a_folder_says_what_it_takes_and_gives_and_where_to_go_next(folder):
    docstring = ast.get_docstring(tree(folder / "__init__.py"))
    places = [docstring.find(word) for word in ("**Takes**", "**Gives**", "**Next**")]
    assert -1 not in places and places == sorted(places)
