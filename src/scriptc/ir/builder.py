"""Building IR: an insertion point, constants, and operations whose result types are inferred."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from scriptc.ir.graph import (
    UNBOUND,
    Block,
    Constant,
    ExceptionRef,
    Function,
    FunctionRef,
    Operation,
    Value,
)
from scriptc.ir.location import Location
from scriptc.ir.opdef import UNKNOWN, Args, OpDef, RuleError, check_operands
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    DTYPE,
    DTYPES,
    ELLIPSIS,
    FLOAT,
    FUNCTION,
    INT,
    NEVER,
    NONE,
    RANGE,
    SLICE,
    STR,
    TENSOR,
    DictType,
    ListType,
    TensorType,
    TupleType,
    Type,
    TypeVariable,
    either,
    generalize,
    is_numeric_union,
    join,
    members_of,
    prune,
)

_ATOMS: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    float: FLOAT,
    complex: COMPLEX,
    str: STR,
    type(None): NONE,
    type(...): ELLIPSIS,
    slice: SLICE,
    range: RANGE,
    FunctionRef: FUNCTION,
    ExceptionRef: FUNCTION,
}
_MAX_CHOICES = 32
INT_MIN, INT_MAX = -(2**63), 2**63 - 1


def type_of(value: Any) -> Type:
    """Return the type of a Python or NumPy value.

    Raises `RuleError` for a value that no type describes, naming what is wrong with it.
    """
    atom = _ATOMS.get(type(value))
    if atom is not None:
        if atom is INT and not INT_MIN <= value <= INT_MAX:
            raise RuleError(f"the int {value} does not fit in 64 bits")
        return atom
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.name not in DTYPES:
            raise RuleError(f"arrays of dtype {value.dtype} are not supported")
        return TensorType(value.dtype.name, value.shape)
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        if np.dtype(value).name not in DTYPES:
            raise RuleError(f"the dtype {np.dtype(value)} is not supported")
        return DTYPE
    if type(value) is tuple:
        return TupleType(tuple(map(type_of, value)))
    if type(value) is list:
        return ListType(_common_type(value, "list"))
    if type(value) is dict:
        return DictType(_common_type(value, "dict's keys"), _common_type(value.values(), "dict"))
    raise RuleError(f"a value of type {type(value).__qualname__} is not supported")


def _common_type(values: Any, what: str) -> Type:
    common: Type = TypeVariable()
    for value in values:
        type_ = generalize(type_of(value))
        joined = type_ if isinstance(common, TypeVariable) else join(common, type_)
        if joined is None:
            raise RuleError(f"the {what} mixes {common} and {type_}", "use one type throughout")
        common = joined
    return common


def constant(value: Any, type_: Type | None = None) -> Constant:
    """Make a constant; its type is that of the value unless given."""
    if isinstance(value, type) and issubclass(value, np.generic):
        value = np.dtype(value)
    if value is UNBOUND:
        return Constant(value, type_ or NEVER)
    return Constant(value, type_ or type_of(value))


def infer_types(opdef: OpDef, operands: Sequence[Value]) -> list[Type]:
    """Return the result types of an operation, or raise `RuleError`."""
    types = [prune(v.type) for v in operands]
    check_operands(opdef.schema, types)
    constants = [
        v.value if isinstance(v, Constant) and not _is_mutable(v.value) else UNKNOWN
        for v in operands
    ]
    if any(map(is_numeric_union, types)):
        merged = _infer_each(opdef, types, constants)
        if merged is not None:
            return merged
    inferred = opdef.infer(Args(opdef.schema, types, constants))
    return [inferred] if isinstance(inferred, Type) else list(inferred)


def _infer_each(opdef: OpDef, types: Sequence[Type], constants: Sequence[Any]) -> list[Type] | None:
    """Return the result types of an operation on numeric unions: those of each member, merged.

    None if they do not merge, as those of a tuple of such a value, or are too many.
    """
    choices = [members_of(t) if is_numeric_union(t) else (t,) for t in types]
    if math.prod(map(len, choices)) > _MAX_CHOICES:
        return None
    results: list[Type] | None = None
    for chosen in itertools.product(*choices):
        inferred = opdef.infer(Args(opdef.schema, chosen, constants))
        found = [inferred] if isinstance(inferred, Type) else list(inferred)
        if results is None:
            results = found
            continue
        merged = list(map(either, results, found))
        if len(found) != len(results) or None in merged:
            return None
        results = [type_ for type_ in merged if type_ is not None]
    return results


def _is_mutable(value: Any) -> bool:
    """Tell whether the program may change a constant, so that no type may depend on its value."""
    if isinstance(value, tuple):
        return any(map(_is_mutable, value))
    return isinstance(value, np.ndarray | list | dict)


class Builder:
    """Appends operations at the end of `block`, stamped with `location`."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.location: Location | None = None

    @contextmanager
    def at(self, block: Block) -> Iterator[Block]:
        """Build into another block for a while."""
        outer, self.block = self.block, block
        try:
            yield block
        finally:
            self.block = outer

    def insert(self, operation: Operation) -> Operation:
        operation.location = operation.location or self.location
        self.block.append(operation)
        return operation

    def build(self, opdef: OpDef, operands: Sequence[Value], name: str = "") -> Operation:
        """Append an operation with its operands in schema order; return it."""
        result_types = infer_types(opdef, operands)
        operation = Operation(
            opdef.name, operands, result_types, opdef=opdef, result_names=[name] if name else ()
        )
        return self.insert(operation)

    def call(self, function: Function, arguments: Sequence[Value]) -> Value:
        """Append a call. The callee's return type must be known."""
        assert function.return_type is not None, f"@{function.name} is not finished"
        callee = constant(FunctionRef(function.name))
        return self.insert(Operation("call", [callee, *arguments], [function.return_type])).result

    def terminate(self, name: str, operands: Sequence[Value] = ()) -> Operation:
        """Append a terminator: `yield`, `continue`, `break`, `return` or `raise`."""
        return self.insert(Operation(name, operands, []))


__all__ = ["TENSOR", "Builder", "constant", "infer_types", "type_of"]
