"""The types of the IR: what a value may be, how two types meet, and how a type is written.

Types are immutable and compare by structure. The only exception is `TypeVariable`, which stands
for the element type of an empty container until its first use decides it; `resolve` removes it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip

Dim = int | str | None
"""The size of one dimension: known, symbolic, or unknown."""


class Type:
    """Base of all types. `str(type)` is its text in `.graph`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AtomType(Type):
    """A type without parameters, such as `int`; compare with the constants below."""

    name: str

    def __str__(self) -> str:
        return self.name


INT = AtomType("int")
FLOAT = AtomType("float")
BOOL = AtomType("bool")
COMPLEX = AtomType("complex")
STR = AtomType("str")
NONE = AtomType("None")
DTYPE = AtomType("dtype")
SLICE = AtomType("slice")
ELLIPSIS = AtomType("ellipsis")
RANGE = AtomType("range")
NEVER = AtomType("never")
"""The type of a value that cannot exist, as an element of a list that stays empty."""
FUNCTION = AtomType("function")
"""The type of a reference to a function of the program (only ever a constant)."""

ATOMS = {
    t.name: t
    for t in (INT, FLOAT, BOOL, COMPLEX, STR, NONE, DTYPE, SLICE, ELLIPSIS, RANGE, NEVER, FUNCTION)
}
NUMBERS = frozenset({INT, FLOAT, BOOL, COMPLEX})


@dataclass(frozen=True, slots=True)
class TensorType(Type):
    """An array of any rank, or a NumPy scalar (rank 0). `None` means not known."""

    dtype: str | None = None
    shape: tuple[Dim, ...] | None = None

    @property
    def rank(self) -> int | None:
        return None if self.shape is None else len(self.shape)

    def __str__(self) -> str:
        if self.shape is None:
            return "Tensor" if self.dtype is None else f"Tensor[{self.dtype}]"
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"Tensor[{self.dtype or '?'}, ({sizes})]"


TENSOR = TensorType()


@dataclass(frozen=True, slots=True)
class ListType(Type):
    """A list; all its elements have one type."""

    element: Type

    def __str__(self) -> str:
        return f"list[{self.element}]"


@dataclass(frozen=True, slots=True)
class TupleType(Type):
    """A tuple of known length."""

    elements: tuple[Type, ...]

    def __str__(self) -> str:
        return f"tuple[{', '.join(map(str, self.elements)) or '()'}]"


@dataclass(frozen=True, slots=True)
class VariadicTupleType(Type):
    """A tuple of unknown length whose elements have one type, as the shape of an unknown rank."""

    element: Type

    def __str__(self) -> str:
        return f"tuple[{self.element}, ...]"


@dataclass(frozen=True, slots=True)
class DictType(Type):
    """A dict; all its keys have one type, and all its values."""

    key: Type
    value: Type

    def __str__(self) -> str:
        return f"dict[{self.key}, {self.value}]"


@dataclass(frozen=True, slots=True)
class IteratorType(Type):
    """What `enumerate`, `zip` and `reversed` give: something to walk over once."""

    element: Type

    def __str__(self) -> str:
        return f"iterator[{self.element}]"


@dataclass(frozen=True, slots=True)
class ViewType(Type):
    """What `keys`, `values` and `items` of a dict give: it shows the dict as it is when asked."""

    element: Type

    def __str__(self) -> str:
        return f"view[{self.element}]"


@dataclass(frozen=True, slots=True)
class UnionType(Type):
    """One of several types; `T | None` above all. Build it with `union`."""

    members: tuple[Type, ...]

    def __str__(self) -> str:
        return " | ".join(map(str, self.members))


@dataclass(frozen=True, slots=True)
class ClassType(Type):
    """An instance of a class of the program, by name; `Program.classes` declares the class."""

    name: str

    def __str__(self) -> str:
        return self.name


class TypeVariable(Type):
    """The element type of an empty container, until a use decides it (see `unify`)."""

    __slots__ = ("resolved",)

    def __init__(self) -> None:
        self.resolved: Type | None = None

    def __str__(self) -> str:
        return str(self.resolved or NEVER)


