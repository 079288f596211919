"""What a native entry point takes and gives: the contract of generated C with those who call it.

`include/scriptc.h` has the C side. An entry point is `int32_t NAME(sc_workspace *, inputs...,
results...)`, where inputs and results are the leaves of the slots below, in order: a tensor is a
pointer to an `sc_tensor`, a scalar stands by value (a pointer, as a result), a list of scalars is
a pointer to an `sc_list`, a tuple or a dict is its leaves, and None and strings are nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scriptc.ir.location import Location

C_TYPES = {
    "bool": "bool",
    "int8": "int8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "uint8": "uint8_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "uint64": "uint64_t",
    "float32": "float",
    "float64": "double",
}
"""The C type of an element of each dtype that native code holds."""

ITEM_SIZES = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4,
    "int64": 8, "uint64": 8, "float32": 4, "float64": 8,
}  # fmt: skip
"""The size of an element in bytes."""

MAX_RANK = 8
"""How many dimensions an array may have: `SC_MAX_RANK`."""


@dataclass(frozen=True, slots=True)
class ScalarSlot:
    """A number. `python` tells a Python `int`, `float` or `bool` from a NumPy scalar."""

    dtype: str
    python: bool


@dataclass(frozen=True, slots=True)
class TensorSlot:
    """An array with one dtype and rank.

    `sizes` are those that the code was compiled for (None where any is taken but 1). A `contiguous`
    one lies in memory without gaps, row by row. A `writable` one is written into by the program.
    """

    dtype: str
    sizes: tuple[int | None, ...]
    contiguous: bool = True
    writable: bool = False

    @property
    def rank(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True, slots=True)
class ListSlot:
    """A list of numbers, which the program does not change."""

    element: ScalarSlot


@dataclass(frozen=True, slots=True)
class TupleSlot:
    """A tuple of known length."""

    elements: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class DictSlot(TupleSlot):
    """A dict with known keys: its values are what a tuple of them would be."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoneSlot:
    """None: nothing is passed for it."""


@dataclass(frozen=True, slots=True)
class TextSlot:
    """A string, of ASCII letters only, that the code was compiled for: nothing is passed."""

    value: str


Slot = ScalarSlot | TensorSlot | ListSlot | TupleSlot | NoneSlot | TextSlot


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an entry point, or an attribute that it reads.

    `path` is empty for an argument of the call. For an attribute of the module it names the way to
    it from the root: `("fc1", "weight")`. `constant` marks one that was an array that nobody can
    write: it is passed once, when the code is bound.
    """

    name: str
    slot: Slot
    path: tuple[str, ...] = ()
    constant: bool = False
    keyword_only: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A place of a program where native code may stop.

    Where it `restarts`, nothing has changed yet that the caller can see, and the same call is made
    again by the interpreter. Elsewhere `exception` is the name of the built-in exception to raise,
    and `message` what it says unless the code leaves another in the workspace.
    """

    exception: str = ""
    message: str = ""
    location: Location | None = None
    restarts: bool = False


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One native function.

    `assigned` are the paths of attributes that the program assigns; their new values follow the
    results, as further result slots. `watched` are the paths of attributes that the code takes for
    granted and does not get: one must still be a value of its slot, or, where that is None, the
    very object that it was. `releases_gil` is False where the whole call is shorter than letting go
    of it; so it is where the arrays that come in have fewer elements, all together, than
    `small_below`.

    With `packs`, a last argument `void *const *packs` holds that many constants in the form that
    products read: `int32_t NAME_pack(void **packs, constants...)` makes them, once, with memory
    from `sc_allocate`; it returns 0, or 1 where there is none.
    """

    symbol: str
    function: str
    parameters: tuple[Parameter, ...]
    result: Slot
    assigned: tuple[tuple[tuple[str, ...], Slot], ...] = ()
    sites: tuple[Site, ...] = ()
    releases_gil: bool = True
    small_below: int = 0
    packs: int = 0
    watched: tuple[tuple[tuple[str, ...], Slot | None], ...] = ()


def parts_of(slot: Slot) -> tuple[Slot, ...]:
    """Return the slots of the parameters of a specialised function that one argument becomes."""
    return slot.elements if isinstance(slot, DictSlot) else (slot,)


def leaves(slot: Slot) -> Iterator[ScalarSlot | TensorSlot | ListSlot]:
    """Yield the leaves of a slot in the order in which native code takes them."""
    if isinstance(slot, TupleSlot):
        for element in slot.elements:
            yield from leaves(element)
    elif not isinstance(slot, NoneSlot | TextSlot):
        yield slot
