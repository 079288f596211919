"""The IR itself: values, operations, blocks, functions, classes and programs.

A function has one body block. A block is a list of operations, the last of which is a terminator.
Operations of control flow own blocks:

- `if %c -> results { ... } else { ... }`: each block ends in `yield` (its results), or leaves.
- `for %item in %iterable carry(%a = %init)` and `loop carry(%a = %init)`: the body's arguments
  are the item (`for` only) and the loop-carried values. Its terminator `continue` passes the values
  on to the next round, `break` ends the loop with them. When a `for` runs out of items, the loop's
  results are the carried values. A `loop` ends by `break` only.
- `return`, `raise`, `break` and `continue` may end any nested block: early exits stay what they
  are in the source. `break` and `continue` belong to the innermost loop around them.
- `unreachable` ends a block behind an operation whose blocks all leave.

Values that do not come from an operation or a block are constants; they are operands and stand
inline in the text.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scriptc.ir.location import Location
from scriptc.ir.opdef import OpDef, Trait
from scriptc.ir.types import ClassType, Type


class Value:
    """Something an operation can use: typed, perhaps named, and aware of its uses."""

    __slots__ = ("name", "type", "uses")

    def __init__(self, type_: Type, name: str = "") -> None:
        self.type = type_
        self.name = name
        self.uses: dict[Operation, int] = {}

    def replace_all_uses_with(self, other: Value) -> None:
        for operation in list(self.uses):
            operation.operands = [other if v is self else v for v in operation.operands]

    def __repr__(self) -> str:
        return f"<%{self.name or '?'}: {self.type}>"


class Constant(Value):
    """A value known when the program is made.

    `value` is an `int`, `float`, `complex`, `bool`, `str`, `None`, `...`, a `numpy.dtype`, a
    `FunctionRef`, an `ExceptionRef`, `UNBOUND`, or a tuple of such; or a *pooled* object: a NumPy
    array or scalar, a list or a dict, which is held by reference until the program is saved.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any, type_: Type, name: str = "") -> None:
        super().__init__(type_, name)
        self.value = value


class OpResult(Value):
    """A result of an operation."""

    __slots__ = ("index", "operation")

    def __init__(self, operation: Operation, index: int, type_: Type, name: str = "") -> None:
        super().__init__(type_, name)
        self.operation = operation
        self.index = index


class BlockArgument(Value):
    """A parameter of a function, the item of a `for`, or a loop-carried value."""

    __slots__ = ("block", "index")

    def __init__(self, block: Block, index: int, type_: Type, name: str = "") -> None:
        super().__init__(type_, name)
        self.block = block
        self.index = index


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """The value of a constant that names a function of the program."""

    name: str


@dataclass(frozen=True, slots=True)
class ExceptionRef:
    """The value of a constant that names an exception class.

    `name` is a built-in exception, or the qualified name of the user's class that derives from
    the built-in `base`.
    """

    name: str
    base: str = ""


class _Unbound:
    def __repr__(self) -> str:
        return "unbound"


UNBOUND = _Unbound()
"""The value of a variable that a path has not assigned; `check_bound` raises for it."""

CONTROL = ("if", "for", "loop")
TERMINATORS = ("yield", "continue", "break", "return", "raise", "unreachable")
STRUCTURAL_TRAITS: Mapping[str, frozenset[Trait]] = {
    "call": frozenset({Trait.EFFECT, Trait.VIEW}),
    "get_attr": frozenset({Trait.PURE, Trait.TOTAL, Trait.VIEW}),
    "set_attr": frozenset({Trait.EFFECT, Trait.CAPTURES}),
    "refine": frozenset({Trait.PURE, Trait.TOTAL, Trait.VIEW}),
    "check_bound": frozenset({Trait.PURE, Trait.VIEW}),
    "if": frozenset({Trait.EFFECT, Trait.VIEW}),
    "for": frozenset({Trait.EFFECT, Trait.VIEW}),
    "loop": frozenset({Trait.EFFECT, Trait.VIEW}),
}
"""Operations without an `OpDef`.

- `call @f, args...`: call a function of the program. A method takes its object as first argument.
- `get_attr %object, "name"`: read an attribute of an instance; its result type is the attribute's.
  It reads memory that `set_attr` and calls may write.
- `set_attr %object, "name", %value`: assign an attribute. No result.
- `refine %x`: the same value under a narrower type that a test has shown (`x is not None`).
- `check_bound %x, "name"`: the same value; raises `UnboundLocalError` if it is `unbound`.
"""


