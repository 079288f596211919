"""What `.code` looks like."""

import textwrap
from typing import Any

import numpy as np
import pytest

from scriptc.ir.builder import constant
from scriptc.ir.graph import (
    UNBOUND,
    ClassDef,
    Constant,
    ExceptionRef,
    Function,
    FunctionRef,
    Operation,
    Program,
    Value,
)
from scriptc.ir.opdef import OpDef, Spelling, op
from scriptc.ir.python.spelling import literal, spelled, type_text
from scriptc.ir.python_code import print_code
from scriptc.ir.types import (
    BOOL,
    DTYPE,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    ClassType,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    ViewType,
    optional,
)
from support.small_ops import make_function


def code(*functions: Function, program: Program | None = None) -> str:
    program = program or Program()
    for function in functions:
        program.add_function(function)
    return print_code(functions[-1], program)


def text(source: str) -> str:
    return textwrap.dedent(source).lstrip("\n")


def test_names_loops_and_branches() -> None:
    function, make, (x, n) = make_function("total", {"x": TENSOR, "n": INT}, result=TENSOR)
    loop, (i, acc) = make.loop([0], make("range", n), names=["acc"], label="i")
    with make.at(loop.blocks[0]):
        row = make("tanh", make("getitem", x, i), label="row")
        test = make.choose(make("less", i, 3), [INT], ["acc"])
        with make.at(test.blocks[0]):
            make.end("yield", make("add", acc, row, label="acc"))
        with make.at(test.blocks[1]):
            other = make.choose(make("equal", i, 8), [INT], ["acc"])
            with make.at(other.blocks[0]):
                make.end("break", acc)
            with make.at(other.blocks[1]):
                make.end("yield", make("subtract", acc, row))
            make.end("yield", other.result)
        make.end("continue", test.result)
    make.end("return", loop.results[0])
    assert code(function) == text("""
        def total(x: Tensor, n: int) -> Tensor:
            acc = 0
            for i in range(n):
                row = np.tanh(x[i])
                if i < 3:
                    acc = acc + row
                elif i == 8:
                    break
                else:
                    acc = acc - row
            return acc
        """)


def test_while() -> None:
    function, make, (n,) = make_function("f", {"n": INT})
    loop, (i, total) = make.loop([0, 0], names=["i", "total"])
    with make.at(loop.blocks[0]):
        test = make.choose(make("less", i, n), [])
        with make.at(test.blocks[0]):
            make.end("yield")
        with make.at(test.blocks[1]):
            make.end("break", i, total)
        more = make("add", total, i, label="total")
        make.end("continue", make("add", i, 1, label="i"), more)
    make.end("return", loop.results[1])
    assert code(function) == text("""
        def f(n: int) -> int:
            i = 0
            total = 0
            while i < n:
                total = total + i
                i = i + 1
            return total
        """)


def test_swapping() -> None:
    function, make, (n,) = make_function("f", {"n": INT})
    loop, (_, x, y) = make.loop([1, 2], make("range", n), names=["x", "y"])
    with make.at(loop.blocks[0]):
        make.end("continue", y, make("add", x, y))
    make.end("return", loop.results[0])
    assert code(function).splitlines()[4] == "        x, y = (y, x + y)"


def test_methods_attributes_and_states() -> None:
    program = Program()
    gate, cell = ClassType("Gate"), ClassType("Cell")
    forward, make, (_, x) = make_function(
        "Gate.forward", {"self": gate, "x": TENSOR}, result=TENSOR
    )
    make.end("return", make("tanh", x))
    program.add_function(forward)
    program.classes["Gate"] = ClassDef("Gate", methods={"forward": "Gate.forward"})
    function, make, (self_, x) = make_function(
        "Cell.forward", {"self": cell, "x": TensorType("float32", (3, None))}, result=NONE
    )
    attribute = make.structure("get_attr", [self_, "gate"], [gate]).result
    gated = make.call(forward, [attribute, x])
    weight = make.structure("get_attr", [self_, "w"], [TENSOR]).result
    product = make("matmul", gated, make("transpose", weight))
    make.structure("set_attr", [self_, "h", product], [])
    state = make.structure("get_attr", [self_, "h"], [TENSOR]).result
    make("inplace_add", state, 1)
    make("list_append", make.structure("get_attr", [self_, "all"], [ListType(INT)]).result, 3)
    make("setitem", x, make("tuple", make("slice", None, 2, None), 0), 5.0)
    make.end("return", None)
    program.classes["Cell"] = ClassDef("Cell", methods={"forward": "Cell.forward"})
    assert code(function, program=program) == text("""
        def forward(self, x: Tensor[float32, (3, None)]) -> None:
            self.h = self.gate.forward(x) @ np.transpose(self.w)
            t = self.h
            t += 1
            self.all.append(3)
            x[:2, 0] = 5.0
        """)


