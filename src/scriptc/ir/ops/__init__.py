"""All operations: `REGISTRY` maps the name of an operation to its declaration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from scriptc.ir.opdef import OpDef
from scriptc.ir.ops import (
    attributes,
    binary,
    comparisons,
    containers,
    conversion,
    creation,
    diagonals,
    dicts,
    dtypes,
    elementwise,
    formatting,
    gathering,
    inplace,
    iteration,
    joining,
    lists,
    mathematics,
    operators,
    randomness,
    rearranging,
    reductions,
    reshaping,
    scalars,
    strings,
    subscripts,
    windows,
)


def _assemble(families: Iterable[tuple[OpDef, ...]]) -> Mapping[str, OpDef]:
    registry: dict[str, OpDef] = {}
    for family in families:
        for opdef in family:
            assert opdef.name not in registry, f"`{opdef.name}` is declared twice"
            registry[opdef.name] = opdef
    return MappingProxyType(registry)


NUMPY_FAMILIES: tuple[tuple[OpDef, ...], ...] = (
    elementwise.OPS,
    binary.OPS,
    attributes.OPS,
    dtypes.OPS,
    conversion.OPS,
    creation.OPS,
    reshaping.OPS,
    joining.OPS,
    rearranging.OPS,
    diagonals.OPS,
    gathering.OPS,
    reductions.OPS,
    windows.OPS,
    randomness.OPS,
)
"""The operations of NumPy, by family."""

REGISTRY: Mapping[str, OpDef] = _assemble(
    (
        # Python's own
        operators.OPS,
        comparisons.OPS,
        inplace.OPS,
        subscripts.OPS,
        containers.OPS,
        lists.OPS,
        dicts.OPS,
        iteration.OPS,
        scalars.OPS,
        formatting.OPS,
        strings.OPS,
        mathematics.OPS,
        # NumPy's
        *NUMPY_FAMILIES,
    )
)
