"""Reductions over dimensions in front of the last: whole rows are put together, column by column.

Rows are read in the order in which they lie in memory, and what has been put together so far stays
in a row of its own. Where an element costs little, several rows are taken at once: that row is then
read and written once for all of them. Each column is still put together in the order of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scriptc.runtime.native.abi import C_TYPES, ITEM_SIZES
from scriptc.runtime.native.emitter.context import Context, strides_of
from scriptc.runtime.native.emitter.values import Array, Buffer, NativeValue, Reduce, Reduction
from scriptc.runtime.native.emitter.writer import add, is_literal, multiply

_ROWS = 4
"""How many rows are taken at once."""

Index = tuple[str, ...]
Elements = Callable[[NativeValue, Index], str]


def add_rows(context: Context, node: Reduce, element: Elements, *, unroll: bool) -> None:
    """Write a reduction of which the last dimension stays; afterwards it has its `buffer`."""
    writer, input_, reduction = context.writer, node.input, node.reduction
    buffer = context.memory_for(node)
    exact = node.accumulator == C_TYPES[node.dtype]
    root = None
    sums = buffer.data
    if not exact:
        root = context.new_root()
        sums = writer.name("p")
        bytes_ = f"(size_t)({multiply(*node.sizes)}) * sizeof({node.accumulator})"
        context.line(
            f"{node.accumulator} *const {sums} = ({node.accumulator} *)sc_slot_reserve"
            f"(ws, {root.slot}, {bytes_});"
        )
        context.stop_if(f"!{sums}", "MemoryError", "out of memory")
    count = multiply(*(input_.sizes[a] for a in node.axes))
    if reduction.empty_fails:
        context.stop_if(no_elements(count))
    total = multiply(*node.sizes)
    j = writer.name("j")
    context.line(f"for (int64_t {j} = 0; {j} < {total}; ++{j}) {sums}[{j}] = {reduction.start};")

    def body(rows: Sequence[Index]) -> None:
        place, a = _place(node.sizes, node.axes, rows[0]), writer.name("a")
        context.line(f"{node.accumulator} {a} = {sums}[{place}];")
        for row in rows:
            text = element(input_, row)
            if reduction.tracks_nan:
                x = writer.name("x")
                context.line(f"const {node.accumulator} {x} = {text};")
                sign = ">" if reduction.openmp == "max" else "<"
                test = _exceeds(context, node.dtype, x, sign, a)
                context.line(f"{a} = {test} ? {x} : {a};")
            else:
                context.line(f"{a} = {reduction.step.format(a=a, x=text)};")
        context.line(f"{sums}[{place}] = {a};")

    _walk(context, input_.sizes, node.axes, _ROWS if unroll else 1, body)
    if reduction.finish != "{a}" or not exact:
        text = reduction.finish.format(a=f"{sums}[{j}]", n=f"({count})")
        context.line(
            f"for (int64_t {j} = 0; {j} < {total}; ++{j}) {buffer.data}[{j}] = "
            f"({C_TYPES[node.dtype]}){text};"
        )
    node.buffer = buffer
    node.forget()
    del root


def find_extremes(
    context: Context, x: Array, sign: str, extreme: Reduction, element: Elements, *, unroll: bool
) -> tuple[Buffer, Buffer]:
    """Write what finds the extremes along the last dimension but one; return places and extremes.

    A place is that of the first extreme; a NaN counts as one. The dimension must not be empty.
    Places are int32 or int64.
    """
    axis = x.rank - 2
    sizes = [size for i, size in enumerate(x.sizes) if i != axis]
    total = multiply(*sizes)
    extremes = context.fresh(x.dtype, sizes)
    # As wide as the elements, so that both are in vectors of as many.
    narrow = ITEM_SIZES[x.dtype] < 8
    places = context.fresh("int32" if narrow else "int64", sizes)
    if narrow and not is_literal(x.sizes[axis]):
        context.stop_if(f"{x.sizes[axis]} > INT32_MAX")
    j = context.writer.name("j")
    with context.writer.braces(f"for (int64_t {j} = 0; {j} < {total}; ++{j})"):
        context.line(f"{extremes.data}[{j}] = {extreme.start};")
        context.line(f"{places.data}[{j}] = 0;")

    def body(rows: Sequence[Index]) -> None:
        place = _place(sizes, (axis,), rows[0])
        best, at = context.writer.name("best"), context.writer.name("at")
        context.line(f"{C_TYPES[x.dtype]} {best} = {extremes.data}[{place}];")
        context.line(f"{C_TYPES[places.dtype]} {at} = {places.data}[{place}];")
        for row in rows:
            new = context.writer.name("x")
            context.line(f"const {C_TYPES[x.dtype]} {new} = {element(x, row)};")
            test = _exceeds(context, x.dtype, new, sign, best)
            index = f"({C_TYPES[places.dtype]}){row[axis]}"
            mask = test.isidentifier()
            context.line(
                f"{at} = ({index} & {test}) | ({at} & ~{test});"
                if mask
                else f"{at} = {test} ? {index} : {at};"
            )
            context.line(f"{best} = {test} ? {new} : {best};")
        context.line(f"{extremes.data}[{place}] = {best};")
        context.line(f"{places.data}[{place}] = {at};")

    _walk(context, x.sizes, (axis,), _ROWS if unroll else 1, body)
    return places, extremes


def _exceeds(context: Context, dtype: str, new: str, sign: str, old: str) -> str:
    """Return the test that an element takes the place of the extreme so far: a NaN does, and stays.

    For floats it is a mask of their width: compilers make vectors of that, and not of the formula.
    """
    if not dtype.startswith("float"):
        return f"{new} {sign} {old}"
    mask = context.writer.name("mask")
    other = {">": "<=", "<": ">="}[sign]
    context.line(
        f"const int{8 * ITEM_SIZES[dtype]}_t {mask} = "
        f"({old} == {old} ? -1 : 0) & ({new} {other} {old} ? 0 : -1);"
    )
    return mask


def no_elements(count: str) -> str:
    """Return the test that a count is 0."""
    return "0" if is_literal(count) and int(count) else f"{count} == 0"


def _place(sizes: Sequence[str], axes: Sequence[int], index: Index) -> str:
    """Return where the result of a column is, in an array without gaps."""
    kept = [name for axis, name in enumerate(index) if axis not in axes]
    return add(*(multiply(i, s) for i, s in zip(kept, strides_of(sizes), strict=True)))


def _walk(
    context: Context,
    sizes: Sequence[str],
    axes: Sequence[int],
    together: int,
    body: Callable[[Sequence[Index]], None],
) -> None:
    """Write loops over all elements, the last dimension that stays innermost.

    `body` writes what is done with an element of each of so many rows.
    """
    writer = context.writer
    last = max(a for a in range(len(sizes)) if a not in axes)
    order = [a for a in range(len(sizes)) if a != last]
    index = dict.fromkeys(range(len(sizes)), "")

    def columns(axis: int, rows: Sequence[str]) -> None:
        j = writer.name("i")
        context.line("#pragma omp simd")
        with writer.braces(f"for (int64_t {j} = 0; {j} < {sizes[last]}; ++{j})"):
            body([tuple(({**index, axis: row, last: j}).values()) for row in rows])

    def nest(position: int) -> None:
        axis = order[position]
        size = sizes[axis]
        i = writer.name("i")
        innermost = position == len(order) - 1
        if not innermost or together == 1 or axis not in axes:
            with writer.braces(f"for (int64_t {i} = 0; {i} < {size}; ++{i})"):
                index[axis] = i
                if innermost:
                    columns(axis, [i])
                else:
                    nest(position + 1)
            return
        with writer.braces(
            f"for (int64_t {i} = 0; {i} + {together - 1} < {size}; {i} += {together})"
        ):
            columns(axis, [i, *(f"({i} + {k})" for k in range(1, together))])
        if not is_literal(size) or int(size) % together:
            i = writer.name("i")
            begin = f"{size} / {together} * {together}"
            with writer.braces(f"for (int64_t {i} = {begin}; {i} < {size}; ++{i})"):
                columns(axis, [i])

    nest(0)
