"""The reference of operations is what the registry says."""

import importlib.util
from pathlib import Path
from types import ModuleType

from scriptc.ir.ops import FAMILIES, REGISTRY

DOCS = Path(__file__).parents[2] / "docs"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen", DOCS / "generate_operations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(golden) -> None:
    golden(DOCS / "operations.md", generator().render())


def test_each_operation_is_in_one_family() -> None:
    assert sorted(o.name for ops in FAMILIES.values() for o in ops) == sorted(REGISTRY)
