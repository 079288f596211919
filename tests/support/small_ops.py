"""A few operations, an IR interpreter that walks them one by one, and random programs.

Tests of what works on any IR use these, so that they do not depend on the real registry. The
walking interpreter is the plainest reading of `ir/graph.py`; compiled code is compared with it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from scriptc.ir.builder import Builder, constant, type_of
from scriptc.ir.graph import (
    UNBOUND,
    Block,
    Constant,
    ExceptionRef,
    Function,
    FunctionRef,
    Instance,
    Operation,
    Program,
    Value,
)
from scriptc.ir.opdef import Args, OpDef, Trait, op
from scriptc.ir.types import (
    BOOL,
    INT,
    NONE,
    RANGE,
    SLICE,
    TENSOR,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
)

LOG: list[Any] = []


def note(tag: int, x: Any) -> Any:
    """Return `x`, and remember that it was seen; multiples of 7 are refused."""
    LOG.append((tag, x))
    if x % 7 == 0:
        raise ValueError(f"{tag}: {x}")
    return x


def _make_list(*elements: Any) -> list[Any]:
    return list(elements)


def _make_tuple(*elements: Any) -> tuple[Any, ...]:
    return elements


def _number(args: Args) -> Type:
    tensors = [t for t in args.types if isinstance(t, TensorType)]
    return TENSOR if tensors else args.types[0]


def _element(args: Args) -> Type:
    match args.types[0]:
        case ListType(element) | VariadicTupleType(element) | IteratorType(element):
            return element
        case TupleType(elements):
            return elements[0]
    return TENSOR


def _binary(name: str, sign: str, kernel: Callable[..., Any], *traits: Trait) -> OpDef:
    return op(
        f"{name}(a: Any, b: Any)",
        doc="",
        infer=_number,
        kernel=kernel,
        traits=traits,
        python=f"a {sign} b",
    )


def _compare(name: str, sign: str, kernel: Callable[..., Any]) -> OpDef:
    return op(
        f"{name}(a: Any, b: Any)",
        doc="",
        infer=lambda args: BOOL,
        kernel=kernel,
        traits=(Trait.PURE,),
        python=f"a {sign} b",
    )


PURE, INT_RANGE = Trait.PURE, Trait.INT_RANGE
OPS: dict[str, OpDef] = {
    opdef.name: opdef
    for opdef in (
        _binary("add", "+", operator.add, PURE, INT_RANGE),
        _binary("subtract", "-", operator.sub, PURE, INT_RANGE),
        _binary("multiply", "*", operator.mul, PURE, INT_RANGE),
        _binary("remainder", "%", operator.mod, PURE),
        _binary("power", "**", operator.pow, PURE, INT_RANGE),
        _binary("matmul", "@", operator.matmul, PURE),
        _compare("less", "<", operator.lt),
        _compare("equal", "==", operator.eq),
        _compare("is", "is", operator.is_),
        op(
            "contains(container: Any, item: Any)",
            doc="",
            infer=lambda args: BOOL,
            kernel=operator.contains,
            python="item in container",
        ),
        op(
            "not(x: Any)",
            doc="",
            infer=lambda args: BOOL,
            kernel=operator.not_,
            python="not x",
        ),
        op(
            "bool(x: Any)",
            doc="",
            infer=lambda args: BOOL,
            kernel=bool,
            traits=(Trait.PURE,),
            spellings=("builtins.bool",),
        ),
        op(
            "negative(x: Any)",
            doc="",
            infer=_number,
            kernel=operator.neg,
            traits=(PURE, INT_RANGE),
            python="-x",
        ),
        op(
            "getitem(x: Any, index: Any)",
            doc="",
            infer=_element,
            kernel=operator.getitem,
            python="x[index]",
        ),
        op(
            "setitem(x: Any, index: Any, value: Any)",
            doc="",
            infer=lambda args: NONE,
            kernel=operator.setitem,
            traits=(Trait.WRITES,),
        ),
        op(
            "delitem(x: Any, index: Any)",
            doc="",
            infer=lambda args: NONE,
            kernel=operator.delitem,
            traits=(Trait.WRITES,),
        ),
        op(
            "slice(start: Any, stop: Any, step: Any)",
            doc="",
            infer=lambda args: SLICE,
            kernel=slice,
            spellings=("builtins.slice",),
        ),
        op(
            "tuple(*elements: Any)",
            doc="",
            infer=lambda args: TupleType(args.types),
            kernel=_make_tuple,
            traits=(Trait.PURE, Trait.TOTAL),
        ),
        op(
            "list(*elements: Any)",
            doc="",
            infer=lambda args: ListType(args.types[0] if args.types else INT),
            kernel=_make_list,
        ),
        op(
            "list_append(x: Any, value: Any)",
            doc="",
            infer=lambda args: NONE,
            kernel=list.append,
            traits=(Trait.WRITES, Trait.CAPTURES),
            spellings=("list.append",),
        ),
        op(
            "inplace_add(x: Any, y: Any)",
            doc="",
            infer=lambda args: args.types[0],
            kernel=operator.iadd,
            traits=(Trait.WRITES,),
        ),
        op(
            "unpack(x: Any, count: int)",
            doc="",
            infer=lambda args: [_element(args)] * int(args.constant("count")),
            kernel=lambda x, count: tuple(x),
        ),
        op(
            "range(stop: int)",
            doc="",
            infer=lambda args: RANGE,
            kernel=range,
            spellings=("builtins.range",),
        ),
        op(
            "zip(*iterables: Any)",
            doc="",
            infer=lambda args: IteratorType(VariadicTupleType(INT)),
            kernel=zip,
            spellings=("builtins.zip",),
        ),
        op(
            "len(x: Any)",
            doc="",
            infer=lambda args: INT,
            kernel=len,
            spellings=("builtins.len",),
        ),
        op(
            "tanh(x: Any)",
            doc="",
            infer=lambda args: TENSOR,
            kernel=np.tanh,
            spellings=("numpy.tanh",),
        ),
        op(
            "transpose(x: Any)",
            doc="",
            infer=lambda args: TENSOR,
            kernel=np.transpose,
            spellings=("numpy.transpose",),
        ),
        op(
            "note(tag: int, x: Any)",
            doc="",
            infer=lambda args: args["x"],
            kernel=note,
            traits=(Trait.EFFECT,),
            spellings=("tests.note",),
        ),
    )
}


class Make(Builder):
    """A builder that takes operations by name, and Python values as constants."""

    def __call__(self, name: str, *operands: Any, label: str = "") -> Any:
        operation = self.build(OPS[name], self.values(operands), label)
        return operation.results[0] if len(operation.results) == 1 else tuple(operation.results)

    @staticmethod
    def values(operands: Any) -> list[Value]:
        return [x if isinstance(x, Value) else constant(x) for x in operands]

    def structure(self, name: str, operands: Any, results: list[Type], labels: Any = ()) -> Any:
        return self.insert(Operation(name, self.values(operands), results, result_names=labels))

    def end(self, name: str, *operands: Any) -> None:
        self.terminate(name, self.values(operands))

    def loop(
        self, starts: Any, iterable: Any = None, item: Type = INT, names: Any = (), label: str = ""
    ) -> tuple[Operation, list[Value]]:
        """Append a loop; return it and its body's arguments."""
        values = self.values(starts)
        head = [] if iterable is None else self.values([iterable])
        name = "loop" if iterable is None else "for"
        loop = self.structure(name, [*head, *values], [v.type for v in values], names)
        body = loop.add_block()
        if iterable is not None:
            body.add_argument(item, label)
        for i, value in enumerate(values):
            body.add_argument(value.type, names[i] if i < len(names) else "")
        return loop, list(body.arguments)

    def choose(self, condition: Any, results: list[Type], names: Any = ()) -> Operation:
        """Append an `if` with two empty blocks."""
        chosen: Operation = self.structure("if", [condition], results, names)
        chosen.add_block()
        chosen.add_block()
        return chosen


