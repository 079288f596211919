"""What the interpreter costs over eager NumPy: one small cell, a loop of 100 steps, an int loop.

    PYTHONPATH=src python benchmarks/interpreter_overhead.py

Prints the best of several runs, in microseconds, and the ratio; the aim is at most 1.3.
"""

from __future__ import annotations

import operator
import timeit
from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.builder import Builder, constant
from scriptc.ir.graph import Function, Instance, Operation, Program, Value
from scriptc.ir.opdef import Trait, op
from scriptc.ir.types import BOOL, INT, NONE, RANGE, TENSOR, ClassType, Type
from scriptc.runtime.interpreter import Executable


def _binary(name: str, sign: str, kernel: Callable[..., Any]) -> Any:
    return op(
        f"{name}(a: Any, b: Any)",
        doc="",
        infer=lambda args: INT if set(args.types) == {INT} else TENSOR,
        kernel=kernel,
        traits=(Trait.PURE, Trait.INT_RANGE),
        python=f"a {sign} b",
    )


ADD, MATMUL = _binary("add", "+", operator.add), _binary("matmul", "@", operator.matmul)
MULTIPLY, REMAINDER = (
    _binary("multiply", "*", operator.mul),
    _binary("remainder", "%", operator.mod),
)
LESS = op(
    "less(a: Any, b: Any)", doc="", infer=lambda args: BOOL, kernel=operator.lt, python="a < b"
)
TANH = op("tanh(x: Any)", doc="", infer=lambda args: TENSOR, kernel=np.tanh)
TRANSPOSE = op("transpose(x: Any)", doc="", infer=lambda args: TENSOR, kernel=np.transpose)
RANGE_ = op("range(n: Any)", doc="", infer=lambda args: RANGE, kernel=range)
GETITEM = op(
    "getitem(x: Any, index: Any)",
    doc="",
    infer=lambda args: TENSOR,
    kernel=operator.getitem,
    python="x[index]",
)


class Cell:
    """The eager cell."""

    def __init__(self, w: Any, b: Any) -> None:
        self.w = w
        self.b = b

    def forward(self, x: Any, h: Any) -> Any:
        return np.tanh(x @ np.transpose(self.w) + self.b + h)

    def steps(self, xs: Any, h: Any) -> Any:
        for i in range(100):
            h = np.tanh(xs[i] @ np.transpose(self.w) + self.b + h)
        return h


def count(n: int) -> int:
    i = 0
    total = 0
    while i < n:
        total = (total * 31 + i) % 65521
        i = i + 1
    return total


def _start(
    program: Program, name: str, **parameters: Type
) -> tuple[Function, Builder, list[Value]]:
    function = Function(name)
    program.add_function(function)
    function.return_type = TENSOR
    arguments: list[Value] = [function.body.add_argument(t, n) for n, t in parameters.items()]
    return Builder(function.body), arguments


def _cell(build: Builder, instance: Value, x: Value, h: Value) -> Value:
    def read(name: str) -> Value:
        operation = Operation("get_attr", [instance, constant(name)], [TENSOR])
        return build.insert(operation).result

    transposed = build.build(TRANSPOSE, [read("w")]).result
    product = build.build(MATMUL, [x, transposed]).result
    total = build.build(ADD, [build.build(ADD, [product, read("b")]).result, h]).result
    return build.build(TANH, [total]).result


def _program() -> Program:
    program = Program()
    cell = ClassType("Cell")
    build, (instance, x, h) = _start(program, "forward", self=cell, x=TENSOR, h=TENSOR)
    build.terminate("return", [_cell(build, instance, x, h)])

    build, (instance, xs, h) = _start(program, "steps", self=cell, xs=TENSOR, h=TENSOR)
    items = build.build(RANGE_, [constant(100)]).result
    loop = build.insert(Operation("for", [items, h], [TENSOR]))
    body = loop.add_block()
    i, carried = body.add_argument(INT), body.add_argument(TENSOR)
    with build.at(body):
        x = build.build(GETITEM, [xs, i]).result
        build.terminate("continue", [_cell(build, instance, x, carried)])
    build.terminate("return", [loop.result])

    build, (n,) = _start(program, "count", n=INT)
    loop = build.insert(Operation("loop", [constant(0), constant(0)], [INT, INT]))
    body = loop.add_block()
    i, total = body.add_argument(INT), body.add_argument(INT)
    with build.at(body):
        test = build.build(LESS, [i, n]).result
        branch = build.insert(Operation("if", [test], []))
        with build.at(branch.add_block()):
            build.terminate("yield")
        with build.at(branch.add_block()):
            build.terminate("break", [i, total])
        product = build.build(MULTIPLY, [total, constant(31)]).result
        mixed = build.build(ADD, [product, i]).result
        again = build.build(REMAINDER, [mixed, constant(65521)]).result
        build.terminate("continue", [build.build(ADD, [i, constant(1)]).result, again])
    build.terminate("return", [loop.results[1]])
    build, _ = _start(program, "nothing", x=TENSOR, y=TENSOR)
    build.terminate("return", [constant(None, NONE)])
    return program


def _time(function: Callable[..., Any], *arguments: Any) -> float:
    timer = timeit.Timer(lambda: function(*arguments))
    number, _ = timer.autorange()
    return min(timer.repeat(7, number)) / number * 1e6


def main() -> None:
    generator = np.random.default_rng(0)
    w, b = generator.random((4, 4)), generator.random(4)
    x, h, xs = generator.random((3, 4)), generator.random((3, 4)), generator.random((100, 3, 4))
    eager = Cell(w, b)
    instance = Instance("Cell", {"w": w, "b": b})
    executable = Executable(_program())
    forward = executable.entry("forward", bound=instance)
    steps = executable.entry("steps", bound=instance)
    counted = executable.entry("count")
    np.testing.assert_array_equal(forward(x, h), eager.forward(x, h))
    np.testing.assert_array_equal(steps(xs, h), eager.steps(xs, h))
    assert counted(1000) == count(1000)
    cases: list[tuple[str, Callable[..., Any], Callable[..., Any], tuple[Any, ...]]] = [
        ("tanh(x @ w.T + b + h), 3x4", eager.forward, forward, (x, h)),
        ("the same, 100 steps", eager.steps, steps, (xs, h)),
        ("1000 rounds of int arithmetic", count, counted, (1000,)),
    ]
    for title, python, compiled, arguments in cases:
        first, second = _time(python, *arguments), _time(compiled, *arguments)
        print(f"{title:32}{first:10.2f}{second:10.2f}{second / first:8.2f}")
    bare = _time(lambda x, y: None, x, h)
    checked = _time(executable.entry("nothing"), x, h)
    print(f"{'binding and checking 2 tensors':32}{bare:10.3f}{checked:10.3f}")


if __name__ == "__main__":
    main()
