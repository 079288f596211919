"""What users are told: each program of `cases/` beside the error that it gives.

A case defines `main`, the object to compile, and may define `EXAMPLES`, its example inputs, and
`CALL`, the arguments to call it with if it compiles.
"""

import importlib.util
import linecache
import re
import traceback
from pathlib import Path

import pytest

import scriptc

LIBRARY = re.compile(re.escape(str(Path(scriptc.__file__).parent)) + r"/([\w/]+\.py):\d+:\d+")
"""Places in the library, whose lines change with it."""
CASES = sorted(Path(__file__).with_name("cases").glob("*.py"))


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def error_of(path):
    """Return the text of the error that a case gives, with paths relative to the case."""
    module = load(path)
    try:
        scripted = scriptc.script(module.main, example_inputs=getattr(module, "EXAMPLES", None))
        scripted(*getattr(module, "CALL", ()))
    except scriptc.CompileError as error:
        text = str(error).strip()
    except scriptc.Error as error:
        text = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - what the program raises at run time is the case
        frames = traceback.extract_tb(error.__traceback__)
        # How much of the source Python shows and underlines depends on its version.
        shown = [
            f'File "{frame.filename}", line {frame.lineno}, in {frame.name}\n'
            f"    {linecache.getline(frame.filename, frame.lineno).strip()}\n"
            for frame in frames
            if frame.filename == str(path)
        ]
        text = "".join([*shown, *traceback.format_exception_only(error)]).strip()
    else:
        pytest.fail("the program runs")
    text = text.replace(f"{path.parent}/", "")
    return LIBRARY.sub(r"scriptc/\1", text) + "\n"


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_error(path, golden):
    golden(path.with_suffix(".err"), error_of(path))


def test_every_diagnostic_of_the_front_end_has_a_case():
    from scriptc.frontend import errors

    said = "".join(path.read_text() for path in CASES[0].parent.glob("*.err"))
    codes = {
        found.code
        for found in vars(errors).values()
        if isinstance(found, type) and getattr(found, "code", "")
    }
    missing = {code for code in codes if f"error[{code}]" not in said}
    # Files that change or have no source are written by tests of their own.
    assert missing == {"source-changed", "no-source"}