def make_function(
    name: str, parameters: dict[str, Type], *, result: Type = INT, origin: str = ""
) -> tuple[Function, Make, list[Value]]:
    function = Function(name, origin=origin)
    function.return_type = result
    values: list[Value] = [function.body.add_argument(t, n) for n, t in parameters.items()]
    return function, Make(function.body), values


# --- the walking interpreter -------------------------------------------------------------------


class _Leave(Exception):  # noqa: N818 - not an error but a jump
    def __init__(self, kind: str, values: list[Any]) -> None:
        self.kind = kind
        self.values = values


def walk_function(program: Program, name: str, arguments: list[Any]) -> Any:
    """Run a function operation by operation."""
    function = program.functions[name]
    scope: dict[Value, Any] = dict(zip(function.parameters, arguments, strict=True))
    try:
        _walk_block(program, function.body, scope)
    except _Leave as leave:
        if leave.kind == "return":
            return leave.values[0]
        raise
    raise AssertionError("no terminator")


def _walk_block(program: Program, block: Block, scope: dict[Value, Any]) -> None:
    for operation in block.operations:
        values = [v.value if isinstance(v, Constant) else scope[v] for v in operation.operands]
        if operation.is_terminator:
            if operation.name == "raise":
                assert isinstance(values[0], ExceptionRef)
                raise getattr(__builtins__, values[0].name, ValueError)(*values[1:])
            raise _Leave(operation.name, values)
        results = _walk_operation(program, operation, values, scope)
        scope.update(zip(operation.results, results, strict=True))


