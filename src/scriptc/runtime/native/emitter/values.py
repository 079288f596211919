"""How the values of a function stand in the C code that is being written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scriptc.ir.location import Location
from scriptc.ir.types import Type


class Unsupported(Exception):  # noqa: N818 - nothing is wrong with the program
    """Something has no native form; says what, and where it stands in the source."""

    def __init__(self, reason: str, location: Location | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.location = location


class BehindChange(Unsupported):
    """What may fail has no native form behind a change that the caller can see."""


class NativeValue:
    """Base of all values."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Scalar(NativeValue):
    """A number in a C variable, or a literal. `python` tells a Python number from a NumPy scalar.

    `code` may be written any number of times: it costs nothing to evaluate.
    """

    dtype: str
    code: str
    python: bool


@dataclass(frozen=True, slots=True)
class Static(NativeValue):
    """A value that is known and has no form of its own in C: None, a string, a dtype, `...`."""

    value: Any


@dataclass(frozen=True, slots=True)
class Tuple(NativeValue):
    """A tuple, of which only the elements exist."""

    items: tuple[NativeValue, ...]


@dataclass(frozen=True, slots=True)
class Slice(NativeValue):
    """A slice, of which only the ends exist: `Scalar`s, or `Static(None)`."""

    start: NativeValue
    stop: NativeValue
    step: NativeValue


@dataclass(frozen=True, slots=True)
class Range(NativeValue):
    """A range of Python ints."""

    start: str
    stop: str
    step: str


@dataclass(frozen=True, slots=True)
class Iteration(NativeValue):
    """What `enumerate`, `zip` and `reversed` give: walked over once, by a loop."""

    length: str
    item: Callable[[str], NativeValue]


@dataclass(frozen=True, slots=True)
class List(NativeValue):
    """A list: `code` is a pointer to an `sc_list`. `element` is the type of an element.

    `fixed` are the names of variables that hold its length and its place in memory, where these
    do not change.
    """

    code: str
    element: Type
    fixed: tuple[str, str] | None = None

    @property
    def length(self) -> str:
        return self.fixed[0] if self.fixed else f"{self.code}->length"

    @property
    def data(self) -> str:
        return self.fixed[1] if self.fixed else f"{self.code}->data"


@dataclass(frozen=True, slots=True)
class Maybe(NativeValue):
    """A variable that a path may not have assigned; `bound` is the flag that tells."""

    value: NativeValue
    bound: str


class Root:
    """Memory that arrays lie in. It gives its slot back when nothing refers to it any more.

    `loop` is the loop in whose rounds it is made anew, if any.
    """

    __slots__ = ("loop", "release", "slot")

    def __init__(
        self,
        slot: int = -1,
        release: Callable[[int], None] | None = None,
        loop: object = None,
    ) -> None:
        self.slot = slot
        self.release = release
        self.loop = loop

    def __del__(self) -> None:
        if self.release is not None:
            self.release(self.slot)


class Array(NativeValue):
    """An array of known dtype and rank; `sizes` are C expressions."""

    __slots__ = ("dtype", "sizes")

    def __init__(self, dtype: str, sizes: Sequence[str]) -> None:
        self.dtype = dtype
        self.sizes = tuple(sizes)

    @property
    def rank(self) -> int:
        return len(self.sizes)


class Buffer(Array):
    """An array in memory: `data` is a typed pointer, `strides` count elements.

    `roots` is the memory that it may lie in. `source` and `identity` are C expressions: the input
    leaf whose memory this is ("-1" for our own), and whether it is that very array.
    """

    __slots__ = ("contiguous", "data", "identity", "roots", "source", "strides")

    def __init__(
        self,
        dtype: str,
        sizes: Sequence[str],
        data: str,
        strides: Sequence[str],
        roots: Sequence[Root],
        *,
        contiguous: bool = False,
        source: str = "-1",
        identity: str = "0",
    ) -> None:
        super().__init__(dtype, sizes)
        self.data = data
        self.strides = tuple(strides)
        self.roots = tuple(roots)
        self.contiguous = contiguous
        self.source = source
        self.identity = identity


