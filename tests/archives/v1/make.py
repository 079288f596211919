"""Write the archives of format 1 that are kept for ever, and what the programs in them answer.

    PYTHONPATH=src:tests python tests/archives/v1/make.py

Run it once for a format, before its release. What it wrote is not written again: the point of these
files is that they are old.
"""

import io
import json
from pathlib import Path

import numpy as np

import scriptc
from archives.programs import Gate, Recurrent, X, early, strings
from scriptc import nn
from support.archives import members_of, rebuilt

FOLDER = Path(__file__).parent
CALLS = {
    "strings": (strings, [["eins", "größer", ""], 2]),
    "early": (early, [X.tolist(), 5]),
    "gate": (Gate, [X.tolist()]),
    "recurrent": (Recurrent, [X.tolist()]),
    "network": (lambda: nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)), [X.tolist()]),
}


def arguments_of(listed):
    """Return arguments from their JSON: a list of floats is an array."""
    return [
        np.array(a) if isinstance(a, list) and all(isinstance(v, float) for v in a) else a
        for a in listed
    ]


def shown(value):
    """Return a result as JSON can hold it."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return [array.dtype.name, list(array.shape), array.ravel().tolist()]
    if isinstance(value, list | tuple):
        return [type(value).__name__, [shown(v) for v in value]]
    if isinstance(value, dict):
        return [[shown(k), shown(v)] for k, v in value.items()]
    return value


def without_paths(archive):
    """Return an archive whose source files have the paths that they have in the repository."""
    found = {}
    for name in ("program.graph", "sources.json"):
        text = members_of(archive)[name].decode()
        for root in ("src", "tests"):
            text = text.replace(f"{FOLDER.parents[2] / root}/", "")
        found[name] = text.encode()
    return rebuilt(archive, found)


def main():
    nn.manual_seed(1)
    expected = {}
    for name, (program, listed) in CALLS.items():
        made = program
        if isinstance(program, type):
            made = program(4) if program is Gate else program()
        elif program.__name__ == "<lambda>":
            made = program()
        scripted = scriptc.script(made)
        kept = io.BytesIO()
        scripted.save(kept)
        (FOLDER / f"{name}.scriptc").write_bytes(without_paths(kept.getvalue()))
        results = [shown(scripted(*arguments_of(listed))) for _ in range(2)]
        expected[name] = {"arguments": listed, "results": results, "graph": str(scripted.graph)}
    text = json.dumps(expected, indent=1, ensure_ascii=False) + "\n"
    (FOLDER / "expected.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
