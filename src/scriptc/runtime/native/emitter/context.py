"""What all parts of the emitter share: text, sizes, memory, and the places where code may stop."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from scriptc.ir.location import Location
from scriptc.runtime.native.abi import C_TYPES, ITEM_SIZES, Site
from scriptc.runtime.native.emitter.ranges import Ranges, Sum
from scriptc.runtime.native.emitter.values import (
    Array,
    BehindChange,
    Buffer,
    Node,
    Root,
    Scalar,
    Unsupported,
)
from scriptc.runtime.native.emitter.writer import Writer, is_literal, multiply, subtract

_MAX_SLOTS = 256


class Context:
    """The state of one C function while it is written."""

    def __init__(self) -> None:
        self.writer = Writer()
        self.ranges = Ranges()
        self.symbol = ""
        """The name of the function."""
        self.functions: list[str] = []
        """Functions that stand in front of this one."""
        self.prologue: list[str] = []
        """Lines in front of all others."""
        self.sites: list[Site] = []
        self.location: Location | None = None
        self.externally_written = False
        """Whether something that the caller can see may have changed by now."""
        self.innermost: object = None
        """The innermost loop around what is written now."""
        self._equal: dict[str, str] = {}
        self._shared: dict[str, str] = {}
        self._free: list[int] = []
        self._slots = 0
        self._site_index: dict[Site, int] = {}

    # --- stopping --------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.writer.line(text)

    def site(self, exception: str = "", message: str = "") -> int:
        """Return the status that tells that the code stopped here."""
        if self.externally_written and not exception:
            raise BehindChange(
                "what may fail here, behind a change of an argument, has no native form",
                self.location,
            )
        site = Site(exception, message, self.location, restarts=not self.externally_written)
        index = self._site_index.get(site)
        if index is None:
            index = self._site_index[site] = len(self.sites)
            self.sites.append(site)
        return index + 1

    def stop_if(self, condition: str, exception: str = "", message: str = "", *values: str) -> None:
        """Write a test that leaves the function.

        The interpreter takes over if it can. If not, `exception` is raised: its message is exactly
        Python's, a format of C if there are `values`, which are ints. Without one there is no
        native code for a function that stops here behind a change.
        """
        if condition == "0":
            return
        status = self.site(exception, message)
        test = f"if (SC_UNLIKELY({condition}))"
        if values and self.externally_written:
            listed = ", ".join(f"(long long)({v})" for v in values)
            with self.writer.braces(test):
                self.line(f'snprintf(ws->message, sizeof ws->message, "{message}", {listed});')
                self.line(f"return {status};")
            return
        self.line(f"{test} return {status};")

    def stop(self, exception: str = "", message: str = "") -> None:
        self.line(f"return {self.site(exception, message)};")

    # --- numbers ---------------------------------------------------------------------------------

    def scalar(self, dtype: str, code: str, *, python: bool, prefix: str = "v") -> Scalar:
        """Put an expression into a variable of its own."""
        name = self.writer.name(prefix)
        self.line(f"const {C_TYPES[dtype]} {name} = {code};")
        return Scalar(dtype, name, python)

    def size(self, code: str) -> str:
        """Return an int expression that may be written again: a literal or a variable."""
        if is_literal(code) or code.isidentifier():
            return code
        name = self.writer.name("n")
        self.line(f"const int64_t {name} = {code};")
        return name

    # --- sizes -----------------------------------------------------------------------------------

    def size_of(self, size: str, template: str) -> str:
        """Return a size that is computed from another one, `{n}`; equal ones are one variable."""
        size = self.canonical(size)
        text = template.format(n=size)
        if _FIXED.fullmatch(size) is None:
            return self.size(text)
        name = self._shared.get(text)
        if name is None:
            name = self._shared[text] = self.size(text)
        return name

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget at the end what was found out about sizes inside."""
        before, shared, shown = dict(self._equal), dict(self._shared), self.ranges.shown()
        try:
            yield
        finally:
            self._equal, self._shared = before, shared
            self.ranges.forget(shown)

    def canonical(self, size: str) -> str:
        """Return one name for all sizes that are known to be equal."""
        while size in self._equal:
            size = self._equal[size]
        return size

    def same(self, a: str, b: str) -> bool:
        return self.canonical(a) == self.canonical(b)

    def same_sizes(self, a: Sequence[str], b: Sequence[str]) -> bool:
        return len(a) == len(b) and all(map(self.same, a, b))

    def is_below(self, code: str, size: str) -> bool:
        """Tell whether an int variable is known to be less than a size."""
        if is_literal(size) and self.ranges.of(code)[1] < int(size):
            return True
        limit = self.ranges.limit_of(code)
        return limit is not None and self.is_within(limit, size)

    def is_within(self, limit: Sum, size: str) -> bool:
        """Tell whether a sum is known not to be above a size."""
        size = self.canonical(size)
        base, offset = self.canonical(limit[0]), limit[1]
        root, more = self.ranges.sum_of(size)
        if self.canonical(root) == base and offset <= more:
            return True
        return self.ranges.is_shown((base, offset), size)

    def require_within(self, limit: Sum, size: str) -> None:
        """Stop where a sum is above a size, and remember that it is not."""
        base, offset = limit
        self.stop_if(f"{base} > {subtract(size, str(offset))}")
        self.ranges.note_shown((self.canonical(base), offset), self.canonical(size))

    def require_equal(self, a: str, b: str) -> None:
        """Stop unless two sizes are equal, and remember that they are."""
        a, b = self.canonical(a), self.canonical(b)
        if a == b:
            return
        if is_literal(a) and is_literal(b):
            self.stop_if("1")
            return
        self.stop_if(f"{a} != {b}")
        self.assume_equal(a, b)

    def assume_equal(self, a: str, b: str) -> None:
        a, b = self.canonical(a), self.canonical(b)
        if a != b:
            old, new = (b, a) if is_literal(a) or not is_literal(b) else (a, b)
            self._equal[old] = new

    def broadcast(self, shapes: Sequence[Sequence[str]], message: str = "") -> tuple[str, ...]:
        """Return the sizes that arrays broadcast to, with the tests that they do.

        `message` is what NumPy says where they do not, with `{0}`, `{1}` for the shapes.
        """
        rank = max(map(len, shapes))
        result = []
        for axis in range(-rank, 0):
            sizes = {self.canonical(s[axis]): None for s in shapes if len(s) >= -axis}
            wide = [s for s in sizes if s != "1"]
            if not wide:
                result.append("1")
                continue
            for other in wide[1:]:
                self._require_broadcast(wide[0], other, shapes, message)
            result.append(self.canonical(wide[0]))
        held = any(self._covers(shape, result) for shape in shapes)
        if not held and sum(size != "1" for size in result) > 1:
            # Each operand is an array, and this would be one of more elements than any can have.
            self.stop_if(f"{_times(1, result)} == SIZE_MAX")
        return tuple(result)

    def _covers(self, shape: Sequence[str], result: Sequence[str]) -> bool:
        """Tell whether an operand has as many elements as what it broadcasts to."""
        padded = ["1"] * (len(result) - len(shape)) + list(shape)
        return self.same_sizes(padded, result)

    def _require_broadcast(
        self, a: str, b: str, shapes: Sequence[Sequence[str]], message: str
    ) -> None:
        if not (_is_wide(a) and _is_wide(b)):
            # One may turn out to be 1.
            self.require_equal(a, b)
            return
        if not message:
            places = "".join(f"{{{i}}} " for i in range(len(shapes)))
            message = f"operands could not be broadcast together with shapes {places}"
        text = message.format(*map(_shape_format, shapes))
        values = [size for shape in shapes for size in shape]
        self.stop_if(f"{a} != {b}", "ValueError", text, *values)
        self.assume_equal(a, b)

    # --- memory ----------------------------------------------------------------------------------

    def new_root(self) -> Root:
        """Return scratch memory of the workspace, not reserved yet."""
        return Root(self.new_slot(), self._free.append, self.innermost)

    def new_slot(self) -> int:
        if self._free:
            return self._free.pop()
        if self._slots == _MAX_SLOTS:
            raise Unsupported("the program holds too many arrays at once", self.location)
        self._slots += 1
        return self._slots - 1

    def reserve(self, slot: str, dtype: str, sizes: Sequence[str]) -> str:
        """Write code that gets scratch memory; return the pointer."""
        name = self.writer.name("p")
        type_ = C_TYPES[dtype]
        self.line(
            f"{type_} *const {name} = ({type_} *)sc_slot_reserve"
            f"(ws, {slot}, {self.bytes(dtype, sizes)});"
        )
        self.stop_if(f"!{name}", "MemoryError", "out of memory")
        return name

    def bytes(self, dtype: str, sizes: Sequence[str]) -> str:
        """Return how much memory an array takes; there is none for what is beyond 64 bits."""
        return _times(ITEM_SIZES[dtype], sizes)

    def memory_for(self, node: Node) -> Buffer:
        """Write code that gets the memory of a node that is about to be computed."""
        return node.allocate(node) if node.allocate else self.fresh(node.dtype, node.sizes)

    def fresh(self, dtype: str, sizes: Sequence[str]) -> Buffer:
        """Write code that gets memory for an array; it is contiguous."""
        root = self.new_root()
        data = self.reserve(str(root.slot), dtype, sizes)
        return contiguous(dtype, sizes, data, (root,))