def _walk_operation(
    program: Program, operation: Operation, values: list[Any], scope: dict[Value, Any]
) -> list[Any]:
    if operation.opdef is not None:
        result = operation.opdef.kernel(*values)
        if (
            Trait.INT_RANGE in operation.traits
            and type(result) is int
            and not -(2**63) <= result < 2**63
        ):
            raise OverflowError(f"integer overflow: {result} does not fit in 64 bits")
        return list(result) if len(operation.results) > 1 else [result]
    match operation.name:
        case "if":
            try:
                _walk_block(program, operation.blocks[0 if values[0] else 1], scope)
            except _Leave as leave:
                if leave.kind != "yield":
                    raise
                return leave.values
        case "for" | "loop":
            return _walk_loop(program, operation, values, scope)
        case "call":
            assert isinstance(values[0], FunctionRef)
            return [walk_function(program, values[0].name, values[1:])]
        case "get_attr":
            return [getattr(values[0], values[1])]
        case "set_attr":
            assert isinstance(values[0], Instance)
            setattr(values[0], values[1], values[2])
            return []
        case "refine":
            return values
        case "check_bound":
            if values[0] is UNBOUND:
                raise UnboundLocalError(values[1])
            return values[:1]
    raise AssertionError(operation)


def _walk_loop(
    program: Program, operation: Operation, values: list[Any], scope: dict[Value, Any]
) -> list[Any]:
    items = iter(values.pop(0)) if operation.name == "for" else None
    body = operation.blocks[0]
    while True:
        arguments = list(values)
        if items is not None:
            try:
                arguments.insert(0, next(items))
            except StopIteration:
                return values
        scope.update(zip(body.arguments, arguments, strict=True))
        try:
            _walk_block(program, body, scope)
        except _Leave as leave:
            if leave.kind == "break":
                return leave.values
            if leave.kind != "continue":
                raise
            values = leave.values


# --- random programs ---------------------------------------------------------------------------

NAMES = ("", "", "", "x", "y", "z")


@st.composite
def programs(draw: st.DrawFn, *, unbound: bool = True) -> Program:
    """Draw a program of one function `f(a: int, b: int, l: list[int]) -> list[int]`."""
    function, make, parameters = make_function(
        "f", {"a": INT, "b": INT, "l": ListType(INT)}, result=ListType(INT)
    )
    writer = _Writer(draw, make, unbound)
    writer.lists = [parameters[2]]
    writer.ints = parameters[:2]
    writer.fill(draw(st.integers(3, 8)), depth=0)
    make.end("return", make("list", *writer.some_ints(3)))
    program = Program()
    program.add_function(function)
    return program


