"""Every example in a docstring of scriptc is run."""

import doctest
import importlib
import pkgutil

import pytest

import scriptc

MODULES = [
    module.name
    for module in pkgutil.walk_packages(scriptc.__path__, "scriptc.")
    if not module.name.endswith(".__main__")
]


@pytest.mark.parametrize("name", ["scriptc", *MODULES])
def test_docstring_examples(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert results.failed == 0