_WIDE = re.compile(r"x_\w+_n\d+|\d+")


_FIXED = re.compile(r"(x_\w+_)?n\d+")
"""Names of sizes that do not change."""


def _times(item: int, sizes: Sequence[str]) -> str:
    """Return how many bytes so many items have: SIZE_MAX if no object is so large."""
    literals = [int(size) for size in sizes if is_literal(size)]
    if 0 in literals:
        return "(size_t)0"
    known = item * math.prod(literals)
    text = f"(size_t){known}" if known < 2**63 else "SIZE_MAX"
    for size in sizes:
        if not is_literal(size):
            text = f"sc_times({text}, {size})"
    return text


def _is_wide(size: str) -> bool:
    """Tell whether a size is known not to be 1: one of an argument, or a literal."""
    return size != "1" and _WIDE.fullmatch(size) is not None


def _shape_format(sizes: Sequence[str]) -> str:
    """Return the format of a shape as NumPy writes it in messages."""
    listed = ",".join("%lld" for _ in sizes)
    return f"({listed},)" if len(sizes) == 1 else f"({listed})"


def strides_of(sizes: Sequence[str]) -> tuple[str, ...]:
    """Return the strides of a contiguous array."""
    return tuple(multiply(*sizes[i + 1 :]) for i in range(len(sizes)))


def contiguous(
    dtype: str,
    sizes: Sequence[str],
    data: str,
    roots: Sequence[Root],
    source: str = "-1",
    identity: str = "0",
) -> Buffer:
    """Return an array that lies in memory without gaps."""
    strides = strides_of(sizes)
    return Buffer(
        dtype, sizes, data, strides, roots, contiguous=True, source=source, identity=identity
    )


def in_memory(value: Array) -> Buffer | None:
    """Return where an array is, if it is computed."""
    if isinstance(value, Buffer):
        return value
    return getattr(value, "buffer", None)