def test_functions_are_printed_above_their_callers() -> None:
    program = Program()
    library, make, (x,) = make_function(
        "gelu", {"x": TENSOR}, result=TENSOR, origin="scriptc.nn.functional.activation.gelu"
    )
    library.composite = True
    make.end("return", x)
    helper, make, (x, k) = make_function("helper", {"x": TENSOR, "k": FLOAT}, result=TENSOR)
    helper.defaults = {"k": -2.0}
    helper.keyword_only = ("k",)
    make.end("return", make("multiply", x, k))
    for function in (library, helper):
        program.add_function(function)
    main, make, (x,) = make_function("main", {"x": TENSOR}, result=TENSOR)
    make.end("return", make.call(helper, [make.call(library, [x]), constant(3.0)]))
    assert code(main, program=program) == text("""
        def helper(x: Tensor, *, k: float=-2.0) -> Tensor:
            return x * k


        def main(x: Tensor) -> Tensor:
            return helper(F.gelu(x), k=3.0)
        """)


def test_constants() -> None:
    function, make, _ = make_function("f", {}, result=TENSOR)
    array = np.arange(3)
    pooled = Constant(array, TENSOR)
    parts = ("a'\n", -1, -0.0, float("-inf"), np.dtype("bool"), (1, -2.5), None, ...)
    number = Constant(np.float32(1), TENSOR)
    make.end("return", make("tuple", pooled, number, pooled, *parts))
    assert code(function).splitlines()[1].strip() == (
        'return (CONSTANTS.c0, CONSTANTS.c1, CONSTANTS.c0, "a\'\\n", -1, -0.0, -np.inf, '
        "np.bool_, (1, -2.5), None, ...)"
    )


def test_negative_bases_keep_their_brackets() -> None:
    function, make, (x,) = make_function("f", {"x": INT})
    make.end("return", make("power", constant(-2), make("negative", x)))
    assert "return (-2) ** (-x)" in code(function)


def test_raise_and_unbound() -> None:
    function, make, (c,) = make_function("f", {"c": BOOL})
    chosen = make.choose(c, [INT], ["x"])
    with make.at(chosen.blocks[0]):
        make.end("yield", 5)
    with make.at(chosen.blocks[1]):
        make.end("yield", constant(UNBOUND, INT))
    value = make.structure("check_bound", [chosen.result, "x"], [INT], ["x"]).result
    test = make.choose(make("equal", value, 5), [])
    with make.at(test.blocks[0]):
        make.end("raise", ExceptionRef("model.Refusal", "ValueError"), "no")
    with make.at(test.blocks[1]):
        make.end("yield")
    make.end("return", value)
    assert code(function) == text("""
        def f(c: bool) -> int:
            if c:
                x = 5
            if x == 5:
                raise Refusal('no')
            return x
        """)


def test_names_are_made_safe() -> None:
    function, make, (x,) = make_function("f", {"list": INT})
    a = make("note", 1, x, label="class")
    b = make("note", 2, a, label="np")
    c = make("note", 3, b, label="x y.3")
    make.end("return", make("add", make("add", a, b), c))
    assert code(function) == text("""
        def f(list: int) -> int:
            class_1 = tests.note(1, list)
            np_1 = tests.note(2, class_1)
            x_y = tests.note(3, np_1)
            return class_1 + np_1 + x_y
        """)


def test_conditional_expressions() -> None:
    function, make, (x,) = make_function("f", {"x": INT})
    both = make.choose(make("less", x, 3), [BOOL])
    with make.at(both.blocks[0]):
        make.end("yield", make("equal", x, 1))
    with make.at(both.blocks[1]):
        make.end("yield", False)
    either = make.choose(both.result, [INT])
    for block, value in zip(either.blocks, (x, 7), strict=True):
        with make.at(block):
            make.end("yield", value)
    make.end("return", make("add", either.result, 1))
    assert "return (x if x < 3 and x == 1 else 7) + 1" in code(function)


def formatting() -> dict[str, OpDef]:
    return {
        opdef.name: opdef
        for opdef in (
            op(
                "format(value: Any, spec: str, conversion: str = '')",
                doc="",
                infer=lambda args: STR,
                kernel=format,
            ),
            op(
                "concat_str(*parts: str)",
                doc="",
                infer=lambda args: STR,
                kernel=lambda *parts: "".join(parts),
            ),
        )
    }


