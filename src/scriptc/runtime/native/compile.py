"""From a call of a program to C: what is specialised, what the code takes, and its whole text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scriptc.ir.graph import Constant, Function, Instance, Program, Value
from scriptc.ir.opdef import RuleError, Trait
from scriptc.ir.passes.constant_folding import is_small
from scriptc.ir.passes.known_dicts import MAX_KEYS
from scriptc.ir.passes.manager import inlined
from scriptc.ir.passes.specialize import Given, NotSpecializable, specialize
from scriptc.ir.types import (
    COMPLEX,
    FLOAT,
    INT,
    STR,
    ClassType,
    DictType,
    Dim,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    ViewType,
    members_of,
    prune,
    resolve,
)
from scriptc.runtime.native.abi import (
    C_TYPES,
    MAX_RANK,
    DictSlot,
    EntryPoint,
    ListSlot,
    NoneSlot,
    Parameter,
    ScalarSlot,
    Slot,
    TensorSlot,
    TextSlot,
    TupleSlot,
)
from scriptc.runtime.native.emitter.function import PYTHON_DTYPES, emit_function
from scriptc.runtime.native.emitter.values import Unsupported
from scriptc.runtime.native.kernels import headers_of
from scriptc.runtime.native.lowerings import LOWERINGS
from scriptc.runtime.values import make_test

_HEAD = """\
/* Written by scriptc from {origin}. */
#include "scriptc.h"
#include "scriptc_math.h"
#include "scriptc_scalars.h"
#include "scriptc_threads.h"
{more}
"""
_NAMES = {d: n for n in C_TYPES for d in (np.dtype(n), np.dtype(n).newbyteorder())}
"""What `dtype.name` says, which NumPy takes a microsecond to put together."""


_MAX_TEXT = 40
"""How many letters a string may have that code is compiled for."""


@dataclass(frozen=True)
class NativeSource:
    """C source of one entry point, and the arrays that it takes as constants."""

    entry: EntryPoint
    text: str
    constants: tuple[np.ndarray[Any, Any], ...]
    watched: tuple[Any, ...] = ()
    """What the watched attributes of the entry point hold."""


def emit_source(
    function: Function,
    parameters: Sequence[Parameter],
    symbol: str,
    assigned: Sequence[tuple[str, ...]] = (),
) -> NativeSource:
    """Return the C of a specialised function. Raises `Unsupported` where there is none."""
    emitted = emit_function(function, LOWERINGS, symbol, parameters, assigned)
    return NativeSource(emitted.entry, with_head(function.origin, emitted.text), emitted.constants)


def with_head(origin: str, text: str) -> str:
    """Return a C file: functions in C with the headers that they need."""
    more = "".join(f'#include "{header}"\n' for header in headers_of(text))
    return _HEAD.format(origin=origin.replace("*/", "* /"), more=more) + text


def slot_of(value: Any) -> Slot | None:
    """Return how native code takes a value, or None if it does not."""
    match value:
        case None:
            return NoneSlot()
        case bool():
            return ScalarSlot("bool", python=True)
        case int() if type(value) is int:
            return ScalarSlot("int64", python=True)
        case float() if type(value) is float:
            return ScalarSlot("float64", python=True)
        case np.generic() if value.dtype in _NAMES:
            return ScalarSlot(_NAMES[value.dtype], python=False)
        case np.ndarray() if value.dtype in _NAMES and value.ndim <= MAX_RANK:
            sizes = tuple([1 if n == 1 else None for n in value.shape])
            return TensorSlot(_NAMES[value.dtype], sizes, value.flags.c_contiguous)
        case str() if type(value) is str and value.isascii() and len(value) <= _MAX_TEXT:
            return TextSlot(value)
        case tuple():
            parts = [slot_of(part) for part in value]
            known = [p for p in parts if p is not None and not isinstance(p, TextSlot | DictSlot)]
            return TupleSlot(tuple(known)) if len(known) == len(parts) else None
        case dict() if type(value) is dict and 0 < len(value) <= MAX_KEYS:
            return _dict_slot(value)
        case list() if value:
            element = slot_of(value[0])
            if isinstance(element, ScalarSlot) and element.python:
                return ListSlot(element)
    return None


def _dict_slot(value: dict[Any, Any]) -> DictSlot | None:
    if not all(type(k) is str and k.isascii() and len(k) <= _MAX_TEXT for k in value):
        return None
    keys = sorted(value)
    parts = [slot_of(value[key]) for key in keys]
    known = [p for p in parts if p is not None and not isinstance(p, TextSlot | DictSlot)]
    return DictSlot(tuple(known), tuple(keys)) if len(known) == len(keys) else None


def has_form(type_: Type) -> bool:
    """Tell whether values of a type may have a native form; where dtypes are not known they may."""
    match type_:
        case TensorType(dtype):
            return dtype is None or dtype in C_TYPES
        case TupleType(parts) | UnionType(parts):
            return all(map(has_form, parts))
        case ListType(element) | VariadicTupleType(element) | IteratorType(element):
            return has_form(element)
        case DictType() | ViewType() | ClassType():
            return False
    return type_ not in (STR, COMPLEX)


_CHOOSING = frozenset((
    "equal", "not_equal", "is", "is_not", "contains", "not", "bool", "format", "str_format",
    "concat_str", "add", "str", "repr",
))  # fmt: skip
"""Operations by which a string chooses what is done, or is told in a message."""


def is_choice(program: Program, entry: str, index: int) -> bool:
    """Tell whether a string argument only chooses among what a function does.

    Such a function is compiled for each string. One that takes its letters would be for each word.
    """
    function = inlined(program, entry).functions[entry]
    pending: list[Value] = [function.parameters[index]]
    while pending:
        for user in pending.pop().uses:
            if user.opdef is None:
                if user.name == "refine":
                    pending += user.results
                elif user.name != "raise":
                    return False
            elif user.name not in _CHOOSING:
                return False
            else:
                pending += [r for r in user.results if prune(r.type) == STR]
    return True


def is_record(program: Program, entry: str, index: int) -> bool:
    """Tell whether a function only asks an argument that is a dict for keys that it names."""
    function = inlined(program, entry).functions[entry]
    pending: list[Value] = [function.parameters[index]]
    while pending:
        value = pending.pop()
        for user in value.uses:
            if user.name == "refine" and user.opdef is None:
                pending += user.results
                continue
            key = user.operands[1] if len(user.operands) > 1 else None
            named = isinstance(key, Constant) and user.name in ("getitem", "contains", "dict_get")
            if (
                user.opdef is None
                or user.operands[0] is not value
                or not (named or user.name == "len")
            ):
                return False
    return True


def _given(slot: Slot, declared: Type, name: str) -> Given:
    """Return what a program is specialised for."""
    if isinstance(slot, TextSlot):
        return Constant(slot.value, STR)
    if not isinstance(slot, DictSlot):
        return _type_of(slot, declared, name)
    kinds = [m for m in members_of(resolve(declared)) if isinstance(m, DictType)]
    if not kinds:
        raise Unsupported(f"a dict as {declared}")
    parts = zip(slot.keys, slot.elements, strict=True)
    return {key: _type_of(part, kinds[0].value, f"{name}_{key}") for key, part in parts}


def _fixed_all(slot: Slot, arguments: Iterator[Value]) -> Slot:
    """Return a slot with the sizes that the types of its arguments fix."""
    if isinstance(slot, DictSlot):
        return replace(slot, elements=tuple(_fixed_all(e, arguments) for e in slot.elements))
    return _fixed(slot, prune(next(arguments).type))


def _type_of(slot: Slot, declared: Type, name: str) -> Type:
    """Return the type that a program is specialised for."""
    declared = resolve(declared)
    if isinstance(declared, UnionType):
        for member in declared.members:
            if _is_kind(slot, member):
                return _type_of(slot, member, name)
    match slot:
        case TensorSlot(dtype, sizes):
            known = declared.shape if isinstance(declared, TensorType) else None
            dims: list[Dim] = []
            for axis, size in enumerate(sizes):
                fixed = known[axis] if known is not None else None
                dims.append(fixed if isinstance(fixed, int) else size or f"{name}_{axis}")
            return TensorType(dtype, tuple(dims))
        case ScalarSlot(dtype, python):
            if python:
                return {v: k for k, v in PYTHON_DTYPES.items()}[dtype]
            return TensorType(dtype, ())
        case TupleSlot(elements):
            inner = declared.elements if isinstance(declared, TupleType) else ()
            parts = [*inner, *[prune(declared)] * (len(elements) - len(inner))]
            return TupleType(
                tuple(
                    _type_of(e, d, f"{name}_{i}")
                    for i, (e, d) in enumerate(zip(elements, parts, strict=True))
                )
            )
    return declared


def _is_kind(slot: Slot, type_: Type) -> bool:
    if isinstance(slot, TensorSlot) or (isinstance(slot, ScalarSlot) and not slot.python):
        return isinstance(type_, TensorType)
    if isinstance(slot, ScalarSlot):
        return PYTHON_DTYPES.get(type_) == slot.dtype
    if isinstance(slot, NoneSlot):
        return str(type_) == "None"
    if isinstance(slot, TextSlot):
        return type_ == STR
    return not isinstance(type_, TensorType) and type_ not in (INT, FLOAT)


def _fixed(slot: Slot, type_: Type) -> Slot:
    """Return a slot with the sizes that the type fixes."""
    if isinstance(slot, TensorSlot) and isinstance(type_, TensorType) and type_.shape is not None:
        sizes = tuple(d if isinstance(d, int) else None for d in type_.shape)
        return replace(slot, sizes=sizes)
    return slot


def compile_call(
    program: Program,
    entry: str,
    slots: Sequence[Slot],
    root: Instance | None,
    symbol: str,
) -> NativeSource:
    """Return the C of a function of a program for arguments of these slots.

    Raises `Unsupported` where there is none.
    """
    generic = program.functions[entry]
    parameters = generic.parameters[root is not None :]
    named = [d for p in parameters for d in _symbols(p.type)]
    if len(named) != len(set(named)) and not generic.outlined:  # those were checked before
        raise Unsupported("sizes with one name", generic.location)
    types = [_given(s, p.type, p.name) for s, p in zip(slots, parameters, strict=True)]
    try:
        special = specialize(program, entry, types, root)
    except NotSpecializable as error:
        raise Unsupported(error.reason, error.location) from None
    except RuleError as error:
        raise Unsupported(error.message, generic.location) from None
    arguments = iter(special.function.parameters)
    taken = [
        Parameter(p.name, _fixed_all(s, arguments), keyword_only=p.name in generic.keyword_only)
        for p, s in zip(parameters, slots, strict=True)
    ]
    for path, argument in special.attributes:
        slot = slot_of(attribute(root, path))
        if slot is None or isinstance(slot, TextSlot | DictSlot):
            raise Unsupported(f"the attribute {'.'.join(path)}", generic.location)
        taken.append(Parameter(argument.name, _fixed(slot, prune(argument.type)), path))
    assigned = [path for path, _ in special.assigned]
    made = emit_source(special.function, taken, symbol, assigned)
    watched = {
        path: (_watched_slot(value, path in assigned), value) for path, value in special.burnt
    }
    used = [*watched, *assigned, *(path for path, _ in special.attributes)]
    for owner in {path[:end] for path in used for end in range(1, len(path))}:
        if _may_change(program, owner):
            watched[owner] = None, attribute(root, owner)
    slots_of_watched = tuple((path, slot) for path, (slot, _) in watched.items())
    return replace(
        made,
        entry=replace(
            made.entry, watched=slots_of_watched, small_below=_small_below(special.function)
        ),
        watched=tuple(value for _, value in watched.values()),
    )


def _watched_slot(value: Any, assigned: bool) -> Slot | None:
    """Return what an attribute has to stay that is no input; None if it has to stay as it is."""
    if is_small(value):
        return None
    slot = slot_of(value)
    if not isinstance(slot, TensorSlot):
        return slot if isinstance(slot, ScalarSlot) else None
    return replace(slot, contiguous=False, sizes=slot.sizes if assigned else value.shape)


_SMALL = 512
_CHEAP = frozenset((Trait.ELEMENTWISE, Trait.METADATA, Trait.VIEW))
_CHEAP_NAMES = frozenset((
    "if", "yield", "return", "raise", "bool", "float", "int", "len", "not", "setitem", "sum",
    "mean", "prod", "max", "min", "argmax", "argmin", "any", "all", "std", "var", "matmul", "dot",
    "concat", "stack", "take", "copy", "array_copy", "select",
))  # fmt: skip
"""Operations that need no more time than a few elements for each one that comes in."""


def _small_below(function: Function) -> int:
    """Return for how few elements that come in a call is over at once; 0 where nobody knows."""
    for operation in function.walk():
        traits = frozenset() if operation.opdef is None else operation.opdef.traits
        if operation.name not in _CHEAP_NAMES and not _CHEAP & traits:
            return 0
    return _SMALL


def attribute(root: Any, path: tuple[str, ...]) -> Any:
    """Return what an attribute of a module holds."""
    for name in path:
        root = root.__dict__[name]
    return root


def _may_change(program: Program, path: tuple[str, ...]) -> bool:
    """Tell whether some function of the program assigns an attribute of that name."""
    return any(
        operation.name == "set_attr"
        and operation.opdef is None
        and isinstance(operation.operands[1], Constant)
        and operation.operands[1].value == path[-1]
        for function in program.functions.values()
        for operation in function.walk()
    )


def _symbols(type_: Type) -> list[str]:
    if isinstance(type_, TensorType):
        return [d for d in type_.shape or () if isinstance(d, str)]
    return []


def accepts(program: Program, entry: str, root: Instance | None, values: Sequence[Any]) -> bool:
    """Tell whether the interpreter would take these arguments."""
    parameters = program.functions[entry].parameters[root is not None :]
    return all(make_test(resolve(p.type))(v) for p, v in zip(parameters, values, strict=True))
