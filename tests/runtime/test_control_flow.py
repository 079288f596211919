"""Each construct of the IR, compiled and compared with the Python that it stands for."""

import ast
import dataclasses
from typing import Any

import numpy as np
import pytest

from scriptc.ir.builder import constant
from scriptc.ir.diagnostic import InternalError, UnsupportedError
from scriptc.ir.graph import (
    UNBOUND,
    Constant,
    ExceptionRef,
    Function,
    FunctionRef,
    Instance,
    Program,
)
from scriptc.ir.opdef import Trait
from scriptc.ir.types import BOOL, INT, NONE, TENSOR, ClassType, ListType, TupleType, optional
from scriptc.runtime.interpreter import Executable, _Compiler
from support.small_ops import LOG, OPS, make_function


def program_of(*functions: Function) -> Program:
    program = Program()
    for function in functions:
        program.add_function(function)
    return program


def compiled(*functions: Function) -> Any:
    return Executable(program_of(*functions)).function(functions[-1].name)


def source(function: Function) -> str:
    """Return the body of the compiled function as text, without checks for overflow."""
    compiler = _Compiler(function, Executable(program_of(function)))
    compiler._checked = lambda node: node  # type: ignore[method-assign]  # to compare without
    return ast.unparse(ast.Module(compiler.emit_body(), []))


def swap_loop() -> Function:
    function, make, (n,) = make_function("swap", {"n": INT})
    loop, (_, x, y) = make.loop([1, 2], make("range", n))
    with make.at(loop.blocks[0]):
        make.end("continue", y, make("add", x, y))
    make.end("return", make("add", make("multiply", loop.results[0], 1000), loop.results[1]))
    return function


def test_carried_values_are_assigned_at_once() -> None:
    def eager(n: int) -> int:
        x, y = 1, 2
        for _ in range(n):
            x, y = y, x + y
        return x * 1000 + y

    run = compiled(swap_loop())
    assert [run(n) for n in range(6)] == [eager(n) for n in range(6)]


def while_loop() -> Function:
    function, make, (n,) = make_function("total", {"n": INT})
    loop, (i, total) = make.loop([0, 0])
    with make.at(loop.blocks[0]):
        test = make.choose(make("less", i, n), [])
        with make.at(test.blocks[0]):
            make.end("yield")
        with make.at(test.blocks[1]):
            make.end("break", i, total)
        make.end("continue", make("add", i, 1), make("add", total, i))
    make.end("return", loop.results[1])
    return function


def test_a_while_loop_is_one_again() -> None:
    assert compiled(while_loop())(10) == 45
    text = source(while_loop())
    assert "while v1 < v0:" in text
    assert "True" not in text


def test_nested_loops_with_break_continue_and_return() -> None:
    def eager(n: int) -> int:
        found = 0
        for i in range(n):
            for j in range(n):
                if j == 3:
                    break
                if i == j:
                    continue
                found = found + j
                if found == 14:
                    return -1
            found = found + 1
        return found

    function, make, (n,) = make_function("f", {"n": INT})
    outer, (i, found) = make.loop([0], make("range", n))
    with make.at(outer.blocks[0]):
        inner, (j, count) = make.loop([found], make("range", n))
        with make.at(inner.blocks[0]):
            for left, right, kind in ((j, 3, "break"), (i, j, "continue")):
                test = make.choose(make("equal", left, right), [])
                with make.at(test.blocks[0]):
                    make.end(kind, count)
                with make.at(test.blocks[1]):
                    make.end("yield")
            more = make("add", count, j)
            test = make.choose(make("equal", more, 14), [])
            with make.at(test.blocks[0]):
                make.end("return", -1)
            with make.at(test.blocks[1]):
                make.end("yield")
            make.end("continue", more)
        make.end("continue", make("add", inner.results[0], 1))
    make.end("return", outer.results[0])
    run = compiled(function)
    assert [run(n) for n in range(12)] == [eager(n) for n in range(12)]


def test_what_a_for_walks_over_is_not_changed_by_its_carried_values() -> None:
    # `i` may take the variable of `n`, which is only read by `range(n % 5)`.
    function, make, (n,) = make_function("f", {"n": INT})
    iterable = make("range", make("remainder", n, 5))
    loop, (item, _) = make.loop([100], iterable)
    with make.at(loop.blocks[0]):
        make.end("continue", item)
    make.end("return", loop.results[0])
    assert compiled(function)(8) == 2


