"""Reductions, by the loops of `emitter.kernels`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scriptc.ir.graph import Constant, Operation, Value
from scriptc.ir.text import same_literal
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.columns import find_extremes, no_elements
from scriptc.runtime.native.emitter.context import strides_of
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import (
    elements,
    force,
    force_one,
    force_reductions,
    is_cheap,
)
from scriptc.runtime.native.emitter.values import (
    Array,
    Map,
    NativeValue,
    Node,
    Reduce,
    Reduction,
    Scalar,
    Unsupported,
    View,
)
from scriptc.runtime.native.emitter.writer import multiply
from scriptc.runtime.native.lowerings.arguments import axes_of, dtype_of, is_none, known_bool
from scriptc.runtime.native.lowerings.elementwise import cast

SUM = Reduction("0", "{a} + {x}", "+")
PRODUCT = Reduction("1", "{a} * {x}", "*")
MEAN = Reduction("0", "{a} + {x}", "+", "{a} / {n}")


def _extreme(dtype: str, sign: str) -> Reduction:
    floating = dtype.startswith("float")
    if floating:
        start = "(-INFINITY)" if sign == ">" else "INFINITY"
    elif dtype == "bool":
        start = "0" if sign == ">" else "1"
    else:
        info = np.iinfo(dtype)
        bound = info.min if sign == ">" else info.max
        start = (
            "INT64_MIN"
            if bound == -(2**63)
            else (f"UINT64_C({bound})" if bound > 2**63 else f"INT64_C({bound})")
        )
    return Reduction(
        start,
        f"{{x}} {sign} {{a}} ? {{x}} : {{a}}",
        "max" if sign == ">" else "min",
        tracks_nan=floating,
        empty_fails=True,
    )


def as_array(e: FunctionEmitter, value: NativeValue) -> Array:
    """Return an array; a number is one without dimensions."""
    if isinstance(value, Scalar):
        return Map(value.dtype, (), [value], lambda c: c[0], 0)
    if not isinstance(value, Array):
        raise Unsupported("a reduction of what is not an array", e.location)
    return value


def converted(x: Array, dtype: str) -> Array:
    """Return an array with its elements cast."""
    if x.dtype == dtype:
        return x
    source = x.dtype
    return Map(dtype, x.sizes, [x], lambda c: cast(c[0], source, dtype), 1)


def reduce(
    e: FunctionEmitter,
    x: Array,
    axes: Sequence[int],
    reduction: Reduction,
    dtype: str,
    *,
    keepdims: bool,
    accumulator: str | None = None,
) -> NativeValue:
    """Reduce dimensions away; what has none left is a NumPy scalar, computed at once."""
    node = Reduce(dtype, x, axes, reduction, accumulator or C_TYPES[dtype])
    if not node.sizes and axes:
        force(e, [node])
        assert node.buffer is not None
        scalar = e.scalar(dtype, f"{node.buffer.data}[0]", python=False)
        if not keepdims or not x.rank:
            return scalar
        return Map(dtype, ["1"] * x.rank, [scalar], lambda c: c[0], 0)
    if not axes:  # nothing is reduced: each element by itself
        raise Unsupported("a reduction over no axis", e.location)
    return keep_dims(node, x.rank, axes) if keepdims else node


def keep_dims(node: Array, rank: int, axes: Sequence[int]) -> Array:
    """Return what is left with the reduced dimensions as 1."""
    kept = [a for a in range(rank) if a not in axes]
    sizes = [node.sizes[kept.index(a)] if a in kept else "1" for a in range(rank)]
    return View(sizes, node, kept)


def _plain(e: FunctionEmitter, value: NativeValue, wanted: str) -> None:
    ok = is_none(value) or (
        isinstance(value, Scalar) and value.dtype == "bool" and value.code == "1"
    )
    if not ok:
        raise Unsupported(f"a reduction with `{wanted}`", e.location)


def _accumulated(dtype: str) -> str:
    """Return the dtype that NumPy adds up in: small ints become int64 or uint64."""
    kind = np.dtype(dtype).kind
    if kind in "bi":
        return "int64"
    return "uint64" if kind == "u" else dtype


def _sum(reduction: Reduction) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        del op
        x, axis, dtype, keepdims, initial, where = operands
        _plain(e, initial, "initial")
        _plain(e, where, "where")
        array = as_array(e, x)
        result = dtype_of(e, dtype, _accumulated(array.dtype))
        if array.dtype.startswith("float") and not result.startswith("float"):
            raise Unsupported("floats added up as ints", e.location)
        axes = axes_of(e, axis, array.rank)
        # Ints wrap around, which in C only unsigned ones do.
        accumulator = f"u{C_TYPES[result]}" if result.startswith("int") else None
        return reduce(
            e, converted(array, result), axes, reduction, result,
            keepdims=known_bool(e, keepdims), accumulator=accumulator,
        )  # fmt: skip

    return lower


def mean(
    e: FunctionEmitter, array: Array, axes: Sequence[int], dtype: str, *, keepdims: bool
) -> NativeValue:
    """Return the mean over axes."""
    return reduce(e, converted(array, dtype), axes, MEAN, dtype, keepdims=keepdims)


def _mean(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    x, axis, dtype, keepdims, where = operands
    _plain(e, where, "where")
    array = as_array(e, x)
    default = array.dtype if array.dtype.startswith("float") else "float64"
    result = dtype_of(e, dtype, default)
    if not result.startswith("float"):
        raise Unsupported("a mean of ints as an int", e.location)
    return mean(e, array, axes_of(e, axis, array.rank), result, keepdims=known_bool(e, keepdims))


def _extremes(sign: str) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        x, axis, keepdims, initial, where = operands
        _plain(e, initial, "initial")
        _plain(e, where, "where")
        array = as_array(e, x)
        keeps = known_bool(e, keepdims)
        twin = _twin(e, op) if not keeps and _is_of_columns(e, array, axis) else None
        if twin is not None:
            return _columns(e, op, array, sign)[1]
        axes = axes_of(e, axis, array.rank)
        return reduce(e, array, axes, _extreme(array.dtype, sign), array.dtype, keepdims=keeps)

    return lower


def _spread(finish: Callable[[str], str]) -> Lowering:
    """Make the lowering of variance and standard deviation: two passes, as NumPy does it."""

    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        names = [p.name for p in op.opdef.schema.parameters] if op.opdef else []
        given = dict(zip(names, operands, strict=True))
        array = as_array(e, given["x"])
        if "where" in given:
            _plain(e, given["where"], "where")
        default = array.dtype if array.dtype.startswith("float") else "float64"
        result = dtype_of(e, given["dtype"], default)
        correction = given["correction"]
        if not isinstance(correction, Scalar):
            raise Unsupported("this correction", e.location)
        axes = axes_of(e, given["axis"], array.rank)
        x = converted(array, result)
        middle = mean(e, x, axes, result, keepdims=True)
        assert isinstance(middle, Array), middle
        centred = Map(result, x.sizes, [x, middle], lambda c: f"{c[0]} - {c[1]}", 2)
        squares = Map(result, x.sizes, [centred], lambda c: f"{c[0]} * {c[0]}", 1)
        type_ = C_TYPES[result]
        count = f"({type_})({{n}} - {correction.code} > 0 ? {{n}} - {correction.code} : 0)"
        reduction = Reduction(
            "0",
            "{a} + {x}",
            "+",
            finish(f"{{a}} / {count}").replace("{f}", "f" if result == "float32" else ""),
        )
        return reduce(
            e, squares, axes, reduction, result, keepdims=known_bool(e, given["keepdims"])
        )

    return lower


def _test(start: str, step: str, openmp: str) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        del op
        x, axis, keepdims, *where = operands
        for value in where:
            _plain(e, value, "where")
        array = as_array(e, x)
        truths = Map("bool", array.sizes, [array], lambda c: f"{c[0]} != 0", 1)
        axes = axes_of(e, axis, array.rank)
        reduction = Reduction(start, step, openmp)
        return reduce(
            e, truths, axes, reduction, "bool", keepdims=known_bool(e, keepdims), accumulator="int"
        )

    return lower


def _argument(sign: str) -> Lowering:
    """Make the lowering of argmax and argmin: the first place of the extreme; NaN counts as it."""

    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        x, axis, keepdims = operands
        if known_bool(e, keepdims):
            raise Unsupported("argmax with keepdims", e.location)
        array = as_array(e, x)
        if _is_of_columns(e, array, axis):
            return _columns(e, op, array, sign)[0]
        return _place_of_extreme(e, array, axis, sign)

    return lower


def _is_of_columns(e: FunctionEmitter, x: Array, axis: NativeValue) -> bool:
    """Tell whether a dimension is reduced away that is the last but one."""
    return x.rank > 1 and not is_none(axis) and axes_of(e, axis, x.rank) == [x.rank - 2]


def _columns(e: FunctionEmitter, op: Operation, x: Array, sign: str) -> tuple[Array, Array]:
    """Return the places of the extremes of columns, and the extremes."""
    twin = _twin(e, op)
    users = 1 + (twin is not None)
    if isinstance(x, Node) and x.uses > users and not is_cheap(x):
        x = force_one(e, x)
    force_reductions(e, x)
    e.stop_if(no_elements(x.sizes[-2]))
    unroll = is_cheap(x)
    places, extremes = find_extremes(
        e, x, sign, _extreme(x.dtype, sign), elements(e), unroll=unroll
    )
    found = converted(places, "int64"), extremes
    if twin is not None:
        e.computed(twin, found[not twin.name.startswith("arg")], along=op)
    return found


def _twin(e: FunctionEmitter, op: Operation) -> Operation | None:
    """Return what asks for the extremes whose places an operation asks for, or the reverse."""
    x, axis = op.operands[:2]
    plain = op.name.removeprefix("arg")
    wanted = plain if op.name != plain else f"arg{plain}"
    if e.aliases.is_written(x):
        return None
    for user in x.uses:
        if user.name != wanted or user.opdef is None or user.parent is not op.parent:
            continue
        rest = zip(user.operands[2:], user.opdef.schema.parameters[2:], strict=True)
        if _is_same(user.operands[1], axis) and all(
            isinstance(value, Constant) and same_literal(value.value, parameter.default)
            for value, parameter in rest
        ):
            return user
    return None


def _is_same(a: Value, b: Value) -> bool:
    constants = isinstance(a, Constant) and isinstance(b, Constant)
    return a is b or (constants and same_literal(a.value, b.value))  # type: ignore[attr-defined]  # both are


def _place_of_extreme(e: FunctionEmitter, x: Array, axis: NativeValue, sign: str) -> NativeValue:
    array = force_one(e, x)
    type_ = C_TYPES[array.dtype]
    nan = array.dtype.startswith("float")
    if is_none(axis) and array.rank != 1:
        if not array.contiguous:
            raise Unsupported("argmax of a strided array", e.location)
        outer: list[str] = []
        length, stride, strides = multiply(*array.sizes), "1", []
    else:
        (place,) = axes_of(e, axis, array.rank)
        outer = [s for i, s in enumerate(array.sizes) if i != place]
        strides = [s for i, s in enumerate(array.strides) if i != place]
        length, stride = array.sizes[place], array.strides[place]
    e.stop_if(no_elements(length))
    result = e.fresh("int64", outer) if outer else None
    names = [e.writer.name("i") for _ in outer]
    for name, size in zip(names, outer, strict=True):
        e.line(f"for (int64_t {name} = 0; {name} < {size}; ++{name}) {{")
        e.writer.depth += 1
    row, best, j = e.writer.name("p"), e.writer.name("best"), e.writer.name("j")
    offset = " + ".join(f"{n} * ({s})" for n, s in zip(names, strides, strict=True)) or "0"
    e.line(f"const {type_} *const {row} = {array.data} + {offset};")
    e.line(f"int64_t {best} = 0;")
    e.line(f"for (int64_t {j} = 1; {j} < {length}; ++{j}) {{")
    new, old = f"{row}[{j} * ({stride})]", f"{row}[{best} * ({stride})]"
    test = f"{new} {sign} {old}"
    if nan:
        test = f"{old} == {old} && ({test} || {new} != {new})"
    e.line(f"    if ({test}) {best} = {j};")
    e.line("}")
    if result is None:
        return Scalar("int64", best, python=False)
    to = " + ".join(f"{n} * ({s})" for n, s in zip(names, strides_of(outer), strict=True))
    e.line(f"{result.data}[{to}] = {best};")
    for _ in names:
        e.writer.depth -= 1
        e.line("}")
    return result


LOWERINGS: Mapping[str, Lowering] = {
    "sum": _sum(SUM),
    "prod": _sum(PRODUCT),
    "mean": _mean,
    "max": _extremes(">"),
    "min": _extremes("<"),
    "var": _spread(lambda text: text),
    "std": _spread(lambda text: f"sqrt{{f}}({text})"),
    "any": _test("0", "{a} | {x}", "|"),
    "all": _test("1", "{a} & {x}", "&"),
    "argmax": _argument(">"),
    "argmin": _argument("<"),
}
