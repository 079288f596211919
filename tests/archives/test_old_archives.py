"""Archives of every released format load for ever, and answer as they did."""

import json
from pathlib import Path

import pytest

import scriptc
from archives.v1.make import arguments_of, shown

FOLDER = Path(__file__).parent / "v1"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))


def close(a, b):
    """Compare results; a product of matrices may differ in the last bits between machines."""
    if isinstance(a, float) and isinstance(b, float):
        return a == pytest.approx(b, rel=1e-5, abs=1e-7, nan_ok=True)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    return type(a) is type(b) and a == b


def test_each_archive_has_an_expectation():
    assert sorted(p.stem for p in FOLDER.glob("*.scriptc")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_old_archive_answers_as_it_did(name):
    loaded = scriptc.load(FOLDER / f"{name}.scriptc")
    expected = EXPECTED[name]
    arguments = arguments_of(expected["arguments"])
    for result in expected["results"]:
        assert close(json.loads(json.dumps(shown(loaded(*arguments)))), result)
    assert str(loaded.graph) == expected["graph"]
    assert loaded.code