def test_a_conditional_inside_an_expression_stays_lazy() -> None:
    function, make, (x,) = make_function("f", {"x": INT})
    first = make("note", 1, x)
    chosen = make.choose(make("less", x, 3), [INT])
    for block, tag in zip(chosen.blocks, (2, 3), strict=True):
        with make.at(block):
            make.end("yield", make("note", tag, 5))
    make.end("return", make("add", make("multiply", first, chosen.result), make("note", 4, 1)))
    run = compiled(function)
    LOG.clear()
    assert run(2) == 11
    assert [tag for tag, _ in LOG] == [1, 2, 4]
    assert " if " in source(function).partition("return")[2]


def test_and_and_or() -> None:
    function, make, (x,) = make_function("f", {"x": INT}, result=BOOL)
    chosen = make.choose(make("less", x, 3), [BOOL])
    with make.at(chosen.blocks[0]):
        make.end("yield", make("equal", make("note", 1, x), 2))
    with make.at(chosen.blocks[1]):
        make.end("yield", False)
    make.end("return", chosen.result)
    LOG.clear()
    assert [compiled(function)(x) for x in (2, 1, 4)] == [True, False, False]
    assert len(LOG) == 2
    assert source(function).count(" and ") == 1


def test_truth_is_asked_once() -> None:
    function, make, (x,) = make_function("f", {"x": TENSOR})
    test = make.choose(make("bool", make("getitem", x, 0)), [])
    for block, value in zip(test.blocks, (1, 2), strict=True):
        with make.at(block):
            make.end("return", value)
    make.end("return", 0)
    assert source(function).startswith("if v0[0]:")
    assert [compiled(function)(x) for x in ([3], np.zeros(1))] == [1, 2]
    with pytest.raises(ValueError, match="truth value of an array"):
        compiled(function)(np.ones((1, 2)))


def test_what_is_unused_and_cannot_fail_is_left_out() -> None:
    function, make, (x,) = make_function("f", {"x": INT})
    make("tuple", x, 1)
    make("tuple", make("note", 1, x))
    make("add", x, 1)
    make.end("return", x)
    assert source(function).splitlines() == ["(k0(1, v0),)", "v0 + 1", "return v0"]


def test_the_order_of_evaluation_of_in_and_of_item_assignment() -> None:
    function, make, (x,) = make_function("f", {"x": ListType(INT)}, result=BOOL)
    item = make("note", 1, 5)
    make("setitem", x, make("note", 2, 1), item)
    item = make("note", 3, 5)
    make.end("return", make("contains", make("list", make("note", 4, 5)), item))
    LOG.clear()
    values = [1, 2]
    assert compiled(function)(values) is True
    assert values == [1, 5]
    assert [tag for tag, _ in LOG] == [1, 2, 3, 4]


def test_operands_that_come_in_another_order_are_evaluated_in_program_order() -> None:
    function, make, (x,) = make_function("f", {"x": INT})
    first, second = make("note", 1, x), make("note", 2, x)
    make.end("return", make("subtract", second, make("multiply", first, 2)))
    LOG.clear()
    assert compiled(function)(3) == -3
    assert [tag for tag, _ in LOG] == [1, 2]


def test_a_read_is_not_moved_over_a_write() -> None:
    function, make, (x,) = make_function("f", {"x": ListType(INT)})
    before = make("getitem", x, 0)
    make("setitem", x, 0, 10)
    make.end("return", make("add", before, make("getitem", x, 0)))
    assert compiled(function)([1]) == 11


def test_subscripts_read_as_in_python() -> None:
    function, make, (x, n) = make_function("f", {"x": TENSOR, "n": INT}, result=TENSOR)
    part = make("slice", 1, make("add", n, 1), None)
    make.end("return", make("getitem", x, make("tuple", part, None, ..., 0)))
    assert "v0[1:" in source(function)
    array = np.arange(24).reshape(4, 3, 2)
    np.testing.assert_array_equal(compiled(function)(array, 2), array[1:3, None, ..., 0])


def test_a_slice_that_is_used_twice_is_an_object() -> None:
    function, make, (x,) = make_function("f", {"x": ListType(INT)}, result=ListType(INT))
    part = make("slice", 0, 2, None)
    make("delitem", x, part)
    make.end("return", make("getitem", x, part))
    assert compiled(function)([1, 2, 3, 4, 5]) == [3, 4]


