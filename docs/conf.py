"""Sphinx configuration. The build fetches nothing: no remote fonts, inventories or extensions."""

import sys
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))
from graph_lexer import GraphLexer

_pyproject = Path(__file__).parent.parent / "pyproject.toml"

project = "scriptc"
author = "The scriptc developers"
release = tomllib.loads(_pyproject.read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"scriptc {release}"


def setup(app: Sphinx) -> None:
    """Teach Sphinx the colours of `.graph`."""
    app.add_lexer("graph", GraphLexer)