class Patches(Array):
    """Windows as columns of matrices, `(batch, groups, size, count)`, which nobody has copied.

    `windows` has the dimensions batch, channel, window, place. Only a matrix product takes this.
    """

    __slots__ = ("windows",)

    def __init__(self, sizes: Sequence[str], windows: Buffer) -> None:
        super().__init__(windows.dtype, sizes)
        self.windows = windows


Expression = Callable[[Sequence[str]], str]


class Node(Array):
    """An array that is not computed yet. Once it is, `buffer` is where.

    `uses` is how many operations use it in the program. `allocate` makes the memory for it, where
    that is to be a special one.
    """

    __slots__ = ("allocate", "buffer", "uses")

    def __init__(self, dtype: str, sizes: Sequence[str]) -> None:
        super().__init__(dtype, sizes)
        self.buffer: Buffer | None = None
        self.uses = 0
        self.allocate: Callable[[Node], Buffer] | None = None

    @property
    def inputs(self) -> tuple[NativeValue, ...]:
        """What it is computed from."""
        raise NotImplementedError

    def forget(self) -> None:
        """Let go of the inputs: the value is in memory now."""
        raise NotImplementedError


class Map(Node):
    """Each element by itself, from elements of inputs that broadcast to its sizes.

    `expression` writes the element's C expression; `cost` is about how many additions it is worth.
    """

    __slots__ = ("cost", "expression", "operands")

    def __init__(
        self,
        dtype: str,
        sizes: Sequence[str],
        operands: Sequence[NativeValue],
        expression: Expression,
        cost: int = 1,
    ) -> None:
        super().__init__(dtype, sizes)
        self.operands = tuple(operands)
        self.expression = expression
        self.cost = cost

    @property
    def inputs(self) -> tuple[NativeValue, ...]:
        return self.operands

    def forget(self) -> None:
        self.operands = ()


class View(Node):
    """Elements of another array that is not computed yet, by their place.

    `axes` says for each dimension of the input what its index is: the index of that dimension of
    the view (an int), or the C expression that `places` makes of all indices.
    """

    __slots__ = ("axes", "input")

    def __init__(
        self, sizes: Sequence[str], input_: Array, axes: Sequence[int | Callable[..., str]]
    ) -> None:
        super().__init__(input_.dtype, sizes)
        self.input = input_
        self.axes = tuple(axes)

    @property
    def inputs(self) -> tuple[NativeValue, ...]:
        return (self.input,)

    def forget(self) -> None:
        self.axes = ()
        self.input = Array(self.dtype, ())


class IndexOf(View):
    """The index itself in one dimension, as an array of int64."""

    __slots__ = ("axis",)

    def __init__(self, sizes: Sequence[str], axis: int) -> None:
        super().__init__(sizes, Array("int64", ()), ())
        self.axis = axis


@dataclass(frozen=True, slots=True)
class Reduction:
    """How elements are put together: C texts over `{a}` (what there is so far) and `{x}`.

    `openmp` is the operator that OpenMP knows it by, if one may reorder it. `finish` is the result
    over `{a}` and `{n}` (the number of elements). With `tracks_nan`, a NaN anywhere wins.
    """

    start: str
    step: str
    openmp: str = ""
    finish: str = "{a}"
    tracks_nan: bool = False
    empty_fails: bool = False


class Reduce(Node):
    """Dimensions reduced away; `kept` are the dimensions of the input that stay, in order.

    Dimensions that stay as 1 (`keepdims`) are a `View` of this.
    """

    __slots__ = ("accumulator", "axes", "input", "reduction")

    def __init__(
        self,
        dtype: str,
        input_: Array,
        axes: Sequence[int],
        reduction: Reduction,
        accumulator: str,
    ) -> None:
        kept = [s for i, s in enumerate(input_.sizes) if i not in axes]
        super().__init__(dtype, kept)
        self.input = input_
        self.axes = tuple(axes)
        self.reduction = reduction
        self.accumulator = accumulator

    @property
    def inputs(self) -> tuple[NativeValue, ...]:
        return (self.input,)

    def forget(self) -> None:
        self.input = Array(self.dtype, ())
