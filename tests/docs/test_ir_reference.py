"""The examples of the reference of `.graph` are what the printer prints."""

import re
from pathlib import Path

import pytest

from scriptc.ir.graph import CONTROL, STRUCTURAL_TRAITS, TERMINATORS
from scriptc.ir.opdef import Trait
from scriptc.ir.ops import REGISTRY
from scriptc.ir.parser import parse_program
from scriptc.ir.printer import print_program
from scriptc.ir.types import ATOMS

PAGE = (Path(__file__).parents[2] / "docs" / "ir.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```graph\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == PAGE.count("```graph") >= 3


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_prints_as_it_stands(text: str) -> None:
    assert print_program(parse_program(text, REGISTRY)) == text


@pytest.mark.parametrize(
    "word",
    [
        *(t.name for t in Trait if t is not Trait.GUARDED),
        *CONTROL,
        *TERMINATORS,
        *STRUCTURAL_TRAITS,
        *ATOMS,
    ],
)
def test_every_word_of_the_ir_is_explained(word: str) -> None:
    assert re.search(rf"`{word}\b", PAGE), word