def map_type(type_: Type, change: Callable[[Type], Type]) -> Type:
    """Rebuild `type_` with `change` applied to each of its direct parts."""
    match type_:
        case ListType(element):
            return ListType(change(element))
        case TupleType(elements):
            return TupleType(tuple(map(change, elements)))
        case VariadicTupleType(element):
            return VariadicTupleType(change(element))
        case DictType(key, value):
            return DictType(change(key), change(value))
        case IteratorType(element):
            return IteratorType(change(element))
        case ViewType(element):
            return ViewType(change(element))
        case UnionType(members):
            return union(map(change, members))
    return type_


def resolve(type_: Type) -> Type:
    """Replace every type variable by what it was found to be, or by `never`."""
    if isinstance(type_, TypeVariable):
        return NEVER if type_.resolved is None else resolve(type_.resolved)
    return map_type(type_, resolve)


def prune(type_: Type) -> Type:
    """Follow a decided type variable to its type; leave an open one as it is."""
    while isinstance(type_, TypeVariable) and type_.resolved is not None:
        type_ = type_.resolved
    return type_


def union(members: Iterable[Type]) -> Type:
    """Return the union of the members: flat, without repeats, `None` last."""
    flat: list[Type] = []
    for member in members:
        for part in member.members if isinstance(member, UnionType) else (member,):
            if part not in flat and part != NEVER:
                flat.append(part)
    if NONE in flat:
        flat.remove(NONE)
        flat.append(NONE)
    if not flat:
        return NEVER
    return flat[0] if len(flat) == 1 else UnionType(tuple(flat))


def members_of(type_: Type) -> tuple[Type, ...]:
    """Return the members of a union, or the type alone."""
    type_ = prune(type_)
    return type_.members if isinstance(type_, UnionType) else (type_,)


def optional(type_: Type) -> Type:
    """Return `type_ | None`."""
    return union((type_, NONE))


def is_optional(type_: Type) -> bool:
    """Tell whether a type is a union with `None`."""
    return isinstance(type_, UnionType) and NONE in type_.members


def without_none(type_: Type) -> Type:
    """Return what is left of a union when `None` is ruled out."""
    return union(member for member in members_of(type_) if member != NONE)


def generalize(type_: Type) -> Type:
    """Return the type that a container infers for its elements: tensors of any dtype and shape.

    A list may be appended to after an element was read, so what was seen first must not narrow
    what is read later.
    """
    if isinstance(type_, TensorType):
        return TENSOR
    return map_type(type_, generalize)


def join(a: Type, b: Type) -> Type | None:
    """Return the narrowest type that holds every value of `a` and of `b`, or None.

    Open type variables are decided on the way. Numbers of different types have no join: Python
    would keep an `int` an `int`, and one type could not; see `either`.
    """
    a, b = prune(a), prune(b)
    if a == b or b == NEVER:
        return a
    if a == NEVER:
        return b
    if isinstance(a, TypeVariable) or isinstance(b, TypeVariable):
        return a if unify(a, b) else None
    match a, b:
        case TensorType(), TensorType():
            return _join_tensors(a, b)
        case TupleType(xs), TupleType(ys) if len(xs) == len(ys):
            joined = [join(x, y) for x, y in zip(xs, ys, strict=True)]
            if any(part is None for part in joined):
                return None
            return TupleType(tuple(part for part in joined if part is not None))
        case ((TupleType() | VariadicTupleType()), (TupleType() | VariadicTupleType())):
            parts = [*tuple_elements(a), *tuple_elements(b)]
            element: Type | None = NEVER
            for part in parts:
                element = None if element is None else join(element, part)
            return None if element is None else VariadicTupleType(element)
        case (ListType(), ListType()) | (DictType(), DictType()):
            return a if unify(a, b) else None
        case ((ViewType(x) | IteratorType(x)), (ViewType(y) | IteratorType(y))):
            element = join(x, y)
            views = isinstance(a, ViewType) and isinstance(b, ViewType)
            made = ViewType if views else IteratorType
            return None if element is None else made(element)
    if NONE in members_of(a) or NONE in members_of(b):
        rest = join(without_none(a), without_none(b))
        return None if rest is None else optional(rest)
    if isinstance(a, UnionType) and all(part in a.members for part in members_of(b)):
        return a
    if isinstance(b, UnionType) and all(part in b.members for part in members_of(a)):
        return b
    return None