def test_in_place_operations_keep_the_object() -> None:
    function, make, (x, y) = make_function("f", {"x": TENSOR, "y": TENSOR}, result=TENSOR)
    changed = make("inplace_add", x, make("multiply", y, 2))
    make.end("return", make("inplace_add", changed, 1))
    assert source(function).splitlines() == ["v0 += v1 * 2", "v0 += 1", "return v0"]
    x_, y_ = np.ones(3), np.ones(3)
    assert compiled(function)(x_, y_) is x_
    np.testing.assert_array_equal(x_, [4, 4, 4])


def test_an_in_place_result_may_come_from_a_value_that_is_still_needed() -> None:
    function, make, (x,) = make_function("f", {"x": TENSOR}, result=TENSOR)
    changed = make("inplace_add", x, x)
    make.end("return", make("add", changed, x))
    x_ = np.ones(2)
    np.testing.assert_array_equal(compiled(function)(x_), [4, 4])
    np.testing.assert_array_equal(x_, [2, 2])


def test_unpacking_in_a_for() -> None:
    function, make, (a, b) = make_function("f", {"a": ListType(INT), "b": ListType(INT)})
    loop, (item, total) = make.loop([0], make("zip", a, b), item=TENSOR)
    with make.at(loop.blocks[0]):
        x, y = make("unpack", item, 2)
        make.end("continue", make("add", total, make("multiply", x, y)))
    make.end("return", loop.results[0])
    assert "for v0, v1 in k0(v0, v1):" in source(function)
    assert compiled(function)([1, 2], [3, 4]) == 11


def test_taking_items_apart_in_a_for() -> None:
    for last in (1, 0):
        function, make, (pairs,) = make_function("f", {"pairs": ListType(TupleType((INT, INT)))})
        loop, (item, total) = make.loop([0], pairs, item=TupleType((INT, INT)))
        with make.at(loop.blocks[0]):
            x, y = make("getitem", item, 0), make("getitem", item, last)
            make.end("continue", make("add", total, make("subtract", x, y)))
        make.end("return", loop.results[0])
        assert (" in v0:" in source(function).splitlines()[1]) is True
        assert ("[" in source(function)) is (last == 0)
        assert compiled(function)([(5, 1), (7, 2)]) == (9 if last else 0)


def test_unpacking_says_what_python_says() -> None:
    function, make, (a,) = make_function("f", {"a": ListType(INT)})
    x, y = make("unpack", a, 2)
    make.end("return", make("subtract", x, y))
    assert compiled(function)([5, 3]) == 2
    with pytest.raises(ValueError, match=r"^too many values to unpack \(expected 2\)$"):
        compiled(function)([1, 2, 3])


@pytest.mark.parametrize("flag", [True, False])
def test_a_variable_that_a_path_leaves_unbound(flag: bool) -> None:
    function, make, (c,) = make_function("f", {"c": BOOL})
    chosen = make.choose(c, [INT])
    with make.at(chosen.blocks[0]):
        make.end("yield", 5)
    with make.at(chosen.blocks[1]):
        make.end("yield", constant(UNBOUND, INT))
    value = make.structure("check_bound", [chosen.result, "x"], [INT]).result
    make.end("return", make("add", value, value))
    if flag:
        assert compiled(function)(flag) == 10
    else:
        message = r"^cannot access local variable 'x' where it is not associated with a value$"
        with pytest.raises(UnboundLocalError, match=message):
            compiled(function)(flag)


def test_a_variable_that_is_checked_in_each_round() -> None:
    function, make, (c, n) = make_function("f", {"c": BOOL, "n": INT})
    first = make.choose(c, [INT])
    for block, value in zip(first.blocks, (5, constant(UNBOUND, INT)), strict=True):
        with make.at(block):
            make.end("yield", value)
    second = make.choose(c, [INT])
    for block, value in zip(second.blocks, (6, first.result), strict=True):
        with make.at(block):
            make.end("yield", value)
    loop, (i, total) = make.loop([0], make("range", n))
    with make.at(loop.blocks[0]):
        value = make.structure("check_bound", [second.result, "x"], [INT]).result
        total = make("add", total, value)
        # None of these may take the variable that the next round checks.
        others = [make("add", i, k) for k in range(100, 105)]
        for other in [*others, *others]:
            total = make("add", total, other)
        make.end("continue", total)
    last = make.structure("check_bound", [first.result, "y"], [INT]).result
    make.end("return", make("add", last, loop.results[0]))
    assert compiled(function)(True, 3) == 5 + 3 * (6 + 2 * 510) + 2 * 5 * (1 + 2)
    for n_, name in ((1, "x"), (0, "y")):
        with pytest.raises(UnboundLocalError, match=f"'{name}'"):
            compiled(function)(False, n_)


