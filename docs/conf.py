"""The site that ``make docs`` builds out of the repository's pages and docstrings; it reads nothing from the network.

The root of the repository is the root of the site, so every relative link is the same here and on a code host.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path, PurePosixPath

import onmt_evsoftmax
from onmt_evsoftmax import normalizers
from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.normalizers import losses

project = "onmt_evsoftmax"
author = "The onmt_evsoftmax authors"
release = version = onmt_evsoftmax.__version__
copyright = author

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
root_doc = "README"
include_patterns = ["README.md", "CHANGELOG.md", "docs/**", "data/**.md", "other_experiments/**.md"]
exclude_patterns = [".*", "runs", "docs/conf.py"]

# the anchors of a code host
myst_heading_anchors = 4
nb_execution_mode = "off"  # tutorial.ipynb has its outputs; `make tutorial` runs it
nb_merge_streams = True
copybutton_exclude = ".linenos, .gp, .go"

# docstrings are plain text that `help()` shows as well: `name` is code
default_role = "code"
autodoc_typehints = "description"  # beside the arguments that a docstring explains; the signature stays short
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100

html_theme = "furo"
pygments_style = "friendly"
pygments_dark_style = "github-dark"
html_title = f"onmt_evsoftmax {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
templates_path = ["_templates"]
html_additional_pages = {"index": "front.html"}  # the front page is README.html, as on a code host


def _public(module, kind) -> list[str]:
    """Names of the package that are of this kind and come from this module, in the order of its text."""
    return [name for name in onmt_evsoftmax._NAMES[module.__name__] if kind(getattr(module, name))]


LISTS = {
    "mappings": catalogue.names(),
    "more_functions": [
        name for name in _public(normalizers, inspect.isfunction) if name not in (*catalogue.names(), "register")
    ],
    "mapping_modules": _public(normalizers, inspect.isclass),
    "losses": _public(losses, inspect.isfunction),
    "loss_modules": _public(losses, inspect.isclass),
}
"""The pages of the reference loop over these, so that no name is listed there."""


ROOT = Path(__file__).resolve().parents[1]
NAVIGATION = {
    "Start": ["quickstart", "tutorial", "commands"],
    "Use": ["normalizers", "attention", "transformers", "nn", "posthoc", "sweep", "extending"],
    "Results": ["results", "reproduce", "/other_experiments/README", "reliability"],
    "Reference": [f"reference/{page}" for page in ("mappings", "losses", "attention", "own", "files")],
    "Maintain": ["house", "/data/README", "/CHANGELOG"],
}
"""Pages below the README, which is the front page; those of docs/ that are not named here join "Use"."""

BELOW = {
    "docs/results": ["results/*"],
    "other_experiments/README": ["*/README"],
    "data/README": ["toy_grammar/README"],
}


def _toctree(pages: list[str], *options: str) -> str:
    return "\n".join(["", "```{toctree}", ":hidden:", ":glob:", *options, "", *pages, "```", ""])


def _navigation() -> str:
    named = {page for pages in NAVIGATION.values() for page in pages}
    unnamed = sorted({page.stem for page in ROOT.glob("docs/*.md")} - named)
    groups = {**NAVIGATION, "Use": NAVIGATION["Use"] + unnamed}
    places = {caption: [str(PurePosixPath("/docs") / page) for page in pages] for caption, pages in groups.items()}
    return "".join(_toctree(pages, f":caption: {caption}") for caption, pages in places.items())


def _fill(app, docname: str, source: list[str]) -> None:
    """Complete a page that is read, so that its source stays as readable on a code host."""
    if docname.startswith("docs/reference/"):
        source[0] = app.builder.templates.render_string(source[0], LISTS)
    elif docname == "README":
        source[0] += _navigation()
    elif docname in BELOW:
        source[0] += _toctree(BELOW[docname])
    elif docname.startswith("docs/results/"):
        source[0] = _written_by_a_command(docname.removeprefix("docs/results/"), source[0])


def _written_by_a_command(name: str, text: str) -> str:
    """A heading for tables without one; those of a folder are linked from their page, and have no place in the list."""
    if not re.search("^# ", text, flags=re.MULTILINE):
        text = f"# {name.replace('_', ' ').replace('/', ': ')}\n\n{text}"
    return f"---\norphan: true\n---\n\n{text}" if "/" in name else text


def setup(app) -> None:
    app.connect("source-read", _fill)
