"""What each operation becomes in C: one table, put together from the families."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from scriptc.runtime.native.emitter.function import Lowering
from scriptc.runtime.native.lowerings import (
    arrays,
    containers,
    creation,
    elementwise,
    gathering,
    iteration,
    joining,
    numbers,
    operators,
    products,
    rearranging,
    reductions,
    subscripts,
    windows,
)


def _assemble(*families: ModuleType) -> Mapping[str, Lowering]:
    table: dict[str, Lowering] = {}
    for family in families:
        for name, lowering in family.LOWERINGS.items():
            assert name not in table, f"`{name}` is lowered twice"
            table[name] = lowering
    return MappingProxyType(table)


LOWERINGS = _assemble(
    operators, numbers, elementwise, reductions, products, subscripts, arrays, creation,
    containers, iteration, windows, joining, rearranging, gathering,
)  # fmt: skip
"""The lowering of each operation that has one, by its name."""