def test_refine_is_another_name() -> None:
    function, make, (x,) = make_function("f", {"x": optional(INT)})
    test = make.choose(make("is", x, None), [INT])
    with make.at(test.blocks[0]):
        make.end("yield", 0)
    with make.at(test.blocks[1]):
        refined = make.structure("refine", [x], [INT]).result
        make.end("yield", make("add", refined, refined))
    make.end("return", test.result)
    assert [compiled(function)(x) for x in (None, 4)] == [0, 8]


def test_calls_and_recursion() -> None:
    function, make, (n,) = make_function("factorial", {"n": INT})
    test = make.choose(make("less", n, 2), [])
    with make.at(test.blocks[0]):
        make.end("return", 1)
    with make.at(test.blocks[1]):
        make.end("yield")
    smaller = make.call(function, [make("subtract", n, 1)])
    make.end("return", make("multiply", n, smaller))
    run = compiled(function)
    assert run(20) == 2432902008176640000
    with pytest.raises(OverflowError, match=r"integer overflow: 51090942171709440000 does not fit"):
        run(21)


def test_a_call_fills_in_defaults() -> None:
    callee, make, (x, y) = make_function("callee", {"x": INT, "y": INT})
    callee.defaults["y"] = 7
    make.end("return", make("subtract", x, y))
    function, make, (x,) = make_function("f", {"x": INT})
    make.end("return", make.call(callee, [x]))
    assert compiled(callee, function)(10) == 3


def test_attributes() -> None:
    cell = ClassType("Cell")
    function, make, (instance, x) = make_function("f", {"self": cell, "x": INT})
    count = make.structure("get_attr", [instance, "count"], [INT]).result
    make.structure("set_attr", [instance, "count", make("add", count, x)], [])
    again = make.structure("get_attr", [instance, "count"], [INT]).result
    make.end("return", make("multiply", count, again))
    state = Instance("Cell", {"count": 3})
    assert compiled(function)(state, 4) == 21
    assert state.count == 7  # type: ignore[attr-defined]  # an instance has what it was given


@pytest.mark.parametrize("name", ["__class__", "a b", "scriptc_class", "x.y", ""])
def test_attribute_names_that_are_refused(name: str) -> None:
    function, make, (x,) = make_function("f", {"self": ClassType("Cell")})
    make.end("return", make.structure("get_attr", [x, name], [INT]).result)
    with pytest.raises(InternalError, match="cannot be the name of an attribute"):
        compiled(function)


class Refusal(ValueError):  # noqa: N818 - a user's name
    pass


def raising(reference: ExceptionRef) -> Function:
    function, make, _ = make_function("f", {}, result=NONE)
    make.end("raise", reference, "no", 3)
    return function


def test_exceptions_of_the_user_keep_their_class() -> None:
    program = program_of(raising(ExceptionRef("here.Refusal", "ValueError")))
    program.exceptions["here.Refusal"] = Refusal
    with pytest.raises(Refusal) as caught:
        Executable(program).function("f")()
    assert caught.value.args == ("no", 3)


def test_exceptions_that_are_not_at_hand_are_made_once() -> None:
    function = raising(ExceptionRef("there.Refusal", "ValueError"))
    classes = set()
    for _ in range(2):
        with pytest.raises(ValueError, match="no") as caught:
            compiled(function)()
        classes.add(type(caught.value))
    (made,) = classes
    assert (made.__module__, made.__qualname__) == ("there", "Refusal")


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "BaseException", "print"])
def test_what_may_not_be_raised(name: str) -> None:
    with pytest.raises(UnsupportedError, match=f"cannot raise {name}"):
        compiled(raising(ExceptionRef(name)))


