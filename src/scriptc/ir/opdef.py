"""What an operation is: its schema, type rule, traits, kernel, spellings and samples, in one place.

An `OpDef` is a declaration. The families in `ir/ops/` declare all operations, and
`ir/ops/__init__.py` assembles the one registry. Nothing else describes an operation: the front
end, the tracer, the parser and the verifier call `infer`; the interpreter runs `kernel`; `.code` is
written with `spellings`; tests and the reference pages run over `samples`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from scriptc.ir.schema import Schema, parse_schema
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    DTYPE,
    ELLIPSIS,
    FLOAT,
    INT,
    NEVER,
    NONE,
    NUMBERS,
    RANGE,
    SLICE,
    STR,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    TypeVariable,
    VariadicTupleType,
    ViewType,
    members_of,
    prune,
    tuple_elements,
)


class Trait(enum.Enum):
    """What passes may know of an operation. They ask for traits and never for names.

    What has neither `WRITES` nor `EFFECT` changes nothing but the iterators that it walks over.
    """

    PURE = "no effect beyond its result, and the same result for the same operands and memory"
    TOTAL = "never raises, whatever the values of its operands"
    METADATA = "looks at types and shapes only, so writes to memory do not change its result"
    IDENTITY = "tells whether operands are the same object"
    VIEW = "the result may share memory with, or be, an operand or a part of one"
    FRESH = "where a `VIEW` gives a tensor, that one has memory of its own: only containers share"
    WRITES = "changes the object that is its first operand"
    CAPTURES = "stores its other operands in the first one, which then aliases them"
    EFFECT = "acts on something outside of its operands: output, module state, a random stream"
    ELEMENTWISE = "works on each element by itself after broadcasting"
    COMMUTATIVE = "swapping its two operands changes nothing"
    INT_RANGE = "an `int` result may leave 64 bits, and then `OverflowError` is raised"
    GUARDED = "on plain numbers the kernel refuses what the bare operator of `python` would compute"


PURE, TOTAL, METADATA, VIEW = Trait.PURE, Trait.TOTAL, Trait.METADATA, Trait.VIEW
FRESH, IDENTITY = Trait.FRESH, Trait.IDENTITY
WRITES, CAPTURES, EFFECT = Trait.WRITES, Trait.CAPTURES, Trait.EFFECT
ELEMENTWISE, COMMUTATIVE, INT_RANGE = Trait.ELEMENTWISE, Trait.COMMUTATIVE, Trait.INT_RANGE
GUARDED = Trait.GUARDED


class RuleError(Exception):
    """The operands do not fit the operation: what is wrong, and what to write instead."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false; compare with `is`")


UNKNOWN = _Unknown()
"""The constant value of an operand that is not a constant."""


class Args:
    """The operands of one use of an operation, as its type rule sees them: types and constants."""

    def __init__(self, schema: Schema, types: Sequence[Type], constants: Sequence[Any]) -> None:
        self.schema = schema
        self.types = tuple(prune(t) for t in types)
        self.constants = tuple(constants)
        self._index = {p.name: i for i, p in enumerate(schema.parameters)}

    def __getitem__(self, name: str) -> Type:
        """Return the type of the operand of that name."""
        return self.types[self._index[name]]

    def constant(self, name: str) -> Any:
        """Return the Python value of the operand of that name, or `UNKNOWN`."""
        return self.constants[self._index[name]]

    @property
    def rest(self) -> tuple[Type, ...]:
        """The types of the variadic operands."""
        return self.types[len(self.schema.parameters) - 1 :]

    def tensor(self, name: str) -> TensorType:
        """Return the operand's type as a tensor; what is not one counts as of unknown shape."""
        type_ = self[name]
        return type_ if isinstance(type_, TensorType) else TensorType()


InferRule = Callable[[Args], Type | Sequence[Type]]


