"""Binding and checking of arguments at the border of a program."""

import inspect
import pickle
import threading
from typing import Any

import numpy as np
import pytest

from scriptc.ir.builder import constant
from scriptc.ir.diagnostic import ArgumentError, Error, InternalError
from scriptc.ir.graph import FunctionRef, Instance, Program
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
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
    optional,
    union,
)
from scriptc.runtime.interpreter import Executable
from scriptc.runtime.values import check_argument, make_test
from support.small_ops import make_function

ONES = np.ones((3, 4), np.float32)


def identity(**parameters: Type) -> Program:
    """Return a program whose `f` gives its arguments back as a tuple."""
    function, make, values = make_function("f", parameters, origin="model.f", result=TENSOR)
    make.end("return", make("tuple", *values))
    program = Program()
    program.add_function(function)
    return program


def entry(**parameters: Type) -> Any:
    return Executable(identity(**parameters)).entry("f")


GOOD: list[tuple[Type, Any]] = [
    (TENSOR, ONES),
    (TENSOR, np.float64(2)),
    (TENSOR, np.array(2)),
    (TensorType("float32"), ONES),
    (TensorType("float32"), np.float32(1)),
    (TensorType("float32", (None, 4)), ONES),
    (TensorType(None, (3, 4)), ONES),
    (TensorType("float32", (3, 4)), ONES),
    (TensorType("float32", ("n", "m")), ONES),
    (TensorType("int64", ()), np.int64(3)),
    (INT, -(2**63)),
    (FLOAT, float("nan")),
    (BOOL, True),
    (STR, "a"),
    (COMPLEX, 1j),
    (NONE, None),
    (DTYPE, np.float32),
    (DTYPE, np.dtype("int8")),
    (optional(TENSOR), None),
    (optional(INT), 3),
    (union([INT, STR]), "a"),
    (optional(ListType(INT)), [1]),
    (ListType(TENSOR), [ONES, np.float32(1)]),
    (ListType(INT), []),
    (TupleType((INT, STR)), (1, "a")),
    (TupleType(()), ()),
    (VariadicTupleType(INT), (1, 2, 3)),
    (DictType(STR, ListType(FLOAT)), {"a": [1.0]}),
    (ClassType("Cell"), Instance("Cell")),
    (IteratorType(INT), iter([1])),
]


@pytest.mark.parametrize(("type_", "value"), GOOD)
def test_values_that_fit(type_: Type, value: Any) -> None:
    (result,) = entry(x=type_)(value)
    assert result is value
    assert make_test(type_)(value)
    check_argument(type_, value, function="f", parameter="x")


class Foreign(np.ndarray):
    pass


BAD: list[tuple[Type, Any, str]] = [
    (TENSOR, 2.0, ("Tensor as `x`, and was given the float 2.0; pass np.asarray(2.0), or annotate"
                  " the parameter with `float` if it is always a Python number")),
    (TENSOR, [1], "Tensor as `x`, and was given a list of 1; pass np.asarray(x)"),
    (TENSOR, None, "Tensor as `x`, and was given None"),
    (TENSOR, ONES.view(Foreign), "a float32 Foreign of shape (3, 4); pass np.asarray(x)"),
    (TensorType("float32"), np.ones(2),
     ("Tensor[float32] as `x`, and was given a float64 array of shape (2,); "
     "pass x.astype(np.float32)")),
    (TensorType("float32"), ONES.astype(">f4"), "given a byte-swapped float32 array"),
    (TensorType("float32", (None, 5)), ONES, ("Tensor[float32, (?, 5)] as `x`, and was given a "
                                             "float32 array of shape (3, 4)")),
    (TensorType("float32", (None, 4, None)), ONES, "of shape (3, 4)"),
    (TensorType("float32", ()), ONES, "of shape (3, 4)"),
    (FLOAT, 2, ("float as `x`, and was given the int 2; pass 2.0, or annotate the parameter with"
               " `int`")),
    (FLOAT, np.float64(2), "a NumPy float64 scalar; pass float(x), or annotate"),
    (INT, True, ("int as `x`, and was given the bool True; pass int(True), or annotate the"
                " parameter with `bool`")),
    (INT, 2.0, "the float 2.0; pass int(2.0)"),
    (INT, np.int64(3), "a NumPy int64 scalar; pass int(x)"),
    (INT, 2**63, "an int that does not fit in 64 bits"),
    (BOOL, 1, "the int 1; pass bool(1)"),
    (STR, b"a", "str as `x`, and was given a bytes"),
    (DTYPE, "float32", "dtype as `x`, and was given a str"),
    (DTYPE, np.dtype("datetime64"), "dtype as `x`"),
    (optional(FLOAT), 1, "float | None as `x`, and was given the int 1; pass 1.0"),
    (ListType(INT), (1, 2), "list[int] as `x`, and was given a tuple of 2; pass list(x)"),
    (ListType(FLOAT), [1.0, 2], "float as `x[1]`, and was given the int 2; pass 2.0"),
    (ListType(ListType(INT)), [[1], [2, "a"]], "int as `x[1][1]`, and was given a str"),
    (TupleType((INT, STR)), (1,), "tuple[int, str] as `x`, and was given a tuple of 1"),
    (TupleType((INT, STR)), [1, "a"], "pass tuple(x)"),
    (DictType(STR, INT), {"a": 1, "b": None}, "int as `x['b']`, and was given None"),
    (DictType(STR, INT), {1: 1}, "str as `x.keys()`, and was given the int 1"),
    (ClassType("Cell"), Instance("Gate"), "Cell as `x`, and was given an instance of Gate"),
    (ClassType("Cell"), object(), "Cell as `x`, and was given an object"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "value", "words"), BAD)