@pytest.mark.parametrize(
    ("name", "a", "b", "fits"),
    [
        ("add", 2**62, 2**62 - 1, True),
        ("add", 2**62, 2**62, False),
        ("subtract", -(2**62), 2**62, True),
        ("subtract", -(2**62) - 1, 2**62, False),
        ("multiply", 2**40, 2**23, False),
        ("power", 2, 62, True),
        ("power", 2, 500, False),
        ("add", 2**30 - 2, 1, True),
        ("add", 2**30, 1, True),
        ("subtract", -(2**30), 5, True),
    ],
)
def test_ints_have_64_bits(name: str, a: int, b: int, fits: bool) -> None:
    function, make, (x, y) = make_function("f", {"x": INT, "y": INT})
    make.end("return", make(name, x, y))
    if fits:
        assert compiled(function)(a, b) == OPS[name].kernel(a, b)
    else:
        with pytest.raises(OverflowError, match=r"^integer overflow: .* does not fit in 64 bits$"):
            compiled(function)(a, b)


def test_a_guarded_operator_runs_its_kernel_on_numbers() -> None:
    def refuse(a: Any, b: Any) -> Any:
        raise OverflowError("too large")

    guarded = dataclasses.replace(
        OPS["power"], kernel=refuse, traits=OPS["power"].traits | {Trait.GUARDED}
    )
    for type_ in (INT, TENSOR):
        function, make, (x, y) = make_function("f", {"x": type_, "y": type_}, result=type_)
        make.end("return", make.build(guarded, [x, y]).result)
        if type_ == INT:
            with pytest.raises(OverflowError, match="too large"):
                compiled(function)(10, 10**12)
        else:
            np.testing.assert_array_equal(compiled(function)(np.arange(3), 2), [0, 1, 4])


def test_arrays_do_not_count_as_ints() -> None:
    function, make, (x,) = make_function("f", {"x": TENSOR}, result=TENSOR)
    make.end("return", make("multiply", x, x))
    assert compiled(function)(np.int64(2**62)).dtype == np.int64


def test_constants_are_handed_over_as_they_are() -> None:
    function, make, _ = make_function("f", {}, result=TENSOR)
    array = np.arange(3)
    dtype = np.dtype("float32")
    make.end("return", make("tuple", Constant(array, TENSOR), dtype, -0.0, "\ud800'", (1, (2,))))
    result = compiled(function)()
    assert result[0] is array
    assert result[1] is dtype
    assert str(result[2]) == "-0.0"
    assert result[3:] == ("\ud800'", (1, (2,)))


def test_is_with_a_literal_does_not_warn() -> None:
    function, make, (x,) = make_function("f", {"x": INT}, result=BOOL)
    make.end("return", make("is", x, 5))
    assert compiled(function)("x") is False


def test_more_nested_loops_than_python_allows() -> None:
    function, make, (n,) = make_function("f", {"n": INT})

    def nest(depth: int) -> None:
        loop, _ = make.loop([], make("range", n))
        with make.at(loop.blocks[0]):
            if depth:
                nest(depth - 1)
            make.end("continue")

    nest(25)
    make.end("return", 0)
    with pytest.raises(UnsupportedError, match="nested too deeply"):
        compiled(function)


def test_a_long_chain_of_operations() -> None:
    function, make, (x,) = make_function("f", {"x": INT})
    value = x
    for _ in range(5000):
        value = make("add", value, 1)
    make.end("return", value)
    assert compiled(function)(0) == 5000


def test_deep_conditionals_compile_in_linear_time() -> None:
    function, make, (x,) = make_function("f", {"x": INT})

    def nest(depth: int) -> Any:
        if depth == 0:
            make("note", 1, 1)
            return constant(0)
        chosen = make.choose(make("equal", x, depth), [INT])
        with make.at(chosen.blocks[0]):
            make.end("yield", depth)
        with make.at(chosen.blocks[1]):
            make.end("yield", nest(depth - 1))
        return chosen.result

    make.end("return", nest(60))
    run = compiled(function)
    assert [run(x) for x in (0, 1, 33, 60)] == [0, 1, 33, 60]


def test_only_references_to_functions_are_called() -> None:
    function, make, _ = make_function("f", {})
    callee = constant(FunctionRef("missing"))
    make.end("return", make.structure("call", [callee], [INT]).result)
    with pytest.raises(KeyError, match="missing"):
        compiled(function)()