@dataclass(frozen=True, slots=True)
class Spelling:
    """A qualified Python name of an operation, and how its arguments differ from the schema.

    `name` is `numpy.sum`, `ndarray.sum` (a method of a tensor), `math.sqrt`, `str.upper`,
    `list.append`, `builtins.len` and so on; of a method, the object is the first operand.
    `rename` maps the library's argument names to ours. `order` lists our parameter names in the
    library's positional order where it differs; "-" stands for an argument that is not supported.
    `gather` names the parameter into which several positional arguments are packed as a tuple, as
    in `x.reshape(2, 3)`. `defaults` are defaults that differ. `write` is False where `.code` must
    not use this spelling (it could mean something else).
    """

    name: str
    rename: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] | None = None
    gather: str | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    write: bool = True


@dataclass(frozen=True, slots=True)
class Sample:
    """Arguments to try an operation with: `args` and `kwargs` are plain Python and NumPy values.

    `raising` is the exception class that eager Python raises for them, if it does, or a function
    that finds that out.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    raising: type[BaseException] | Callable[[], type[BaseException] | None] | None = None

    @property
    def raises(self) -> type[BaseException] | None:
        """The exception class that eager Python raises for the arguments, if it does."""
        if self.raising is None or isinstance(self.raising, type):
            return self.raising
        return self.raising()


def sample(*args: Any, raises: type[BaseException] | None = None, **kwargs: Any) -> Sample:
    """Return a sample with these arguments."""
    return Sample(args, kwargs, raises)


@dataclass(frozen=True, slots=True, eq=False)
class OpDef:
    """The declaration of one operation.

    `signature` is the text of the schema, which is read at its first use: few programs use all
    operations, and hundreds of them are declared at import.

    `kernel` takes the operands in schema order, all of them, variadic ones spread at the end, as
    plain Python and NumPy values. `python` is a Python expression over the parameter names that
    computes the same; with it the interpreter and `.code` write the operation inline (operators).
    `fields` are the names of the elements of a result that is a named tuple.
    """

    signature: str
    doc: str
    infer: InferRule
    kernel: Callable[..., Any]
    traits: frozenset[Trait]
    python: str | None = None
    spellings: tuple[Spelling, ...] = ()
    samples: Callable[[], Iterable[Sample]] | None = None
    version: int = 1
    fields: tuple[str, ...] = ()

    @property
    def schema(self) -> Schema:
        """The name and the parameters."""
        return parse_schema(self.signature)

    @property
    def name(self) -> str:
        return self.signature.partition("(")[0]

    def __repr__(self) -> str:
        return f"<op {self.schema}>"


def op(
    signature: str,
    *,
    doc: str,
    infer: InferRule,
    kernel: Callable[..., Any],
    traits: Iterable[Trait] = (),
    python: str | None = None,
    spellings: Iterable[Spelling | str] = (),
    samples: Callable[[], Iterable[Sample]] | None = None,
    version: int = 1,
    fields: tuple[str, ...] = (),
) -> OpDef:
    """Declare an operation. See `OpDef` for the parts and `ir/ops/` for examples."""
    spelled = tuple(Spelling(s) if isinstance(s, str) else s for s in spellings)
    return OpDef(
        signature, doc, infer, kernel, frozenset(traits), python, spelled, samples,
        version, fields,
    )  # fmt: skip


# --- kinds: what may stand in a parameter -------------------------------------------------------


def _is_open(t: Type) -> bool:
    """Tell whether nothing has this type, or nothing has decided it yet: that of an empty list."""
    return t == NEVER or isinstance(t, TypeVariable)


def _is_tensor(t: Type) -> bool:
    return isinstance(t, TensorType)


def _is_array_like(t: Type) -> bool:
    if isinstance(t, ListType | VariadicTupleType):
        return all(map(_is_array_like, members_of(t.element)))
    if isinstance(t, TupleType):
        return all(map(_is_array_like, t.elements))
    return _is_tensor(t) or t in NUMBERS or _is_open(t)


def _is_int(t: Type) -> bool:
    if isinstance(t, TensorType):
        return t.rank in (None, 0) and (t.dtype is None or "int" in t.dtype or t.dtype == "bool")
    return t in (INT, BOOL)


def _is_number(t: Type) -> bool:
    return t in NUMBERS or (isinstance(t, TensorType) and t.rank in (None, 0))


def _is_ints(t: Type) -> bool:
    if isinstance(t, ListType):
        return _is_int(prune(t.element)) or _is_open(prune(t.element))
    if isinstance(t, TupleType | VariadicTupleType):
        return all(map(_is_int, map(prune, tuple_elements(t))))
    return False


_ITERABLES = (
    TensorType, ListType, TupleType, VariadicTupleType, DictType, IteratorType, ViewType,
)  # fmt: skip


def _is_iterable(t: Type) -> bool:
    return isinstance(t, _ITERABLES) or t in (STR, RANGE)


KINDS: dict[str, Callable[[Type], bool]] = {
    "Any": lambda t: True,
    "Tensor": lambda t: _is_tensor(t) or t in NUMBERS,  # a number is a 0-d tensor of weak dtype
    "Array": _is_tensor,
    "ArrayLike": _is_array_like,
    "Arrays": lambda t: (
        isinstance(t, ListType | TupleType | VariadicTupleType | TensorType) and _is_array_like(t)
    ),
    "int": _is_int,
    "ints": _is_ints,
    "float": _is_number,
    "number": _is_number,
    "complex": lambda t: t in NUMBERS,
    "bool": lambda t: t in (BOOL, INT) or (_is_tensor(t) and _is_number(t)),
    "str": lambda t: t == STR,
    "dtype": lambda t: t == DTYPE,
    "slice": lambda t: t == SLICE,
    "ellipsis": lambda t: t == ELLIPSIS,
    "range": lambda t: t == RANGE,
    "None": lambda t: t == NONE,
    "list": lambda t: isinstance(t, ListType),
    "tuple": lambda t: isinstance(t, TupleType | VariadicTupleType),
    "dict": lambda t: isinstance(t, DictType),
    "iterable": _is_iterable,
}
KIND_WORDS: Mapping[str, str] = {
    "Any": "anything",
    "Tensor": "an array or a number",
    "Array": "an array",
    "ArrayLike": "an array, a number or a list of these",
    "Arrays": "a list or tuple of arrays",
    "int": "an int",
    "ints": "a list or tuple of ints",
    "float": "a number",
    "number": "a number",
    "complex": "a number",
    "bool": "a bool",
    "str": "a string",
    "dtype": "a dtype",
    "slice": "a slice",
    "ellipsis": "`...`",
    "range": "a range",
    "None": "None",
    "list": "a list",
    "tuple": "a tuple",
    "dict": "a dict",
    "iterable": "something to walk over",
}
"""What the kinds are called in messages."""
_SCALARS = {INT, FLOAT, BOOL, COMPLEX}


def check_kind(kind: str, type_: Type) -> bool:
    """Tell whether an operand of `type_` may stand in a parameter of that kind.

    A kind is one of `KINDS` or several joined by `|`. A union fits if all its members do.
    """
    tests = _tests_of(kind)
    return all(any(test(member) for test in tests) for member in members_of(type_))


@lru_cache(maxsize=1024)
def _tests_of(kind: str) -> tuple[Callable[[Type], bool], ...]:
    return tuple(KINDS[name.strip()] for name in kind.split("|"))


def check_operands(schema: Schema, types: Sequence[Type]) -> None:
    """Raise `RuleError` for the first operand whose type does not fit its parameter."""
    variadic = schema.variadic
    fixed = schema.parameters[:-1] if variadic else schema.parameters
    for position, type_ in enumerate(types):
        parameter = fixed[position] if position < len(fixed) else variadic
        if parameter is None:
            raise RuleError(f"`{schema.name}` takes {len(fixed)} operands, not {len(types)}")
        if not check_kind(parameter.kind, type_):
            help_ = ""
            if NONE in members_of(type_):
                help_ = "test it first: `if value is not None:`"
            words = " or ".join(KIND_WORDS[k.strip()] for k in parameter.kind.split("|"))
            raise RuleError(
                f"`{schema.name}` takes {words} as `{parameter.name}`, not {type_}", help_
            )
    if len(types) < len(fixed):
        raise RuleError(f"`{schema.name}` takes {len(fixed)} operands, not {len(types)}")