class _Writer:
    def __init__(self, draw: st.DrawFn, make: Make, unbound: bool) -> None:
        self.draw = draw
        self.make = make
        self.unbound = unbound
        self.ints: list[Value] = []
        self.lists: list[Value] = []
        self.unchecked: list[Value] = []
        self.loops: list[int] = []
        self.tag = 0

    def pick(self, choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def int_value(self) -> Value:
        # Late values more often, so that there are chains to nest.
        if self.draw(st.integers(0, 4)) == 0:
            return constant(self.draw(st.integers(-3, 12)))
        recent = self.ints[-3:] if self.draw(st.booleans()) else self.ints
        return self.pick(recent)

    def some_ints(self, count: int) -> list[Value]:
        return [self.int_value() for _ in range(count)]

    def fill(self, count: int, depth: int) -> None:
        for _ in range(count):
            getattr(self, self.pick(self._kinds(depth)))(depth)

    @staticmethod
    def _kinds(depth: int) -> list[str]:
        simple = ["arithmetic"] * 5 + ["noted", "noted", "read", "append", "write", "extend"]
        simple += ["check", "check"]
        return simple + ["branch", "branch", "loop"] * (depth < 3)

    def name(self) -> str:
        return str(self.pick(NAMES))

    def arithmetic(self, depth: int) -> None:
        name = self.pick(["add", "subtract", "multiply"])
        bounded = self.make("remainder", self.make(name, *self.some_ints(2)), 1009)
        self.ints.append(bounded if self.draw(st.booleans()) else self.labelled(bounded))

    def labelled(self, value: Value) -> Value:
        value.name = self.name()
        return value

    def noted(self, depth: int) -> None:
        self.tag += 1
        self.ints.append(self.labelled(self.make("note", self.tag, self.int_value())))

    def read(self, depth: int) -> None:
        self.ints.append(self.labelled(self.make("getitem", self.pick(self.lists), 0)))

    def append(self, depth: int) -> None:
        self.make("list_append", self.pick(self.lists), self.int_value())

    def write(self, depth: int) -> None:
        self.make("setitem", self.pick(self.lists), 0, self.int_value())

    def extend(self, depth: int) -> None:
        new = self.make("inplace_add", self.pick(self.lists), self.make("list", self.int_value()))
        self.lists.append(self.labelled(new))

    def condition(self) -> Value:
        value: Value = self.make(self.pick(["less", "equal"]), *self.some_ints(2))
        return value

    def block(self, block: Block, depth: int, end: Callable[[], None]) -> None:
        ints, lists, unchecked = list(self.ints), list(self.lists), list(self.unchecked)
        with self.make.at(block):
            self.fill(self.draw(st.integers(0, 3)), depth + 1)
            end()
        self.ints, self.lists, self.unchecked = ints, lists, unchecked

    def branch(self, depth: int) -> None:
        condition = self.condition()
        count = self.draw(st.integers(0, 2))
        missing = self.unbound and count and self.draw(st.integers(0, 2)) == 0
        chosen = self.make.choose(condition, [INT] * count, [self.name() for _ in range(count)])

        def leave() -> None:
            kinds = ["yield"] * 4 + ["return", "raise"] + ["break", "continue"] * bool(self.loops)
            kind = self.pick(kinds)
            if kind == "yield":
                values = self.some_ints(count)
                if missing:
                    values[0] = constant(UNBOUND, INT)
                self.make.end("yield", *values)
            elif kind == "return":
                self.make.end("return", self.make("list", *self.some_ints(2)))
            elif kind == "raise":
                self.make.end("raise", ExceptionRef("ValueError"), "raised", self.int_value())
            else:
                self.make.end(kind, *self.some_ints(self.loops[-1]))

        self.block(chosen.blocks[0], depth, leave)
        self.block(chosen.blocks[1], depth, lambda: self.make.end("yield", *self.some_ints(count)))
        results: list[Value] = list(chosen.results)
        if missing:
            self.unchecked.append(results.pop(0))
        self.ints += results

    def check(self, depth: int) -> None:
        if self.unchecked:
            value = self.pick(self.unchecked)
            self.ints.append(self.make.structure("check_bound", [value, "q"], [INT]).result)

    def loop(self, depth: int) -> None:
        starts = self.some_ints(self.draw(st.integers(0, 3)))
        names = [self.name() for _ in starts]
        if self.draw(st.booleans()):
            stop: Any = self.draw(st.integers(0, 4))
            if self.draw(st.booleans()):
                stop = self.make("remainder", self.int_value(), 5)
            iterable = self.make("range", stop)
            loop, arguments = self.make.loop(starts, iterable, names=names, label=self.name())
        else:
            # A counter keeps it finite.
            starts, names = [constant(0), *starts], ["n", *names]
            loop, arguments = self.make.loop(starts, names=names)
        body = loop.blocks[0]
        ints, lists, unchecked = list(self.ints), list(self.lists), list(self.unchecked)
        self.ints += arguments
        count = len(starts)
        with self.make.at(body):
            if loop.name == "loop":
                stop = self.make("less", arguments[0], self.draw(st.integers(0, 3)))
                test = self.make.choose(stop, [])
                with self.make.at(test.blocks[0]):
                    self.make.end("yield")
                with self.make.at(test.blocks[1]):
                    keep = self.draw(st.booleans())
                    self.make.end("break", *(arguments if keep else self.some_ints(count)))
                again = [self.make("add", arguments[0], 1)]
                self.loops, outer = [], self.loops
            else:
                again = []
                self.loops, outer = [*self.loops, count], self.loops
            self.fill(self.draw(st.integers(1, 4)), depth + 1)
            self.loops = outer
            self.make.end("continue", *again, *self.some_ints(count - len(again)))
        self.ints, self.lists, self.unchecked = ints, lists, unchecked
        self.ints += loop.results


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[Any, ...]:
    """Call a function; return what it gave or raised, what it did to its list, and the log."""
    LOG.clear()
    values = [-3, 5, 2]
    try:
        result: Any = function(*arguments, values)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        result = type(error), str(error) if not isinstance(error, UnboundLocalError) else ""
    return result, list(values), list(LOG)


__all__ = ["LOG", "OPS", "Make", "make_function", "outcome", "programs", "type_of", "walk_function"]