def test_values_that_do_not_fit(type_: Type, value: Any, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        entry(x=type_)(value)
    assert str(caught.value).startswith("f() expects ")
    assert words in str(caught.value)
    with pytest.raises(ArgumentError) as again:
        check_argument(type_, value, function="f", parameter="x")
    assert str(again.value) == str(caught.value)


def test_an_error_is_a_type_error_and_ours() -> None:
    assert issubclass(ArgumentError, TypeError)
    assert issubclass(ArgumentError, Error)


def test_sizes_with_the_same_name_are_equal() -> None:
    f = entry(x=TensorType("float32", (None, "n")), y=TensorType(None, ("n", "n")))
    f(ONES, np.ones((4, 4)))
    with pytest.raises(ArgumentError, match="where the sizes `n` must be equal"):
        f(ONES, np.ones((3, 3)))
    with pytest.raises(ArgumentError, match="where the sizes `n` must be equal"):
        f(ONES, np.ones((4, 3)))


def with_defaults() -> Any:
    program = identity(a=INT, b=INT, c=STR, d=ListType(INT))
    function = program.functions["f"]
    function.defaults = {"b": 5, "d": [1]}
    function.keyword_only = ("c", "d")
    return Executable(program).entry("f")


def plain(a: Any, b: Any = 5, *, c: Any, d: Any = [1]) -> Any:  # noqa: B006 - as in a program
    return a, b, c, d


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((1,), {"c": "x"}),
        ((1, 2), {"c": "x"}),
        ((), {"c": "x", "a": 3}),
        ((1,), {"d": [2], "c": "x", "b": 0}),
        ((), {}),
        ((1,), {}),
        ((1, 2, 3), {"c": "x"}),
        ((1,), {"c": "x", "e": 3}),
        ((1,), {"c": "x", "a": 3}),
    ],
)
def test_arguments_bind_as_in_python(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    try:
        expected = plain(*arguments, **keywords)
    except TypeError:
        with pytest.raises(TypeError, match=r"^f\(\) "):
            with_defaults()(*arguments, **keywords)
    else:
        assert with_defaults()(*arguments, **keywords) == expected


def test_binding_errors_say_how_to_call() -> None:
    f = with_defaults()
    usage = r"call it as f\(a, b=5, \*, c, d=\[1\]\)$"
    with pytest.raises(ArgumentError, match=r"^f\(\) needs an argument for `a` and `c`; " + usage):
        f()
    with pytest.raises(ArgumentError, match=r"takes 2 positional arguments, and was given 3; "):
        f(1, 2, 3, c="x")
    with pytest.raises(ArgumentError, match=r"has no parameter `e`; "):
        f(1, c="x", e=2)


def test_a_default_is_one_object() -> None:
    f = with_defaults()
    assert f(1, c="x")[3] is f(2, c="y")[3]


def test_what_an_entry_looks_like() -> None:
    f = with_defaults()
    assert (f.__name__, f.__module__) == ("f", "model")
    assert str(inspect.signature(f)) == "(a, b=5, *, c, d=[1])"


def test_a_bound_entry() -> None:
    program = identity(self=ClassType("Cell"), x=INT)
    instance = Instance("Cell")
    f = Executable(program).entry("f", bound=instance)
    assert f(3) == (instance, 3)
    assert f(x=3) == (instance, 3)
    assert str(inspect.signature(f)) == "(x)"


@pytest.mark.parametrize("name", ["a b", "class", "x=1, *", ""])
def test_parameters_that_have_no_proper_name(name: str) -> None:
    with pytest.raises(InternalError, match="cannot be the name of a parameter"):
        entry(**{name: INT})


def test_parameters_may_be_called_like_our_globals() -> None:
    assert entry(type=INT, t=INT, ndarray=INT, k0=INT)(1, 2, ndarray=3, k0=4) == (1, 2, 3, 4)


def test_many_threads_compile_once() -> None:
    program = identity(x=INT)
    callees = []
    for i in range(30):
        function, make, (x,) = make_function(f"f{i}", {"x": INT})
        value = make("add", x, i)
        if i:
            callee = constant(FunctionRef(f"f{i - 1}"))
            value = make("add", value, make.structure("call", [callee, x], [INT]).result)
        make.end("return", value)
        program.add_function(function)
        callees.append(function.name)
    executable = Executable(program)
    barrier = threading.Barrier(8)
    results: list[int] = []
    seen: set[int] = set()

    def work() -> None:
        f = executable.entry("f29")
        barrier.wait()
        results.append(f(2))
        seen.update(id(executable.function(name)) for name in callees)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [sum(range(30)) + 60] * 8
    assert len(seen) == 30


def test_argument_errors_can_be_sent_to_another_process() -> None:
    with pytest.raises(ArgumentError) as caught:
        entry(x=INT)("a")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
