"""What lists of arrays hold: the narrowest type of all that a function puts into a list.

A list that a program makes has elements of any dtype and shape by its type rule, since more may be
put in later. In a specialised function all that is put in is in sight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scriptc.ir.graph import Constant, Function, Operation, Value
from scriptc.ir.opdef import RuleError, Trait
from scriptc.ir.ops.rules import element_type
from scriptc.ir.passes.aliases import loop_around, owner_of
from scriptc.ir.types import (
    NEVER,
    SLICE,
    ListType,
    TensorType,
    Type,
    either,
    prune,
    resolve,
)

SPLITS = {"split": 2, "array_split": 2, "vsplit": 0, "hsplit": 1, "dsplit": 2}
"""The operations that make a list of parts of an array, and along which axis, or its operand."""

Elements = dict[Operation, Type | None]
"""What the lists hold that operations make; None if they have no type that is narrower."""


def narrowed(
    function: Function, made: Mapping[Operation, Sequence[Value]], known: Elements
) -> Elements:
    """Return the types of the elements of lists, by the operations of the source that make them.

    `made` are the lists that these have become in the function, and `known` the types that it was
    built for. Where it was built for none yet, elements whose type is not known are left out: they
    may come from a list.
    """
    groups = _Groups(function)
    attached = set(function.walk())
    sites: dict[Value, list[Operation]] = {}
    for source, values in made.items():
        for value in values:
            if getattr(value, "operation", None) in attached:
                sites.setdefault(groups.root(value), []).append(source)
    found: Elements = dict(known)
    for root, sources in sites.items():
        types = [prune(t) for t in groups.put_in.get(root, [])]
        first = not any(source in known for source in sources)
        if first:
            types = [t for t in types if not (isinstance(t, TensorType) and not _is_known(t))]
        joined: Type | None = NEVER
        for type_ in types:
            joined = None if joined is None else either(joined, type_)
        for source in sources:
            joined = _wider(joined, known[source]) if source in known else joined
        if first and joined == NEVER:
            continue  # nothing is known yet
        useful = isinstance(joined, TensorType) and _is_known(joined)
        for source in sources:
            found[source] = resolve(joined) if useful and root not in groups.opaque else None  # type: ignore[arg-type]  # useful types are types
    return found


def _wider(a: Type | None, b: Type | None) -> Type | None:
    return None if a is None or b is None else either(a, b)


def _is_known(type_: TensorType) -> bool:
    return type_.dtype is not None and type_.shape is not None


class _Groups:
    """Lists that may be one and the same, and what is put into them.

    What is also held by something else than variables is `opaque`.
    """

    def __init__(self, function: Function) -> None:
        self._parents: dict[Value, Value] = {}
        self._opaque: list[Value] = list(filter(_is_list, function.parameters))
        self._stored: list[tuple[Value, Type]] = []
        for operation in function.walk():
            for source, target in _flows(operation):
                self._join(source, target)
            if operation.opdef is not None:
                self._regular(operation)
            elif operation.name == "call":
                self._opaque += filter(_is_list, (*operation.operands, *operation.results))
        self.opaque = {self.root(value) for value in self._opaque}
        self.put_in: dict[Value, list[Type]] = {}
        for value, type_ in self._stored:
            self.put_in.setdefault(self.root(value), []).append(type_)

    def root(self, value: Value) -> Value:
        """Return the one that stands for all lists that may be this one."""
        while value in self._parents:
            value = self._parents[value]
        return value

    def _join(self, a: Value, b: Value) -> None:
        if _is_list(a) and _is_list(b):
            a, b = self.root(a), self.root(b)
            if a is not b:
                self._parents[a] = b

    def _store(self, target: Value, types: Iterable[Type]) -> None:
        if _is_list(target):
            self._stored += [(target, type_) for type_ in types]

    def _regular(self, operation: Operation) -> None:
        operands = operation.operands
        match operation.name:
            case "list":
                self._store(operation.result, [v.type for v in operands])
            case "list_append":
                self._store(operands[0], [operands[1].type])
            case "list_insert":
                self._store(operands[0], [operands[2].type])
            case "list_extend" | "inplace_add":
                self._store(operands[0], _walked(operands[1].type))
                self._join(operands[0], operation.results[0] if operation.results else operands[0])
            case "setitem":
                value = operands[2].type
                slice_ = prune(operands[1].type) == SLICE
                self._store(operands[0], _walked(value) if slice_ else [value])
            case "inplace_multiply":
                self._join(operands[0], operation.result)
            case name if name in SPLITS:
                self._store(operation.result, [part_of_split(operation)])
        held = operands[1:] if Trait.CAPTURES in operation.traits else ()
        if operation.name in ("list", "tuple", "dict", "zip", "enumerate"):
            held = operands if operation.result.uses else ()
        self._opaque += filter(_is_list, held)


def _is_list(value: Value) -> bool:
    return isinstance(prune(value.type), ListType)


def _walked(type_: Type) -> list[Type]:
    try:
        return [element_type(type_)]
    except RuleError:
        return []


def part_of_split(operation: Operation) -> TensorType:
    """Return the type of the parts that an array is split into."""
    x = prune(operation.operands[0].type)
    if not isinstance(x, TensorType) or x.shape is None:
        return TensorType()
    axis: int | None = SPLITS[operation.name]
    if axis == 1 and len(x.shape) == 1:
        axis = 0
    if operation.name in ("split", "array_split"):
        given = operation.operands[2]
        axis = given.value if isinstance(given, Constant) else None
    if not isinstance(axis, int) or not -len(x.shape) <= axis < len(x.shape):
        return TensorType(x.dtype)
    at = axis % len(x.shape)
    return TensorType(x.dtype, (*x.shape[:at], None, *x.shape[at + 1 :]))


def _flows(operation: Operation) -> Iterator[tuple[Value, Value]]:
    """Yield pairs of a value and another one that it becomes by control flow."""
    if operation.opdef is not None:
        return
    match operation.name:
        case "refine" | "check_bound":
            yield operation.operands[0], operation.result
        case "yield":
            yield from zip(operation.operands, owner_of(operation).results, strict=True)
        case "for" | "loop":
            first = operation.name == "for"
            starts, arguments = operation.operands[first:], operation.blocks[0].arguments[first:]
            yield from zip(starts, arguments, strict=True)
            yield from zip(arguments, operation.results, strict=True)
        case "continue" | "break":
            loop = loop_around(operation)
            assert loop is not None
            first = loop.name == "for"
            yield from zip(operation.operands, loop.blocks[0].arguments[first:], strict=True)
            yield from zip(operation.operands, loop.results, strict=True)
