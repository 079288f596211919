"""Importing the modules of an example, whose scripts import each other by their plain names."""

import importlib
import sys
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples"


@contextmanager
def example(name, *modules):
    """Give the modules of the example of that name; afterwards they are forgotten again."""
    folder = FOLDER / name
    own = {path.stem for path in folder.glob("*.py")}
    before = {key: sys.modules.pop(key) for key in own if key in sys.modules}
    sys.path.insert(0, str(folder))
    try:
        yield [importlib.import_module(module) for module in modules]
    finally:
        sys.path.remove(str(folder))
        for key in own:
            sys.modules.pop(key, None)
        sys.modules.update(before)
