"""Loops: arrays that are not computed yet are put together into as few passes as the data allows.

`force` computes nodes. What they are computed from is a graph of pending nodes. Elementwise nodes
and views are written where they are used. Reductions over the last dimensions share one loop over
the dimensions in front of these (`outer`) with all that depends on them: a row is read, reduced and
used while it is in the cache. In a row, elements that several loops need are kept in a row of
scratch memory. Other reductions, over leading dimensions, are loops of their own: see `columns`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.columns import Elements, Index, add_rows, no_elements
from scriptc.runtime.native.emitter.context import Context, contiguous, in_memory, strides_of
from scriptc.runtime.native.emitter.split import Split
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    IndexOf,
    Map,
    NativeValue,
    Node,
    Reduce,
    Scalar,
    View,
)
from scriptc.runtime.native.emitter.writer import add, is_literal, multiply

_CHUNK = 4096
"""How many floats are added up before the sum goes to a wider or second accumulator."""
_KEEP = 3
"""An element that costs less than this is computed again rather than kept."""

_WORTH = 100_000
"""How many additions of elements are worth a thread."""


def force(context: Context, targets: Iterable[Array]) -> None:
    """Compute arrays. Afterwards each has its `buffer`."""
    pending = _pending(targets)
    if not pending:
        return
    _force_awkward(context, pending)
    pending = _pending(pending)
    while pending:
        group = _group(context, pending)
        _Kernel(context, group).emit()
        pending = _pending(pending)


def force_one(context: Context, value: Array) -> Buffer:
    """Compute an array and return where it is."""
    found = in_memory(value)
    if found is None:
        force(context, [value])
        found = in_memory(value)
        assert found is not None
    return found


def _pending(values: Iterable[NativeValue]) -> list[Node]:
    found = {id(v): v for v in values if isinstance(v, Node) and v.buffer is None}
    return list(found.values())


def closure(targets: Iterable[Node]) -> list[Node]:
    """Return pending nodes and all that they are computed from, operands first."""
    order: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(t, False) for t in reversed(list(targets))]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
            continue
        if id(node) in seen:
            continue
        seen.add(id(node))
        stack.append((node, True))
        stack += [(n, False) for n in reversed(_pending(node.inputs)) if id(n) not in seen]
    return order


def _is_trailing(node: Reduce) -> bool:
    rank = node.input.rank
    return sorted(node.axes) == list(range(rank - len(node.axes), rank))


def _force_awkward(context: Context, targets: Sequence[Node]) -> None:
    """Compute first what cannot share a loop over rows: reductions over leading dimensions."""
    for node in closure(targets):
        if isinstance(node, Reduce) and not _is_trailing(node) and node.buffer is None:
            force_reductions(context, node.input)
            add_rows(context, node, elements(context), unroll=is_cheap(node.input))


# --- which nodes share a loop ---------------------------------------------------------------------


@dataclass
class _Group:
    """Nodes of one loop nest: `order` are the members, operands first; `outer` the shared sizes."""

    outer: tuple[str, ...]
    order: list[Node]
    targets: list[Node]
    members: set[int] = field(default_factory=set)


def _group(context: Context, pending: Sequence[Node]) -> _Group:
    """Choose what the next loop nest computes: all of `pending`, or something in front of it."""
    while True:
        targets = _with_shared(pending)
        order = closure(targets)
        reduces = [n for n in order if isinstance(n, Reduce)]
        if not reduces:
            first = targets[0]
            same = [t for t in targets if context.same_sizes(t.sizes, first.sizes)]
            return _Group((), closure(same), same)
        outer = _outer(reduces)
        problem = _problem(context, targets, outer)
        if problem is None:
            return _Group(outer, order, targets)
        if len(pending) == 1 and problem is pending[0]:
            # It does not go with its own operands: these come first.
            pending = [r for r in reduces if r is not problem] or [problem]
            if pending == [problem]:
                return _Group(outer, order, targets)
            pending = pending[:1]
        else:
            pending = [problem]


def _outer(reduces: Sequence[Reduce]) -> tuple[str, ...]:
    """Return the dimensions in front of all that is reduced."""
    first = min(reduces, key=lambda n: n.input.rank - len(n.axes))
    return first.input.sizes[: first.input.rank - len(first.axes)]


def _with_shared(pending: Sequence[Node]) -> list[Node]:
    """Add what is needed later too, and would have to be computed again."""
    targets = list(pending)
    known = {id(t) for t in targets}
    order = closure(targets)
    inside: dict[int, int] = {}
    for node in order:
        for operand in node.inputs:
            inside[id(operand)] = inside.get(id(operand), 0) + 1
    for node in order:
        if id(node) in known or node.uses <= inside.get(id(node), 0):
            continue
        if isinstance(node, Reduce) or (isinstance(node, Map) and total_cost(node) >= _KEEP):
            targets.append(node)
            known.add(id(node))
    return targets


def total_cost(node: NativeValue, reduced: int = 1000) -> int:
    """Return about what an element costs, operands that are not in memory included.

    `reduced` is what a reduction costs: nothing where its result is at hand.
    """
    if isinstance(node, Reduce):
        return reduced
    if not isinstance(node, Node) or node.buffer is not None:
        return 0
    own = node.cost if isinstance(node, Map) else 0
    return own + sum(total_cost(i, reduced) for i in node.inputs)


def _problem(context: Context, targets: Sequence[Node], outer: Sequence[str]) -> Node | None:
    """Return a node that cannot be computed row by row with the others, if there is one."""
    rows = len(outer)

    def fits(node: Node) -> bool:
        return context.same_sizes(node.sizes[:rows], outer)

    def has_reduce(node: Array) -> bool:
        return any(isinstance(n, Reduce) for n in closure(_pending([node])))

    for target in targets:
        if not fits(target):
            return target
    for node in closure(targets):
        if not fits(node) and not has_reduce(node):
            continue
        for operand in _pending(node.inputs):
            if not has_reduce(operand) and not isinstance(node, Reduce):
                continue
            local = fits(operand) and fits(node)
            if isinstance(node, Map):
                local = local and operand.rank == node.rank
            elif isinstance(node, View):
                local = local and list(node.axes[:rows]) == list(range(rows))
            elif isinstance(node, Reduce):
                local = local and min(node.axes, default=rows) >= rows
            if not local and (has_reduce(operand) or isinstance(node, Reduce)):
                return operand if has_reduce(operand) else node
    return None


# --- a loop nest ----------------------------------------------------------------------------------


@dataclass
class _Stage:
    """One loop over the dimensions inside a row: what it stores and what it adds up."""

    sizes: tuple[str, ...]
    stores: list[Node] = field(default_factory=list)
    accumulations: list[Reduce] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)


class _Kernel:
    def __init__(self, context: Context, group: _Group) -> None:
        self.context = context
        self.group = group
        self.rows = len(group.outer)
        self.outer: Index = ()
        self.scalars: dict[int, str] = {}
        self.kept: dict[int, str] = {}
        self.memo: dict[tuple[int, Index], str] = {}

    def emit(self) -> None:
        context, group = self.context, self.group
        keep = self._to_keep()
        for node in group.order:
            if isinstance(node, Reduce) and node.reduction.empty_fails:
                context.stop_if(no_elements(multiply(*(node.input.sizes[a] for a in node.axes))))
        buffers = [context.memory_for(target) for target in group.targets]
        for target, buffer in zip(group.targets, buffers, strict=True):
            self.kept[id(target)] = buffer.data
        roots = []
        scratch: dict[str, str] = {}
        kept = [n for n in group.order if id(n) in keep and id(n) not in self.kept]
        grains = self._grains()
        split = Split(context, grains)
        workers = (split.workers(group.outer[0]),) if grains and kept else ()
        for node in kept:
            root = context.new_root()
            roots.append(root)
            inner = node.sizes[self.rows :]
            name = context.reserve(str(root.slot), node.dtype, (*workers, *inner))
            self.kept[id(node)] = name
            scratch[name] = multiply(*inner)
        stages = self._stages(keep)
        begin = len(context.writer.lines)
        self._outer_loops(0, stages)
        split.emit(begin, scratch)
        for target, buffer in zip(group.targets, buffers, strict=True):
            target.buffer = buffer
            target.forget()
        del roots

    def _grains(self) -> dict[str, str]:
        """Return how many rounds of the outermost loop are worth a thread, by its length.

        Threads may share whole rows, or elements; what is left of a row is for one.
        """
        reduces = [n for n in self.group.order if isinstance(n, Reduce)]
        sizes = self.group.targets[0].sizes
        if self.context.externally_written or not sizes or (reduces and not self.group.outer):
            return {}
        elements = _WORTH * 16 // (16 + sum(n.cost for n in self.group.order if isinstance(n, Map)))
        row = multiply(*max((n.input.sizes for n in reduces), key=len, default=sizes)[1:])
        rows = str(elements) if row == "1" else f"{elements} / (1 + {row})"
        if reduces:
            return {self.group.outer[0]: rows}
        return {sizes[0]: rows, multiply(*sizes): str(elements)}

    def _to_keep(self) -> set[int]:
        """Return which nodes are computed once per row and kept."""
        target_ids = {id(t) for t in self.group.targets}
        keep = set(target_ids)
        if not any(isinstance(n, Reduce) for n in self.group.order):
            return keep
        count: dict[int, int] = {}
        for node in self.group.order:
            for operand in node.inputs:
                count[id(operand)] = count.get(id(operand), 0) + 1
        for node in self.group.order:
            if isinstance(node, Reduce):
                if node.rank > self.rows:
                    keep.add(id(node))
            elif (
                isinstance(node, Map)
                and count.get(id(node), 0) > 1
                and total_cost(node, 0) >= _KEEP
                and node.rank > self.rows
                and self.context.same_sizes(node.sizes[: self.rows], self.group.outer)
            ):
                keep.add(id(node))
        return keep

    def _stages(self, keep: set[int]) -> list[_Stage]:
        stages: list[_Stage] = []
        current: _Stage | None = None
        for node in self.group.order:
            whole = True
            if isinstance(node, Reduce):
                inner = node.input.sizes[self.rows :]
                whole = node.rank == self.rows
            elif id(node) in keep:
                inner = node.sizes[self.rows :]
            else:
                continue
            if (
                current is None
                or not whole
                or not self.context.same_sizes(current.sizes, inner)
                or self._depends(node, {id(n) for n in current.accumulations})
            ):
                current = _Stage(inner)
                stages.append(current)
            current.items.append(node)
            (current.accumulations if isinstance(node, Reduce) else current.stores).append(node)  # type: ignore[arg-type]  # by the same test
            if not whole:
                current = None
        return stages

    def _depends(self, node: Node, others: set[int]) -> bool:
        return any(id(n) in others for n in closure([node]) if n is not node)

    # --- loops --------------------------------------------------------------------------------

    def _outer_loops(self, axis: int, stages: Sequence[_Stage]) -> None:
        writer = self.context.writer
        if axis == self.rows:
            self.memo = {}
            for stage in stages:
                self._stage(stage)
            return
        name = writer.name("i")
        size = self.group.outer[axis]
        with writer.braces(f"for (int64_t {name} = 0; {name} < {size}; ++{name})"):
            self.outer = (*self.outer, name)
            self._outer_loops(axis + 1, stages)
        self.outer = self.outer[:-1]

    def _stage(self, stage: _Stage) -> None:
        if stage.accumulations and not self._is_whole(stage):
            (node,) = stage.accumulations
            self._inner_reduction(node)
            return
        opened = [self._open(node) for node in stage.accumulations]
        if not stage.sizes:
            self._body(stage, ())
        elif self._is_flat(stage):
            # All arrays lie in the same order: one loop over all elements, as if all of them were
            # in the last dimension that is not 1.
            count = len(stage.sizes)
            at = max((i for i, s in enumerate(stage.sizes) if s != "1"), default=count - 1)
            before, after = ("0",) * at, ("0",) * (count - 1 - at)
            self._loop(stage, (multiply(*stage.sizes),), before, after)
        else:
            self._loop(stage, stage.sizes, ())
        for node, names in zip(stage.accumulations, opened, strict=True):
            self.scalars[id(node)] = self._close(node, names, multiply(*stage.sizes))
            if id(node) in self.kept:
                place = self._offset(strides_of(node.sizes), self.outer)
                self.context.line(f"{self.kept[id(node)]}[{place}] = {self.scalars[id(node)]};")

    def _is_whole(self, stage: _Stage) -> bool:
        return all(node.rank == self.rows for node in stage.accumulations)

    def _loop(self, stage: _Stage, sizes: Sequence[str], inner: Index, after: Index = ()) -> None:
        writer = self.context.writer
        name = writer.name("j")
        size = sizes[0]
        last = len(sizes) == 1
        if last and self._wants_chunks(stage, size):
            self._chunked(stage, size, inner, name, after)
            return
        if last:
            self._pragma(stage.accumulations)
        with writer.braces(f"for (int64_t {name} = 0; {name} < {size}; ++{name})"):
            if last:
                self._body(stage, (*inner, name, *after))
            else:
                self._loop(stage, sizes[1:], (*inner, name))

    def _pragma(self, accumulations: Sequence[Reduce]) -> None:
        clauses = ""
        for node in accumulations:
            if not node.reduction.openmp:
                return
            name = self.scalars[id(node)]
            clauses += f" reduction({node.reduction.openmp}:{name})"
            if node.reduction.tracks_nan:
                clauses += f" reduction(|:{name}_nan)"
        self.context.line(f"#pragma omp simd{clauses}")

    @staticmethod
    def _wants_chunks(stage: _Stage, size: str) -> bool:
        if is_literal(size) and int(size) <= _CHUNK:
            return False
        return any(
            n.reduction.openmp == "+" and n.accumulator in ("float", "double")
            for n in stage.accumulations
        )

    def _chunked(self, stage: _Stage, size: str, inner: Index, name: str, after: Index) -> None:
        """Write a loop in pieces, whose float sums go to a second accumulator after each."""
        writer = self.context.writer
        sums = [n for n in stage.accumulations if n.reduction.openmp == "+"]
        totals = {}
        for node in sums:
            totals[id(node)] = writer.name("total")
            self.context.line(f"double {totals[id(node)]} = {self.scalars[id(node)]};")
        begin, end = writer.name("begin"), writer.name("end")
        head = f"for (int64_t {begin} = 0; {begin} < {size}; {begin} += {_CHUNK})"
        with writer.braces(head):
            self.context.line(
                f"const int64_t {end} = {size} - {begin} < {_CHUNK} ? {size} : {begin} + {_CHUNK};"
            )
            for node in sums:
                self.context.line(f"{self.scalars[id(node)]} = {node.reduction.start};")
            self._pragma(stage.accumulations)
            with writer.braces(f"for (int64_t {name} = {begin}; {name} < {end}; ++{name})"):
                self._body(stage, (*inner, name, *after))
            for node in sums:
                self.context.line(f"{totals[id(node)]} += {self.scalars[id(node)]};")
        for node in sums:
            self.context.line(f"{self.scalars[id(node)]} = ({node.accumulator}){totals[id(node)]};")

    def _body(self, stage: _Stage, inner: Index) -> None:
        outside, self.memo = self.memo, dict(self.memo)
        index = (*self.outer, *inner)
        for node in stage.items:
            if isinstance(node, Reduce):
                self._accumulate(node, self.element(node.input, index))
            else:
                code = self._compute(node, index)
                place = self._place(node, index)
                self.context.line(f"{self.kept[id(node)]}[{place}] = {code};")
        self.memo = outside

    def _place(self, node: Node, index: Index) -> str:
        if any(t is node for t in self.group.targets):
            return self._offset(strides_of(node.sizes), index)
        return self._offset(strides_of(node.sizes[self.rows :]), index[self.rows :])

    def _inner_reduction(self, node: Reduce) -> None:
        """Write the loops of a reduction that leaves some of the dimensions inside a row."""
        writer = self.context.writer
        sizes = node.input.sizes
        kept = [a for a in range(self.rows, len(sizes)) if a not in node.axes]
        names: dict[int, str] = dict(enumerate(self.outer))
        for axis in kept:
            names[axis] = writer.name("k")
            head = (
                f"for (int64_t {names[axis]} = 0; {names[axis]} < {sizes[axis]}; ++{names[axis]})"
            )
            writer.line(f"{head} {{")
            writer.depth += 1
        opened = self._open(node)
        axes = sorted(node.axes)
        for axis in axes:
            names[axis] = writer.name("j")
            if axis == axes[-1]:
                self._pragma([node])
            head = (
                f"for (int64_t {names[axis]} = 0; {names[axis]} < {sizes[axis]}; ++{names[axis]})"
            )
            writer.line(f"{head} {{")
            writer.depth += 1
        outside, self.memo = self.memo, dict(self.memo)
        index = tuple(names[a] for a in range(len(sizes)))
        self._accumulate(node, self.element(node.input, index))
        self.memo = outside
        for _ in axes:
            writer.depth -= 1
            writer.line("}")
        result = self._close(node, opened, multiply(*(sizes[a] for a in axes)))
        full = tuple(names[a] for a in range(len(sizes)) if a not in node.axes)
        self.context.line(f"{self.kept[id(node)]}[{self._place(node, full)}] = {result};")
        for _ in kept:
            writer.depth -= 1
            writer.line("}")
        del self.scalars[id(node)]

    # --- reductions -----------------------------------------------------------------------------

    def _open(self, node: Reduce) -> str:
        name = self.context.writer.name("a")
        self.scalars[id(node)] = name
        self.context.line(f"{node.accumulator} {name} = {node.reduction.start};")
        if node.reduction.tracks_nan:
            self.context.line(f"int {name}_nan = 0;")
        return name

    def _accumulate(self, node: Reduce, element: str) -> None:
        name = self.scalars[id(node)]
        self.context.line(f"{name} = {node.reduction.step.format(a=name, x=element)};")
        if node.reduction.tracks_nan:
            self.context.line(f"{name}_nan |= {element} != {element};")

    def _close(self, node: Reduce, name: str, count: str) -> str:
        reduction = node.reduction
        if reduction.tracks_nan:
            self.context.line(f"if ({name}_nan) {name} = ({node.accumulator})NAN;")
        text = reduction.finish.format(a=name, n=f"({count})")
        return self.context.scalar(node.dtype, text, python=False, prefix="s").code

    # --- elements -----------------------------------------------------------------------------

    def element(self, value: NativeValue, index: Index) -> str:
        """Return the C expression of an element; what is computed for it stands in variables."""
        if isinstance(value, Scalar):
            return value.code
        assert isinstance(value, Array)
        found = in_memory(value)
        if found is not None:
            return f"{found.data}[{self._offset(found.strides, index)}]"
        assert isinstance(value, Node)
        if isinstance(value, Reduce) and id(value) in self.scalars:
            return self.scalars[id(value)]
        known = self.memo.get((id(value), index))
        if known is not None:
            return known
        if id(value) in self.kept:
            return f"{self.kept[id(value)]}[{self._place(value, index)}]"
        return self._compute(value, index)

    def _compute(self, value: Node, index: Index) -> str:
        known = self.memo.get((id(value), index))
        if known is not None:
            return known
        if isinstance(value, IndexOf):
            code = index[value.axis]
        elif isinstance(value, View):
            places = [index[a] if isinstance(a, int) else a(*index) for a in value.axes]
            code = self.element(value.input, tuple(places))
        else:
            assert isinstance(value, Map), value
            operands = [self.element(v, self._within(index, v, value)) for v in value.operands]
            text = value.expression(operands)
            if text.isidentifier() or is_literal(text):
                code = text
            else:
                code = self.context.scalar(value.dtype, text, python=False, prefix="x").code
        self.memo[id(value), index] = code
        return code

    def _within(self, index: Index, operand: NativeValue, of: Array) -> Index:
        if not isinstance(operand, Array):
            return index
        lead = of.rank - operand.rank
        return tuple(
            "0" if size == "1" and of.sizes[lead + i] != "1" else index[lead + i]
            for i, size in enumerate(operand.sizes)
        )

    @staticmethod
    def _offset(strides: Sequence[str], index: Sequence[str]) -> str:
        return add(*(multiply(i, s) for i, s in zip(index, strides, strict=True)))

    # --- flat loops -----------------------------------------------------------------------------

    def _is_flat(self, stage: _Stage) -> bool:
        """Tell whether one loop over all elements of a row does.

        It does where each array has all the dimensions inside a row without gaps, or none of them.
        """
        if len(stage.sizes) < 2:
            return False
        operands = [v for n in stage.items for v in n.inputs]
        views = any(isinstance(n, View) for n in stage.items)
        return not views and all(self._flattens(v, stage.sizes) for v in operands)

    def _flattens(self, value: NativeValue, sizes: Sequence[str]) -> bool:
        if isinstance(value, Scalar):
            return True
        assert isinstance(value, Array)
        inner = value.sizes[-len(sizes) :]
        if isinstance(value, Reduce) and id(value) in self.scalars:
            return True
        if set(inner) - {"1"} and not self.context.same_sizes(inner, sizes):
            return False
        found = in_memory(value)
        if found is not None:
            return found.contiguous or set(inner) <= {"1"}
        if id(value) in self.kept:
            return True
        if isinstance(value, IndexOf | Reduce):
            return False
        if isinstance(value, View):
            lead = value.rank - len(sizes)
            whole = lead >= 0 and value.input.rank >= len(sizes)
            places = list(value.axes[-len(sizes) :])
            same = whole and places == list(range(lead, value.rank))
            return same and self._flattens(value.input, sizes)
        assert isinstance(value, Map)
        return all(self._flattens(v, sizes) for v in value.operands)


def elements(context: Context) -> Elements:
    """Return what writes elements of values that are not computed yet, reductions apart."""
    return _Kernel(context, _Group((), [], [])).element


def force_reductions(context: Context, value: NativeValue) -> None:
    """Compute the reductions that the elements of a value depend on."""
    force(context, [n for n in closure(_pending([value])) if isinstance(n, Reduce)])


def is_cheap(value: NativeValue) -> bool:
    """Tell whether an element costs less when it is computed again than when it is kept."""
    return total_cost(value) < _KEEP


def copy_into(context: Context, value: NativeValue, target: Buffer) -> None:
    """Write the elements of a value, which broadcasts to it, into an array in memory."""
    node = Map(target.dtype, target.sizes, [value], lambda x: f"({C_TYPES[target.dtype]}){x[0]}")
    force_reductions(context, value)
    kernel = _Kernel(context, _Group((), [node], [node]))
    kernel.kept[id(node)] = target.data
    sizes = target.sizes
    stage = _Stage(sizes, [node], [], [node])
    if not sizes:
        code = kernel.element(value, ())
        context.line(f"{target.data}[0] = ({C_TYPES[target.dtype]}){code};")
        return
    if target.contiguous:
        kernel._stage(stage)
        return
    names = [context.writer.name("j") for _ in sizes]
    for axis, (name, size) in enumerate(zip(names, sizes, strict=True)):
        if axis == len(sizes) - 1:
            context.line("#pragma omp simd")
        context.writer.line(f"for (int64_t {name} = 0; {name} < {size}; ++{name}) {{")
        context.writer.depth += 1
    code = kernel._compute(node, tuple(names))
    context.line(f"{target.data}[{kernel._offset(target.strides, names)}] = {code};")
    for _ in names:
        context.writer.depth -= 1
        context.writer.line("}")


__all__ = ["closure", "contiguous", "copy_into", "force", "force_one"]