def either(a: Type, b: Type) -> Type | None:
    """Return the type of what is of type `a` on one way and of type `b` on another, or None.

    That is their join or, for numbers and tensors that have none, their union: what is a `float`
    before a loop and an element of an array in it stays, in each round, what it is in Python.
    """
    joined = join(a, b)
    if joined is not None:
        return joined
    members = [*members_of(a), *members_of(b)]
    if not all(isinstance(member, TensorType) or member in NUMBERS for member in members):
        return None
    tensors = [member for member in members if isinstance(member, TensorType)]
    tensor = functools.reduce(_join_tensors, tensors) if tensors else NEVER
    return union([*(member for member in members if member in NUMBERS), tensor])


def is_numeric_union(type_: Type) -> bool:
    """Tell whether a type is a union of numbers and tensors, as `either` makes it."""
    return isinstance(type_, UnionType) and all(
        isinstance(member, TensorType) or member in NUMBERS for member in type_.members
    )


def _join_tensors(a: TensorType, b: TensorType) -> TensorType:
    dtype = a.dtype if a.dtype == b.dtype else None
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return TensorType(dtype)
    shape = tuple(x if x == y else None for x, y in zip(a.shape, b.shape, strict=True))
    return TensorType(dtype, shape)


def tuple_elements(type_: Type) -> tuple[Type, ...]:
    """Return the element types of a tuple type; of a variadic one, its one element type."""
    if isinstance(type_, TupleType):
        return type_.elements
    assert isinstance(type_, VariadicTupleType)
    return (type_.element,)


def unify(a: Type, b: Type) -> bool:
    """Make two types equal by deciding open type variables; return whether that worked."""
    a, b = prune(a), prune(b)
    if a is b or a == b:
        return True
    if isinstance(a, TypeVariable):
        return _decide(a, b)
    if isinstance(b, TypeVariable):
        return _decide(b, a)
    match a, b:
        case ListType(x), ListType(y):
            return unify(x, y)
        case DictType(k, v), DictType(m, w):
            return unify(k, m) and unify(v, w)
        case TupleType(xs), TupleType(ys) if len(xs) == len(ys):
            return all(unify(x, y) for x, y in zip(xs, ys, strict=True))
    return False


def _decide(variable: TypeVariable, type_: Type) -> bool:
    """Give a type variable its type; not one that holds the variable, as a list in itself would."""
    if _occurs(variable, type_):
        return False
    variable.resolved = generalize(type_)
    return True


def _occurs(variable: TypeVariable, type_: Type) -> bool:
    found = False

    def look(part: Type) -> Type:
        nonlocal found
        part = prune(part)
        found = found or part is variable
        return part if isinstance(part, TypeVariable) else map_type(part, look)

    look(type_)
    return found


def accepts(expected: Type, actual: Type) -> bool:
    """Tell whether a value of type `actual` may stand where `expected` is asked for."""
    expected, actual = prune(expected), prune(actual)
    if expected == actual or actual == NEVER:
        return True
    if isinstance(expected, TypeVariable) or isinstance(actual, TypeVariable):
        return unify(expected, actual)
    if isinstance(actual, UnionType):
        return all(accepts(expected, member) for member in actual.members)
    if isinstance(expected, UnionType):
        return any(accepts(member, actual) for member in expected.members)
    match expected, actual:
        case TensorType(dtype, shape), TensorType():
            return (dtype is None or dtype == actual.dtype) and _accepts_shape(shape, actual.shape)
        case TupleType(xs), TupleType(ys):
            return len(xs) == len(ys) and all(map(accepts, xs, ys))
        case VariadicTupleType(x), TupleType(ys):
            return all(accepts(x, y) for y in ys)
        case VariadicTupleType(x), VariadicTupleType(y):
            return accepts(x, y)
        case ListType(x), ListType(y):
            return _same_element(x, y)
        case DictType(k, v), DictType(m, w):
            return _same_element(k, m) and _same_element(v, w)
        case (ViewType(x), ViewType(y)) | (IteratorType(x), (IteratorType(y) | ViewType(y))):
            return accepts(x, y)
    return False


def _same_element(x: Type, y: Type) -> bool:
    # Containers are mutable and hence invariant, except that inferred tensor elements are general.
    return unify(x, y) or (generalize(resolve(x)) == resolve(x) and accepts(x, y))


def _accepts_shape(expected: tuple[Dim, ...] | None, actual: tuple[Dim, ...] | None) -> bool:
    if expected is None:
        return True
    if actual is None or len(actual) != len(expected):
        return False
    return all(e is None or e == a for e, a in zip(expected, actual, strict=True))
