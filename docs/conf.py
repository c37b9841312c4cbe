"""How Sphinx builds these pages; warnings are errors (`make docs`)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils import unescape
from sphinx.domains.python import PyXRefRole

import spatialhealth

sys.path.insert(0, str(Path(__file__).parent))  # so that the gallery finds what keeps its pictures

project = "spatialhealth"
author = "The spatialhealth developers"
copyright = "2026, The spatialhealth developers"
version = release = spatialhealth.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
templates_path = ["_templates"]
exclude_patterns = [
    "_build",
    "_templates",
    "gallery",
    "notebooks",
    "**/GALLERY_HEADER.rst",
    "auto_examples/**/*.ipynb",
]
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

autosummary_generate = True
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"  # the docstrings say kinds and shapes
default_role = "py:name"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False


def on_lines_of_their_own(app, what, name, obj, options, lines):
    """Put what a folder gives, and what comes next, on lines of their own below what it takes."""
    if what == "module":
        for place in reversed(range(len(lines))):
            if lines[place].startswith(("**Gives**", "**Next**")):
                lines.insert(place, "")


class Name(PyXRefRole):
    """A name between single backticks: code, and a link where it is one of ours.

    A plain word, such as `table` or `index`, may be a column or an argument: it is never a link.
    """

    def run(self):
        """Make code of plain words, and look all other names up."""
        if re.match(r"[A-Z]|spatialhealth\.|[a-z]+_[a-z]", self.text):
            return super().run()
        return [nodes.literal(self.rawtext, unescape(self.text))], []


def setup(app):
    """Register what is done to docstrings."""
    app.add_role_to_domain("py", "name", Name())
    app.connect("autodoc-process-docstring", on_lines_of_their_own)


def pictures(block, block_vars, gallery_conf):
    """Keep the pictures that a block of a script leaves: figures that no pyplot knows of."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy import ravel
    from sphinx_gallery.scrapers import figure_rst

    kept = gallery_conf.setdefault("kept_pictures", set())
    found = []
    for value in block_vars["example_globals"].values():
        first = ravel(value)[0] if type(value).__module__ == "numpy" and getattr(value, "size", 0) else value
        figure = first.figure if isinstance(first, Axes) else first
        if isinstance(figure, Figure) and id(figure) not in kept:
            kept.add(id(figure))
            path = next(block_vars["image_path_iterator"])
            figure.savefig(path, dpi=110)
            found.append(path)
    return figure_rst(found, gallery_conf["src_dir"])


sphinx_gallery_conf = {
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("conf.pictures",),
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "remove_config_comments": True,
    "show_memory": False,
    "download_all_examples": False,
    "plot_gallery": "True",
}

html_theme = "pydata_sphinx_theme"
html_title = "spatialhealth"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_sidebars = {"index": [], "start": []}
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 8,
}
