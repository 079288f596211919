"""All operations: `REGISTRY` maps the name of an operation to its declaration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType

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
    fourier,
    gathering,
    inplace,
    iteration,
    joining,
    limits,
    linear_algebra,
    lists,
    mathematics,
    nan_reductions,
    operators,
    polynomials,
    products,
    randomness,
    rearranging,
    reductions,
    reshaping,
    running,
    scalars,
    sets,
    sorting,
    statistics,
    strings,
    subscripts,
    ufunc_methods,
    windows,
)


def _families(*modules: ModuleType) -> Mapping[str, tuple[OpDef, ...]]:
    """Return the operations that modules declare, by the names of the modules."""
    return MappingProxyType({m.__name__.rpartition(".")[2]: m.OPS for m in modules})


def _assemble(families: Iterable[tuple[OpDef, ...]]) -> Mapping[str, OpDef]:
    registry: dict[str, OpDef] = {}
    for family in families:
        for opdef in family:
            assert opdef.name not in registry, f"`{opdef.name}` is declared twice"
            registry[opdef.name] = opdef
    return MappingProxyType(registry)


PYTHON_FAMILIES = _families(
    operators,
    comparisons,
    inplace,
    subscripts,
    containers,
    lists,
    dicts,
    iteration,
    scalars,
    formatting,
    strings,
    mathematics,
)
"""Python's own operations."""

NUMPY_FAMILIES = _families(
    elementwise,
    binary,
    attributes,
    dtypes,
    limits,
    conversion,
    creation,
    reshaping,
    joining,
    rearranging,
    diagonals,
    gathering,
    reductions,
    ufunc_methods,
    nan_reductions,
    statistics,
    running,
    sorting,
    sets,
    products,
    linear_algebra,
    fourier,
    polynomials,
    windows,
    randomness,
)
"""The operations of NumPy."""

FAMILIES: Mapping[str, tuple[OpDef, ...]] = {**PYTHON_FAMILIES, **NUMPY_FAMILIES}
"""All operations by family, in the order of the reference."""

REGISTRY: Mapping[str, OpDef] = _assemble(FAMILIES.values())