def test_f_strings() -> None:
    ops = formatting()
    function, make, (x, d) = make_function("f", {"x": FLOAT, "d": DictType(STR, FLOAT)}, result=STR)

    def emit(name: str, *operands: Any) -> Value:
        return make.build(ops[name], make.values(operands)).result

    first = emit("format", x, ".2f", "")
    second = emit("format", make("getitem", d, "a\n"), "", "r")
    make.end("return", emit("concat_str", "{x} = ", first, ", ", second))
    source = code(function)
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    assert namespace["f"](1.5, {"a\n": 2.0}) == "{x} = 1.50, 2.0"
    assert "{x:.2f}" in source


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (TENSOR, "Tensor"),
        (TensorType("float32"), "Tensor[float32]"),
        (TensorType(None, ("n", 3)), "Tensor[None, ('n', 3)]"),
        (TensorType("int8", (4,)), "Tensor[int8, (4,)]"),
        (optional(ListType(INT)), "list[int] | None"),
        (TupleType((INT, STR)), "tuple[int, str]"),
        (TupleType(()), "tuple[()]"),
        (VariadicTupleType(INT), "tuple[int, ...]"),
        (DictType(STR, TENSOR), "dict[str, Tensor]"),
        (ClassType("Cell"), "Cell"),
        (IteratorType(INT), "Iterator[int]"),
        (ViewType(STR), "Collection[str]"),
        (DTYPE, "np.dtype"),
    ],
)
def test_annotations(type_: Type, expected: str) -> None:
    assert type_text(type_) == expected


SUM = op(
    "sum(x: Any, axis: Any = None, *, keepdims: bool = False, dtype: Any = None)",
    doc="",
    infer=lambda args: TENSOR,
    kernel=np.sum,
    spellings=(
        Spelling("ndarray.total", write=False),
        Spelling("numpy.sum", order=("x", "axis", "dtype", "-", "keepdims"), rename={"a": "x"}),
    ),
)
SPLIT = op(
    "split(text: str, sep: Any = None, count: int = -1)",
    doc="",
    infer=lambda args: ListType(STR),
    kernel=str.split,
    spellings=(Spelling("str.split", rename={"maxsplit": "count"}),),
)
SHAPE = op(
    "shape(x: Any)",
    doc="",
    infer=lambda args: VariadicTupleType(INT),
    kernel=np.shape,
    spellings=("str.nothing", "ndarray.shape", "numpy.shape"),
)


@pytest.mark.parametrize(
    ("opdef", "operands", "expected"),
    [
        (SUM, (TENSOR, None, False, None), "np.sum(x)"),
        (SUM, (TENSOR, 0, False, None), "np.sum(x, 0)"),
        (SUM, (TENSOR, None, True, None), "np.sum(x, keepdims=True)"),
        (SUM, (TENSOR, 0, True, np.dtype("int8")), "np.sum(x, 0, np.int8, keepdims=True)"),
        (SUM, (TENSOR, False, False, None), "np.sum(x, False)"),
        (SPLIT, (STR, None, -1), "x.split()"),
        (SPLIT, (STR, ",", -1), "x.split(',')"),
        (SPLIT, (STR, None, 2), "x.split(None, 2)"),
        (SHAPE, (TENSOR,), "x.shape"),
        (SHAPE, (ListType(INT),), "np.shape(x)"),
    ],
)
def test_calls_by_spelling(opdef: OpDef, operands: tuple[Any, ...], expected: str) -> None:
    import ast

    values = [Value(o, "x") if isinstance(o, Type) else constant(o) for o in operands]
    nodes: list[ast.expr] = [
        literal(v.value, {}) if isinstance(v, Constant) else ast.Name("x", ast.Load())
        for v in values
    ]
    operation = Operation(opdef.name, values, [TENSOR], opdef=opdef)
    assert ast.unparse(spelled(operation, nodes)) == expected


def test_recursion_is_printed_once() -> None:
    function, make, (n,) = make_function("f", {"n": INT})
    make.end("return", make.call(function, [make("subtract", n, 1)]))
    assert code(function).count("def f") == 1
    assert "return f(n - 1)" in code_again(function)


def code_again(function: Function) -> str:
    program = Program()
    program.add_function(function)
    return print_code(function, program)


def test_function_names_are_unique_and_valid() -> None:
    program = Program()
    callees = []
    for name in ("a.b", "a_b", "print"):
        callee, make, _ = make_function(name, {})
        make.end("return", 1)
        program.add_function(callee)
        callees.append(callee)
    function, make, _ = make_function("f", {}, result=TENSOR)
    refs = [constant(FunctionRef(callee.name)) for callee in callees]
    make.end("return", make("tuple", *(make.structure("call", [r], [INT]).result for r in refs)))
    assert "return (a_b(), a_b_1(), print_1())" in code(function, program=program)
