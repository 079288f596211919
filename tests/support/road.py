"""The whole road of a program: script, save, load, run; and what it has to equal."""

import copy
import math
import tempfile
from pathlib import Path

import numpy as np

import scriptc


def describe(value):
    """Return a value in a form whose `==` compares types, dtypes, shapes and bits."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return type(value).__name__, array.dtype.str, array.shape, array.tobytes()
    if isinstance(value, float):
        return "float", "nan" if math.isnan(value) else value.hex()
    if isinstance(value, list | tuple):
        return type(value).__name__, [describe(v) for v in value]
    if isinstance(value, dict):
        return "dict", [(describe(k), describe(v)) for k, v in value.items()]
    return type(value).__name__, value


def outcome(function, arguments):
    """Return what a call does: its result or exception, and its arguments as it leaves them."""
    arguments = copy.deepcopy(arguments)
    try:
        result = ("returns", describe(function(*arguments)))
    except Exception as error:  # noqa: BLE001 - whichever it is, the other has to raise it too
        result = ("raises", type(error).__name__, str(error))
    return result, describe(list(arguments))


def save_and_load(scripted):
    """Return what comes back from the archive of a compiled function or module."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.scriptc"
        scripted.save(path)
        return scriptc.load(path)


def road(program, *calls, examples=False):
    """Assert that a function or module does the same eagerly, scripted, and saved and loaded.

    `calls` are tuples of arguments. With `examples`, the first gives the types of parameters that
    have no annotation. A bound method may keep state: each form has its own object, and gets all
    calls in order. Returns the loaded program.
    """
    inputs = calls[0] if examples else None
    scripted = scriptc.script(copy.deepcopy(program), example_inputs=inputs)
    loaded = save_and_load(scripted)
    for arguments in calls:
        expected = outcome(program, arguments)
        assert outcome(scripted, arguments) == expected, "scripted"
        assert outcome(loaded, arguments) == expected, "loaded"
    return loaded