class Operation:
    """One operation: an `OpDef` applied to operands, or an operation of control flow.

    `opdef` is None exactly for `CONTROL`, `TERMINATORS` and the rest of `STRUCTURAL_TRAITS`.
    """

    __slots__ = ("_operands", "blocks", "location", "name", "opdef", "parent", "results")

    def __init__(
        self,
        name: str,
        operands: Sequence[Value],
        result_types: Sequence[Type],
        *,
        opdef: OpDef | None = None,
        location: Location | None = None,
        result_names: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.opdef = opdef
        self.location = location
        self.parent: Block | None = None
        self.blocks: list[Block] = []
        self._operands: list[Value] = []
        self.operands = list(operands)
        names = [*result_names, *[""] * (len(result_types) - len(result_names))]
        self.results = [
            OpResult(self, i, type_, label)
            for i, (type_, label) in enumerate(zip(result_types, names, strict=True))
        ]

    @property
    def operands(self) -> list[Value]:
        """The operands, in schema order. Assign a new list to change them."""
        return self._operands

    @operands.setter
    def operands(self, operands: Sequence[Value]) -> None:
        for value in self._operands:
            count = value.uses[self] - 1
            if count:
                value.uses[self] = count
            else:
                del value.uses[self]
        self._operands = list(operands)
        for value in self._operands:
            value.uses[self] = value.uses.get(self, 0) + 1

    @property
    def result(self) -> OpResult:
        """The only result."""
        (result,) = self.results
        return result

    @property
    def traits(self) -> frozenset[Trait]:
        """The traits of the operation; a terminator has none."""
        if self.opdef is not None:
            return self.opdef.traits
        return STRUCTURAL_TRAITS.get(self.name, frozenset())

    @property
    def is_terminator(self) -> bool:
        return self.name in TERMINATORS and self.opdef is None

    def add_block(self) -> Block:
        block = Block(self)
        self.blocks.append(block)
        return block

    def erase(self) -> None:
        """Take the operation, and all inside it, out of the program. Its results must be unused."""
        for inner in list(self.walk()):
            inner.operands = []
        if self.parent is not None:
            self.parent.operations.remove(self)
            self.parent = None

    def walk(self) -> Iterator[Operation]:
        """Yield this operation and all operations inside it, in program order."""
        yield self
        for block in self.blocks:
            yield from block.walk()

    def __repr__(self) -> str:
        return f"<{self.name} {self._operands}>"


class Block:
    """A straight list of operations with arguments; the last operation is the terminator."""

    __slots__ = ("arguments", "operations", "owner")

    def __init__(self, owner: Operation | Function) -> None:
        self.owner = owner
        self.arguments: list[BlockArgument] = []
        self.operations: list[Operation] = []

    def add_argument(self, type_: Type, name: str = "") -> BlockArgument:
        argument = BlockArgument(self, len(self.arguments), type_, name)
        self.arguments.append(argument)
        return argument

    def append(self, operation: Operation) -> None:
        self.insert(len(self.operations), operation)

    def insert(self, index: int, operation: Operation) -> None:
        operation.parent = self
        self.operations.insert(index, operation)

    @property
    def terminator(self) -> Operation | None:
        last = self.operations[-1] if self.operations else None
        return last if last is not None and last.is_terminator else None

    def walk(self) -> Iterator[Operation]:
        """Yield all operations of the block, nested ones included, in program order."""
        for operation in list(self.operations):
            yield operation
            for block in operation.blocks:
                yield from block.walk()


class Function:
    """A named, typed function: parameters are the arguments of `body`.

    `return_type` is the type of the one operand of each `return`. `defaults` holds Python values
    of trailing parameters by name. `rules` names the promotion rules it was written under
    ("numpy"). `origin` is the qualified Python name that it comes from, and `display_name` the
    last part of that. `composite` marks a function of scriptc's own library, and `outlined` one
    that holds a part of another function, whose `origin` it has.
    """

    def __init__(
        self,
        name: str,
        *,
        origin: str = "",
        rules: str = "numpy",
        location: Location | None = None,
        composite: bool = False,
    ) -> None:
        self.name = name
        self.origin = origin or name
        self.rules = rules
        self.location = location
        self.composite = composite
        self.outlined = False
        self.body = Block(self)
        self.return_type: Type | None = None
        self.defaults: dict[str, Any] = {}
        self.keyword_only: tuple[str, ...] = ()

    @property
    def parameters(self) -> list[BlockArgument]:
        return self.body.arguments

    def walk(self) -> Iterator[Operation]:
        return self.body.walk()

    def __repr__(self) -> str:
        return f"<function @{self.name}>"


@dataclass(slots=True)
class ClassDef:
    """The declaration of a class of the program: attributes in order, and methods.

    `origin` is the qualified Python name. `methods` maps a method's Python name to the name of the
    function that implements it. `attributes` gives each attribute's type; `parameters` and
    `buffers` tell which of them belong to the state, `transient` which buffers the state dict
    leaves out, `submodules` which are modules.
    """

    name: str
    origin: str = ""
    attributes: dict[str, Type] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    parameters: list[str] = field(default_factory=list)
    buffers: list[str] = field(default_factory=list)
    submodules: list[str] = field(default_factory=list)
    transient: list[str] = field(default_factory=list)

    @property
    def type(self) -> ClassType:
        return ClassType(self.name)


class Program:
    """Functions and classes that belong together, by name, in the order they were made."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, ClassDef] = {}
        self.exceptions: dict[str, type[BaseException]] = {}
        """User exception classes by qualified name, where they are at hand."""

    def add_function(self, function: Function) -> None:
        assert function.name not in self.functions, function.name
        self.functions[function.name] = function

    def unique_name(self, wanted: str) -> str:
        """Return `wanted`, or `wanted_1`, `wanted_2`... if functions or classes have it."""
        name, count = wanted, 0
        while name in self.functions or name in self.classes:
            count += 1
            name = f"{wanted}_{count}"
        return name


def attribute_name(key: str) -> str:
    """Return the attribute name of a submodule: its own name, or `item_0` for the name `0`."""
    if key.isidentifier() and not keyword.iskeyword(key) and not key.startswith("item_"):
        return key
    return "item_" + "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):x}_" for c in key)


class Instance:
    """A run-time object of a class of the program. Its attributes are the Python attributes.

    What is known about it besides them stands in `scriptc_class`, and in `scriptc_repr`: what a
    printed module shows between its brackets.
    """

    __slots__ = ("__dict__", "__weakref__", "scriptc_class", "scriptc_repr")

    def __init__(self, class_name: str, attributes: Mapping[str, Any] | None = None) -> None:
        self.scriptc_class = class_name
        self.scriptc_repr = ""
        if attributes:
            self.__dict__.update(attributes)

    def under(self, class_name: str) -> Instance:
        """Return the same object, whose attributes are shared, under another name of its class."""
        if class_name == self.scriptc_class:
            return self
        other = Instance(class_name)
        other.__dict__ = self.__dict__
        other.scriptc_repr = self.scriptc_repr
        return other

    def __repr__(self) -> str:
        return f"<{self.scriptc_class} instance>"


@dataclass(frozen=True, slots=True)
class Linkable:
    """A compiled program as other programs link it: its entry function and its object."""

    program: Program
    entry: str
    root: Instance | None
