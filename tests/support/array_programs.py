"""Random programs on arrays that share memory: views, in-place writes, lists of arrays, attributes.

They call each other, return early, loop, ask for identity, and raise. What a run shows is described
so that equal descriptions mean that nobody could tell the runs apart.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from scriptc.ir.builder import Builder, constant
from scriptc.ir.graph import (
    Block,
    ClassDef,
    Constant,
    ExceptionRef,
    Function,
    Instance,
    Operation,
    Program,
    Value,
)
from scriptc.ir.ops import REGISTRY
from scriptc.ir.types import (
    BOOL,
    FLOAT,
    INT,
    ClassType,
    ListType,
    TensorType,
    TupleType,
    Type,
    accepts,
)

ARRAY = TensorType("float64", (None,))
ARRAYS = ListType(TensorType())
BOX = ClassType("Box")
RESULT = TupleType((ARRAY, ARRAY, ARRAYS, *[INT] * 2, *[BOOL] * 3, *[FLOAT] * 5))
POOLED = np.array([1.0, 2.0, 3.0])


def random_program(random: Random) -> Program:
    """Return a program whose `f` takes a box, two arrays, a list of arrays, an int and a bool."""
    program = Program()
    program.classes["Box"] = ClassDef("Box", "tests.Box", {"w": ARRAY, "h": ARRAY, "n": INT})
    callees: list[Function] = []
    for name in ("g", "h", "f"):
        function = Function(name, origin=f"tests.{name}")
        function.return_type = RESULT if name == "f" else ARRAY
        parameters = [
            function.body.add_argument(type_, label)
            for label, type_ in {
                "box": BOX, "x": ARRAY, "y": ARRAY, "l": ARRAYS, "i": INT, "c": BOOL,
            }.items()
        ]  # fmt: skip
        _Writer(random, function, parameters, callees).write()
        program.add_function(function)
        callees.append(function)
    return program


class _Writer:
    def __init__(
        self,
        random: Random,
        function: Function,
        parameters: list[Value],
        callees: list[Function],
    ) -> None:
        self.random = random
        self.function = function
        self.builder = Builder(function.body)
        self.values: list[Value] = [*parameters]
        self.callees = callees
        self.loops: list[list[Type]] = []
        self.done: list[Operation] = []

    def write(self) -> None:
        self.fill(self.random.randint(3, 16), 0)
        self.leave()

    def leave(self) -> None:
        assert self.function.return_type is not None
        if self.function.return_type == ARRAY:
            self.builder.terminate("return", [self.some(ARRAY)])
            return
        parts = [self.some(type_) for type_ in RESULT.elements]
        self.builder.terminate("return", [self.op("tuple", *parts)])

    def some(self, type_: Type) -> Value:
        fitting = [v for v in self.values if accepts(type_, v.type)]
        if not fitting or (type_ == FLOAT and self.random.random() < 0.1):
            assert type_ == FLOAT
            return constant(1.5)
        if type_ == INT and self.random.random() < 0.4:
            return constant(self.random.randint(-1, 3))
        if type_ == ARRAY and self.random.random() < 0.05:
            return constant(POOLED, ARRAY)
        return self.random.choice(fitting[-4:] if self.random.random() < 0.6 else fitting)

    def op(self, name: str, *operands: Any) -> Value:
        values = [v if isinstance(v, Value) else constant(v) for v in operands]
        operation = self.builder.build(REGISTRY[name], values)
        self.done.append(operation)
        self.values += operation.results
        return operation.results[0]

    def structure(self, name: str, operands: list[Any], results: list[Type]) -> Operation:
        values = [v if isinstance(v, Value) else constant(v) for v in operands]
        operation = self.builder.insert(Operation(name, values, results))
        self.values += operation.results
        return operation

    def fill(self, count: int, depth: int) -> None:
        for _ in range(count):
            kinds = [
                self.arithmetic, self.arithmetic, self.view, self.view, self.write_into,
                self.update,
                self.element, self.listed, self.appended, self.taken, self.compared, self.number,
                self.attribute, self.attribute, self.assigned, self.called, self.packed,
                *[self.again] * 8, *[self.digested] * 4, self.write_into, self.update,
            ]  # fmt: skip
            if depth < 2:
                kinds += [self.branch, self.branch, self.loop]
            self.random.choice(kinds)(depth)

    def arithmetic(self, depth: int) -> None:
        name = self.random.choice(["add", "multiply", "subtract", "maximum", "negative", "exp"])
        one = name in ("negative", "exp")
        self.op(name, *(self.some(ARRAY) for _ in range(1 if one else 2)))

    def view(self, depth: int) -> None:
        x = self.some(ARRAY)
        if self.random.random() < 0.3:
            self.op("real", x)
        else:
            bounds = [None, 0, 1, 2, -1]
            part = slice(self.random.choice(bounds), self.random.choice(bounds), None)
            self.op("getitem", x, part)

    def write_into(self, depth: int) -> None:
        value = self.some(ARRAY) if self.random.random() < 0.4 else constant(0.5)
        index: Any = slice(None) if value.type == ARRAY else self.some(INT)
        self.op("setitem", self.some(ARRAY), index, value)

    def update(self, depth: int) -> None:
        name = self.random.choice(["inplace_add", "inplace_multiply"])
        self.op(name, self.some(ARRAY), self.some(ARRAY))

    def element(self, depth: int) -> None:
        size = self.op("len", self.some(ARRAY if self.random.random() < 0.5 else ARRAYS))
        self.op("add", size, self.some(INT))

    def digested(self, depth: int) -> None:
        """Make a number of an array, which tells what it holds but not which one it is."""
        self.op("float", self.op("builtin_sum", self.some(ARRAY), constant(np.float64(0))))

    def listed(self, depth: int) -> None:
        self.op("list", *(self.some(ARRAY) for _ in range(self.random.randint(1, 2))))

    def appended(self, depth: int) -> None:
        self.op("list_append", self.some(ARRAYS), self.some(ARRAY))

    def taken(self, depth: int) -> None:
        found = self.op("getitem", self.some(ARRAYS), self.some(INT))
        self.structure("refine", [found], [ARRAY])

    def compared(self, depth: int) -> None:
        kind = self.random.choice([ARRAY, ARRAYS])
        self.op(self.random.choice(["is", "is_not"]), self.some(kind), self.some(kind))

    def number(self, depth: int) -> None:
        name = self.random.choice(["add", "subtract", "multiply", "less", "equal"])
        self.op(name, self.some(INT), self.some(INT))

    def attribute(self, depth: int) -> None:
        name = self.random.choice(["w", "h", "n"])
        self.structure("get_attr", [self.values[0], name], [INT if name == "n" else ARRAY])

    def assigned(self, depth: int) -> None:
        name = self.random.choice(["h", "n"])
        value = self.some(INT if name == "n" else ARRAY)
        self.structure("set_attr", [self.values[0], name, value], [])

    def packed(self, depth: int) -> None:
        pair = self.op("tuple", self.some(ARRAY), self.some(INT))
        self.op("getitem", pair, self.random.choice([0, 1, -1]))

    def again(self, depth: int) -> None:
        """Compute once more what was computed before."""
        visible = {*self.values}
        known = [
            o for o in self.done[-12:]
            if all(v in visible or isinstance(v, Constant) for v in o.operands)
        ]  # fmt: skip
        if known:
            operation = self.random.choice(known)
            self.op(operation.name, *operation.operands)

    def called(self, depth: int) -> None:
        if self.callees:
            callee = self.random.choice(self.callees)
            arguments = [self.values[0], *(self.some(p.type) for p in callee.parameters[1:])]
            self.values.append(self.builder.call(callee, arguments))

    def inside(self, block: Block, depth: int, end: Callable[[], None]) -> None:
        outer, self.values = self.values, [*self.values, *block.arguments]
        with self.builder.at(block):
            self.fill(self.random.randint(0, 3), depth + 1)
            end()
        self.values = outer

    def branch(self, depth: int) -> None:
        types = [self.random.choice([ARRAY, INT, BOOL]) for _ in range(self.random.randint(0, 2))]
        operation = Operation("if", [self.some(BOOL)], types)
        self.builder.insert(operation)

        def leave() -> None:
            kind = self.random.choice(["yield"] * 4 + ["return", "raise", "jump"])
            if kind == "return":
                self.leave()
            elif kind == "raise":
                self.builder.terminate(
                    "raise", [constant(ExceptionRef("ValueError")), self.some(INT)]
                )
            elif kind == "jump" and self.loops:
                jump = self.random.choice(["break", "continue"])
                self.builder.terminate(jump, [self.some(t) for t in self.loops[-1]])
            else:
                self.builder.terminate("yield", [self.some(t) for t in types])

        self.inside(operation.add_block(), depth, leave)
        self.inside(
            operation.add_block(),
            depth,
            lambda: self.builder.terminate("yield", [self.some(t) for t in types]) and None,
        )
        self.values += operation.results

    def loop(self, depth: int) -> None:
        types = [self.random.choice([ARRAY, INT, ARRAYS]) for _ in range(self.random.randint(0, 2))]
        over_list = self.random.random() < 0.3
        iterable: Value = constant(range(self.random.randint(0, 3)))
        if over_list:
            # Nobody else has the copy, so that the body cannot make it longer for ever.
            copied = self.builder.build(REGISTRY["list_copy"], [self.some(ARRAYS)])
            iterable = copied.result
        operation = Operation("for", [iterable, *map(self.some, types)], types)
        self.builder.insert(operation)
        body = operation.add_block()
        body.add_argument(TensorType() if over_list else INT)
        for type_ in types:
            body.add_argument(type_)
        self.loops.append(types)
        self.inside(
            body,
            depth,
            lambda: self.builder.terminate("continue", [self.some(t) for t in types]) and None,
        )
        self.loops.pop()
        self.values += operation.results


class _Describer:
    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.arrays: list[Any] = []
        self.kept: list[Any] = []

    def __call__(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(self, value))
        if isinstance(value, list | np.ndarray):
            if id(value) in self.numbers:
                return f"object {self.numbers[id(value)]}"
            self.numbers[id(value)] = len(self.numbers)
            self.kept.append(value)
            if isinstance(value, list):
                return [self(part) for part in value]
            shared = [i for i, x in enumerate(self.arrays) if np.shares_memory(x, value)]
            self.arrays.append(value)
            return str(value.dtype), value.shape, repr(value.tolist()), shared
        return type(value).__name__, repr(value)


def run_random(function: Callable[..., Any], case: int) -> Any:
    """Call an `f` with arrays of which some share memory; describe all that can be seen."""
    base = np.arange(6.0)
    w, h = np.array([0.5, -1.0, 2.0]), np.array([1.0, 1.0, 0.0])
    x, y = base[:3], [base[3:], base[1:4], base[:3], w][case % 4]
    arrays = [y, np.ones(3)] if case % 3 else [np.ones(3), x, h]
    box = Instance("Box", {"w": w, "h": h, "n": case})
    outcome = _outcome(function, box, x, y, arrays, case)
    seen = _Describer()((outcome, x, y, arrays, base, *box.__dict__.values(), w, h, POOLED))
    POOLED[...] = [1.0, 2.0, 3.0]
    return seen


def new_box() -> Instance:
    """Return a box that shares memory with nothing."""
    return Instance("Box", {"w": np.array([0.5, -1.0, 2.0]), "h": np.ones(3), "n": 3})


def run_on_box(function: Callable[..., Any], box: Instance, case: int) -> Any:
    """Call an `f` twice with the same box; describe results and arguments, but not the box."""
    seen = []
    for _ in range(2):
        base = np.arange(6.0)
        x, y = base[:3], [base[3:], base[1:4]][case % 2]
        arrays = [y, np.ones(3)]
        outcome = _outcome(function, box, x, y, arrays, case)
        seen.append(_Describer()((outcome, x, y, arrays, base, POOLED)))
        POOLED[...] = [1.0, 2.0, 3.0]
    return seen


def _outcome(
    function: Callable[..., Any], box: Instance, x: Any, y: Any, arrays: Any, case: int
) -> Any:
    try:
        return function(box, x, y, arrays, case - 1, case % 2 == 0)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        return type(error).__name__, str(error)
