"""The examples of `docs/language.md` compile, or are refused as they say, and the tables hold."""

import importlib.util
import re
from pathlib import Path

import pytest

import scriptc
from scriptc.frontend.expressions import EXPRESSIONS
from scriptc.frontend.statements import STATEMENTS
from scriptc.frontend.subset import NAMES

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_examples_compile_or_are_refused_as_they_say(tmp_path):
    path = tmp_path / "examples.py"
    path.write_text("\n".join(BLOCKS), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("examples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for block in BLOCKS:
        *_, name = re.findall(r"^(?:def )?(\w+)(?: = |\()", block, re.MULTILINE)
        reason = re.search(r"# refused: (.*)", block)
        if reason is None:
            scriptc.script(getattr(module, name))
        else:
            with pytest.raises(scriptc.CompileError, match=re.escape(reason[1])):
                scriptc.script(getattr(module, name))


def test_what_is_outside_the_subset_has_a_name_and_an_advice():
    refused = {c.__name__: words for c, words in NAMES.items()}
    compiled = {c.__name__ for c in (*STATEMENTS, *EXPRESSIONS)}
    for what, instead in refused.values():
        assert what
        assert instead
    text = PAGE.read_text(encoding="utf-8")
    for name in ("Try", "With", "Match", "Global", "Nonlocal"):
        assert name not in compiled
        assert f"`{name.lower()}`" in text
