"""Python's own operations against Python itself: each sample, by each spelling, type and trait."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ops.helpers import (
    Case,
    Outcome,
    attempt,
    cases,
    copied,
    inferred,
    over,
    over_samples,
    same,
    same_outcome,
    type_holds,
)
from scriptc.ir.builder import INT_MAX, INT_MIN, constant, infer_types
from scriptc.ir.graph import Value
from scriptc.ir.opdef import OpDef, RuleError, Spelling, Trait
from scriptc.ir.ops import (
    REGISTRY,
    comparisons,
    containers,
    dicts,
    formatting,
    inplace,
    iteration,
    lists,
    mathematics,
    operators,
    scalars,
    strings,
    subscripts,
)
from scriptc.ir.types import (
    BOOL,
    FLOAT,
    INT,
    NEVER,
    NONE,
    SLICE,
    STR,
    TENSOR,
    ClassType,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    TypeVariable,
    UnionType,
    VariadicTupleType,
    ViewType,
    optional,
    resolve,
)

FAMILIES = (
    operators, comparisons, inplace, subscripts, containers, lists, dicts, iteration, scalars,
    formatting, strings, mathematics,
)  # fmt: skip
OPS: list[OpDef] = [opdef for family in FAMILIES for opdef in family.OPS]
OWNERS: dict[str, type] = {
    "str": str, "list": list, "dict": dict, "tuple": tuple, "int": int, "float": float,
    "complex": complex, "range": range,
}  # fmt: skip
ROOTS = ("builtins", "math", "numpy")


# --- the kernel is what Python does ---------------------------------------------------------------


def by_spelling(case: Case, spelling: Spelling) -> tuple[Outcome, list[Any]]:
    """Call what a spelling names; return the outcome and the arguments afterwards."""
    made = case.sample()
    args, kwargs = list(made.args), dict(made.kwargs)
    root, _, name = spelling.name.partition(".")
    if root in OWNERS:
        member = getattr(OWNERS[root], name)
        if not callable(member):
            return attempt(lambda: getattr(args[0], name)), args
        return attempt(member, *args, **kwargs), args
    function = importlib.import_module(root)
    for part in name.split("."):
        function = getattr(function, part)
    return attempt(function, *args, **kwargs), args


def is_array_call(case: Case) -> bool:
    """Tell whether the arguments mean the same to a function of NumPy and to an operator."""
    operands = case.operands()
    return any(isinstance(v, np.ndarray | np.generic) for v in operands) and all(
        isinstance(v, np.ndarray | np.generic | int | float | complex) for v in operands
    )


@over(OPS)
@over_samples
def test_kernel_does_what_each_spelling_does(case: Case) -> None:
    operands = case.operands()
    outcome = attempt(case.opdef.kernel, *operands)
    assert outcome[1] is case.sample().raises
    for spelling in case.opdef.spellings:
        root = spelling.name.partition(".")[0]
        assert root in ROOTS or root in OWNERS
        if case.opdef.name == "format" and operands[2]:
            continue  # written as an f-string only
        if root in OWNERS and not isinstance(operands[0], OWNERS[root]):
            continue
        if root == "numpy" and case.opdef.python is not None and not is_array_call(case):
            continue
        expected, args = by_spelling(case, spelling)
        if case.opdef.name == "str_format" and "attribute" in outcome[2]:
            assert expected[1] is None  # we refuse what Python would do
            continue
        assert same_outcome(outcome, expected), (spelling.name, outcome, expected)
        if outcome[1] is not None and root != "numpy":
            assert outcome[2] == expected[2]
        bound = case.opdef.schema.bind(args, case.sample().kwargs)
        assert same(list(bound), list(operands)) or has_iterator(operands)


def has_iterator(operands: Sequence[Any]) -> bool:
    return any(hasattr(v, "__next__") for v in operands)


@over(o for o in OPS if o.python is not None)
@over_samples
def test_kernel_does_what_the_template_does(case: Case) -> None:
    opdef = case.opdef
    assert opdef.python is not None
    names = [p.name for p in opdef.schema.parameters]
    written = attempt(eval, opdef.python, dict(zip(names, case.operands(), strict=True)))
    outcome = attempt(opdef.kernel, *case.operands())
    assert same_outcome(outcome, written)
    assert outcome[2] == written[2]


STATEMENTS = {f"inplace_{name}": f"x {sign} y" for name, sign in {
    "add": "+=", "subtract": "-=", "multiply": "*=", "divide": "/=", "floor_divide": "//=",
    "remainder": "%=", "power": "**=", "matmul": "@=", "bitwise_and": "&=", "bitwise_or": "|=",
    "bitwise_xor": "^=", "bitwise_left_shift": "<<=", "bitwise_right_shift": ">>=",
}.items()} | {"setitem": "x[index] = value", "delitem": "del x[index]"}  # fmt: skip
DISPLAYS = {"list": "[{}]", "tuple": "({},)", "dict": "{{{}}}"}
WRITTEN = (*STATEMENTS, *DISPLAYS, "unpack", "concat_str")


@over(o for o in OPS if o.name in WRITTEN)
@over_samples
def test_kernel_does_what_the_statement_does(case: Case) -> None:
    opdef = case.opdef
    operands, others = case.operands(), case.operands()
    outcome = attempt(opdef.kernel, *operands)
    names = [f"v{i}" for i in range(len(others))]
    scope = dict(zip(names, others, strict=True))
    if opdef.name in STATEMENTS:
        names = [p.name for p in opdef.schema.parameters]
        scope = dict(zip(names, others, strict=True))
        text = STATEMENTS[opdef.name]
        result = "x" if opdef.name.startswith("inplace") else "None"
    elif opdef.name == "unpack":
        count = others[1]
        text = f"[{', '.join(f'r{i}' for i in range(count))}] = v0"
        result = "r0" if count == 1 else f"({''.join(f'r{i}, ' for i in range(count))})"
    elif opdef.name == "concat_str":
        text, result = "", "f'" + "".join(f"{{{n}}}" for n in names) + "'"
    else:
        pairs = [f"{k}: {v}" for k, v in zip(names[::2], names[1::2], strict=False)]
        parts = ", ".join(pairs if opdef.name == "dict" else names)
        empty = opdef.name == "tuple" and not parts
        text, result = "", "()" if empty else DISPLAYS[opdef.name].format(parts)

    def run() -> Any:
        exec(text, scope)
        return eval(result, scope)

    expected = attempt(run)
    assert same_outcome(outcome, expected)
    assert outcome[2] == expected[2]
    assert same(operands, others)
    if opdef.name.startswith("inplace") and expected[1] is None:
        is_scalar = not isinstance(operands[0], np.ndarray | list | dict)
        assert is_scalar or outcome[0] is operands[0]


# --- the types that are inferred hold ------------------------------------------------------------

# What Python would do and we refuse, by the operation and a word of our answer.
REFUSED = {
    ("multiply", "repeats it or multiplies"),
    ("builtin_min", "no single type"),
    ("builtin_sum", "if nothing is there to add up"),
    ("builtin_sum", "not known here"),
    ("math_prod", "not known here"),
    ("math_fsum", "not known here"),
    ("math_prod", "if nothing is there to add up"),
}


@over(OPS)
@over_samples
def test_inferred_types_hold(case: Case) -> None:
    for how in ("constants", "typed", "general"):
        check_types(case, how)


def check_types(case: Case, how: str) -> None:
    operands = case.operands()
    result, error, _ = attempt(case.opdef.kernel, *operands)
    types, results, refusal = inferred(case.opdef, case.operands(), how)
    if refusal:
        assert error is not None or may_refuse(case, how, refusal), refusal
        return
    if error is not None:
        return
    values = list(result) if len(results) != 1 else [result]
    assert len(values) == len(results)
    for type_, value in zip(results, values, strict=True):
        assert type_holds(type_, value), f"{resolve(type_)} is not the type of {value!r}"
    for type_, operand in zip(types, operands, strict=True):
        assert type_holds(type_, operand) or has_iterator([operand]), f"{type_} no longer holds"


def may_refuse(case: Case, how: str, refusal: str) -> bool:
    if case.opdef.name == "power" and how != "constants":
        return "exponent" in refusal
    if case.opdef.name == "unpack" and how != "constants":
        return "constant count" in refusal
    if case.opdef.name == "str_format" and how != "constants":
        return "constant string" in refusal
    return any(case.opdef.name == name and word in refusal for name, word in REFUSED)


# --- traits ---------------------------------------------------------------------------------------


@over(OPS)
@over_samples
def test_traits_are_true(case: Case) -> None:
    traits, kernel = case.opdef.traits, case.opdef.kernel
    operands = case.operands()
    first = attempt(kernel, *operands)
    changed = not same(operands, case.operands()) and not has_iterator(operands)
    if Trait.WRITES in traits:
        assert same(operands[1:], case.operands()[1:])
    else:
        assert not changed
    if Trait.PURE in traits:
        assert same_outcome(first, attempt(kernel, *case.operands()))
    if Trait.TOTAL in traits:
        assert first[1] is None
    if Trait.COMMUTATIVE in traits:
        other = attempt(kernel, *case.operands()[::-1])
        assert same_outcome(first, other)
    fresh = Trait.FRESH in traits and is_array(first[0])
    if (Trait.VIEW not in traits or fresh) and first[1] is None:
        parts = {id(part) for operand in operands for part in mutable_parts(operand)}
        assert not any(id(part) in parts for part in mutable_parts(first[0]))
        arrays = [p for operand in operands for p in mutable_parts(operand) if is_array(p)]
        for part in filter(is_array, mutable_parts(first[0])):
            assert not any(np.shares_memory(part, array) for array in arrays)


def is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def mutable_parts(value: Any) -> Iterator[Any]:
    """Yield all arrays, lists and dicts in a value."""
    if isinstance(value, np.ndarray | list | dict):
        yield value
    if isinstance(value, list | tuple):
        for part in value:
            yield from mutable_parts(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from mutable_parts(part)


@over(OPS)
def test_declaration_is_complete(opdef: OpDef) -> None:
    assert REGISTRY[opdef.name] is opdef
    assert opdef.doc.endswith((".", ")"))
    assert opdef.samples is not None
    own_cases = cases([opdef])
    assert any(c.sample().raises is None for c in own_cases)
    if Trait.WRITES in opdef.traits:
        changed = False
        for c in own_cases:
            operands = c.operands()
            attempt(opdef.kernel, *operands)
            changed = changed or not same(operands, c.operands())
        assert changed
    assert opdef.spellings or opdef.python or opdef.name in WRITTEN


EXTREMES = (INT_MIN, INT_MAX, -1, 1, 2, True)
NUMERIC = [
    o for o in OPS
    if not o.traits & {Trait.INT_RANGE, Trait.WRITES, Trait.EFFECT} and o.schema.parameters
    # These take ints as something else, or make a big thing of them.
    and o.name not in ("hash", "bitwise_left_shift", "range", "str_format", "tuple", "list", "dict")
]  # fmt: skip


@over(NUMERIC)
def test_ints_stay_in_range_without_the_trait(opdef: OpDef) -> None:
    fixed = [p for p in opdef.schema.parameters if not p.variadic]
    for a in EXTREMES:
        for b in EXTREMES:
            operands = [a, b][: len(fixed)] + [p.default for p in fixed[2:]]
            result, _, _ = attempt(opdef.kernel, *operands)
            for value in result if type(result) is tuple else [result]:
                assert type(value) is not int or INT_MIN <= value <= INT_MAX


# --- all methods and functions there are ----------------------------------------------------------

LEFT_OUT = {
    "str": {"encode", "format_map", "maketrans", "translate"},  # bytes and tables have no type
    "list": set(),
    "dict": {"fromkeys"},  # a class method
    "tuple": set(),
    # Newer than 3.11, or about what is no value here.
    "math": {"dist", "sumprod", "fma", "e", "inf", "nan", "pi", "tau"},
}


@pytest.mark.parametrize("owner", list(LEFT_OUT))
def test_every_public_function_is_an_operation(owner: str) -> None:
    source: Any = math if owner == "math" else OWNERS[owner]
    public = {name for name in vars(source) if not name.startswith("_")}
    declared = {
        s.name.partition(".")[2] for o in OPS for s in o.spellings if s.name.startswith(f"{owner}.")
    }
    assert public - LEFT_OUT[owner] == declared


# --- what is refused, and what is guarded --------------------------------------------------------


def infer(name: str, *operands: Any) -> Type:
    values = [Value(v) if isinstance(v, Type) else constant(v) for v in operands]
    (result,) = infer_types(REGISTRY[name], values)
    return result


TENSOR_32 = TensorType("float32", (2, 3))


@pytest.mark.parametrize(
    ("name", "operands", "expected"),
    [
        ("add", (INT, FLOAT), FLOAT),
        ("add", (BOOL, BOOL), INT),
        ("divide", (INT, INT), FLOAT),
        ("floor_divide", (INT, BOOL), INT),
        ("power", (INT, 2), INT),
        ("power", (INT, -2), FLOAT),
        ("power", (FLOAT, FLOAT), FLOAT),
        ("bitwise_and", (BOOL, BOOL), BOOL),
        ("add", (TENSOR_32, 1.5), TENSOR_32),
        ("add", (TENSOR_32, TensorType("float64", (3,))), TensorType("float64", (2, 3))),
        ("add", (TENSOR_32, TENSOR), TENSOR),
        ("add", (TENSOR, FLOAT), TENSOR),
        ("less", (TENSOR_32, INT), TensorType("bool", (2, 3))),
        ("divide", (TensorType("int32", (None,)), 2), TensorType("float64", (None,))),
        ("matmul", (TENSOR_32, TensorType("float32", (3, "n"))), TensorType("float32", (2, "n"))),
        ("matmul", (TENSOR_32, TensorType("float32", (3,))), TensorType("float32", (2,))),
        ("add", (ListType(INT), ListType(INT)), ListType(INT)),
        ("add", (ListType(INT), ListType(NONE)), ListType(optional(INT))),
        ("add", (TupleType((INT, STR)), TupleType((FLOAT,))), TupleType((INT, STR, FLOAT))),
        ("multiply", (TupleType((INT,)), 3), TupleType((INT, INT, INT))),
        ("multiply", (TupleType((INT,)), INT), VariadicTupleType(INT)),
        ("remainder", (STR, TupleType((INT, TENSOR))), STR),
        ("equal", (optional(INT), INT), BOOL),
        ("list", (INT, INT), ListType(INT)),
        ("list", (INT, None), ListType(optional(INT))),
        ("list", (TENSOR_32, TensorType("int8", ())), ListType(TENSOR)),
        ("tuple", (TENSOR_32, STR), TupleType((TENSOR_32, STR))),
        ("dict", ("a", INT, "b", INT), DictType(STR, INT)),
        ("getitem", (TupleType((INT, STR)), 1), STR),
        ("getitem", (TupleType((INT, STR)), -2), INT),
        ("getitem", (TupleType((INT, STR)), INT), UnionType((INT, STR))),
        ("getitem", (TupleType((INT, INT)), SLICE), VariadicTupleType(INT)),
        ("getitem", (DictType(STR, TENSOR), STR), TENSOR),
        ("getitem", (DictType(INT, STR), TensorType("int64", ())), STR),
        ("getitem", (TENSOR_32, 0), TensorType("float32", (3,))),
        ("getitem", (TENSOR_32, TupleType((INT, INT))), TensorType("float32", ())),
        ("getitem", (TENSOR_32, TupleType((SLICE, NONE, INT))), TensorType("float32", (None, 1))),
        ("getitem", (TENSOR_32, TensorType("bool", (2, 3))), TensorType("float32", (None,))),
        ("getitem", (TENSOR_32, TensorType("int64", (5, 4))), TensorType("float32", (5, 4, 3))),
        ("getitem", (TENSOR_32, TensorType(None, (5,))), TensorType("float32")),
        ("getitem", (TENSOR, INT), TENSOR),
        ("dict_get", (DictType(STR, INT), STR, None), optional(INT)),
        ("dict_get", (DictType(STR, INT), STR, 0), INT),
        ("dict_pop", (DictType(STR, INT), STR), INT),
        ("dict_items", (DictType(STR, INT),), ViewType(TupleType((STR, INT)))),
        ("enumerate", (ListType(STR), 0), IteratorType(TupleType((INT, STR)))),
        ("zip", (TENSOR_32, STR), IteratorType(TupleType((TensorType("float32", (3,)), STR)))),
        ("to_tuple", (TENSOR_32,), TupleType((TensorType("float32", (3,)),) * 2)),
        ("builtin_max", (FLOAT, 0.0), FLOAT),
        ("builtin_sum", (ListType(INT), 0), INT),
        ("builtin_sum", (ListType(FLOAT), 0.0), FLOAT),
        ("builtin_sum", (TupleType((FLOAT, INT)), 0), FLOAT),
        ("builtin_round", (FLOAT, None), INT),
        ("builtin_round", (FLOAT, 2), FLOAT),
        ("divmod", (INT, INT), TupleType((INT, INT))),
        ("math_sqrt", (TENSOR,), FLOAT),
        ("inplace_add", (TENSOR_32, FLOAT), TENSOR_32),
        ("inplace_add", (TENSOR, TENSOR_32), TENSOR),
        ("inplace_add", (TensorType("float32", ()), TensorType("float64", ())),
         TensorType(None, ())),
        ("add", (NEVER, INT), NEVER),
    ],
)  # fmt: skip
def test_rules_are_exact(name: str, operands: tuple[Any, ...], expected: Type) -> None:
    assert resolve(infer(name, *operands)) == expected


@pytest.mark.parametrize(
    ("name", "operands", "message", "help_"),
    [
        ("power", (INT, INT), "exponent", "1 << y"),
        ("add", (optional(INT), INT), "not defined for int | None and int", "is not None"),
        ("add", (TENSOR, NONE), "not defined", "is not None"),
        ("add", (TENSOR_32, TensorType("float32", (4,))), "do not broadcast", ""),
        ("add", (ListType(INT), ListType(STR)), "a list holds one type", ""),
        ("matmul", (TENSOR_32, TENSOR_32), "3 and 2 differ", ""),
        ("multiply", (ListType(INT), TENSOR), "repeats it or multiplies", "np.asarray"),
        ("equal", (TENSOR, None), "compares each element", "is None"),
        ("is", (INT, INT), "no meaning", "=="),
        ("bool", (ClassType("M"),), "truth value", "is not None"),
        ("bool", (TENSOR_32,), "ambiguous", ".any()"),
        ("contains", (IteratorType(STR), STR), "use up", "make it a list"),
        ("list", (INT, STR), "a list holds one type, not int and str", "tuple"),
        ("list", (INT, FLOAT), "not int and float", "1.0"),
        ("list_append", (ListType(INT), STR), "list[int] cannot hold a value of type str", "|"),
        ("list_append", (ListType(INT), BOOL), "cannot hold", "int(value)"),
        ("list_append", (ListType(FLOAT), INT), "cannot hold", "float(value)"),
        ("setitem", (DictType(INT, STR), TENSOR, STR), "cannot hold", "int(value)"),
        ("setitem", (TupleType((INT,)), 0, 1), "cannot be assigned", ""),
        ("getitem", (TupleType((INT,)), 1), "no element 1", ""),
        ("getitem", (TENSOR_32, FLOAT), "indexed by a float", "ints"),
        ("getitem", (TENSOR_32, TupleType((INT, INT, INT))), "too many indices", ""),
        ("getitem", (DictType(STR, INT), INT), "the keys", ""),
        ("getitem", (optional(ListType(INT)), INT), "cannot be indexed", "is not None"),
        ("getitem", (ListType(INT), optional(INT)), "indexed by", "is not None"),
        ("dict", (ListType(INT), INT), "cannot be a key", ""),
        ("unpack", (TupleType((INT, INT)), 3), "2 values cannot be unpacked into 3", ""),
        ("len", (IteratorType(INT),), "no length", "walked over"),
        ("builtin_round", (TENSOR, None), "NumPy number", "np.round"),
        ("str", (ClassType("M"),), "not available", ""),
        ("print", (" ", "\n", IteratorType(INT)), "not available", "list"),
        ("str_format", (STR, INT), "constant string", "f-string"),
        ("str_format", ("{0.__class__}", INT), "reads an attribute", ""),
        ("str_format", ("{:{0.real}}", INT, INT), "reads an attribute", ""),
        ("str_format", ("{name}", INT), "no value for the field", "f-string"),
        ("str_format", ("{} {}", INT), "needs 2", ""),
        ("str_join", (STR, ListType(INT)), "takes strings", "str("),
        ("inplace_add", (ListType(INT), TENSOR), "makes a tensor of it", "extend"),
        ("inplace_divide", (TensorType("int64", (3,)), 2), "cannot store float64", "x = x / y"),
        ("inplace_add", (TensorType("float32", (3,)), TENSOR_32), "cannot store", "x = x + y"),
        ("math_sqrt", (1j,), "a real number", ""),
        ("int_bit_length", (TENSOR,), "takes int", ""),
        ("add", (TypeVariable(), INT), "not known here", "list[int]"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    name: str, operands: tuple[Any, ...], message: str, help_: str
) -> None:
    with pytest.raises(RuleError) as raised:
        infer(name, *operands)
    assert message in raised.value.message
    assert help_ in raised.value.help


def test_first_use_decides_the_type_of_an_empty_container() -> None:
    empty = infer("list")
    infer("list_append", empty, TENSOR_32)
    assert resolve(empty) == ListType(TENSOR)
    mapping = infer("dict")
    infer("setitem", mapping, STR, ListType(INT))
    assert resolve(mapping) == DictType(STR, ListType(INT))
    nested = infer("list", infer("list"))
    assert isinstance(nested, ListType)
    infer("list_append", infer("getitem", nested, 0), "a")
    assert resolve(nested) == ListType(ListType(STR))
    with pytest.raises(RuleError, match="cannot hold a value of type int"):
        infer("list_append", infer("getitem", nested, 0), 1)


@pytest.mark.parametrize(
    ("name", "operands"),
    [
        ("power", (3, 10**12)),
        ("power", (-(2**40), 10**12)),
        ("bitwise_left_shift", (1, 10**15)),
        ("bitwise_left_shift", (True, 10**15)),
        ("math_factorial", (10**12,)),
        ("math_comb", (10**15, 10**14)),
        ("math_perm", (10**15, 10**14)),
        ("math_perm", (10**12, None)),
        ("divmod", (INT_MIN, -1)),
    ],
)
def test_what_cannot_fit_is_not_computed(name: str, operands: tuple[Any, ...]) -> None:
    with pytest.raises(OverflowError, match="does not fit in 64 bits"):
        REGISTRY[name].kernel(*operands)


@pytest.mark.parametrize("base", [-1, 0, 1, True, False])
def test_powers_that_fit_are_computed(base: int) -> None:
    assert REGISTRY["power"].kernel(base, 1001) == base**1001


def test_guards_give_all_that_fits() -> None:
    for n in range(70):
        for k in range(n + 1):
            for name in ("comb", "perm"):
                exact = getattr(math, name)(n, k)
                result, error, _ = attempt(REGISTRY[f"math_{name}"].kernel, n, k)
                assert result == exact or (error is OverflowError and exact > INT_MAX)
    assert REGISTRY["math_factorial"].kernel(20) == math.factorial(20) <= INT_MAX
    assert math.factorial(21) > INT_MAX


def test_numbers_never_become_complex() -> None:
    with pytest.raises(ValueError, match="complex"):
        REGISTRY["power"].kernel(-8.0, 1 / 3)
    assert REGISTRY["power"].kernel(-8 + 0j, 1 / 3) == (-8 + 0j) ** (1 / 3)


# --- generated ------------------------------------------------------------------------------------


@st.composite
def indexed_arrays(draw: st.DrawFn) -> tuple[Any, Any]:
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=3))
    array = np.arange(math.prod(shape)).reshape(shape)
    basic = hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
    arrays = hnp.integer_array_indices(shape[:1], result_shape=hnp.array_shapes(max_dims=2))
    masks = hnp.arrays(bool, st.sampled_from([shape[:n] for n in range(1, len(shape) + 1)]))
    parts = st.one_of(
        st.integers(-1, 0), st.slices(1), st.none(), st.just(...), st.lists(st.just(0), max_size=3),
        hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, max_side=2), elements=st.just(0)),
        st.just(np.int64(0)), st.just(True),
    )  # fmt: skip
    mixed = st.lists(parts, max_size=len(shape) + 1).map(tuple)
    return array, draw(st.one_of(basic, arrays, masks, mixed))


@given(indexed_arrays(), st.sampled_from(["constants", "typed", "general"]))
def test_types_of_indexed_arrays_hold(pair: tuple[Any, Any], how: str) -> None:
    opdef = REGISTRY["getitem"]
    result, error, _ = attempt(opdef.kernel, *pair)
    _, types, refusal = inferred(opdef, pair, how)
    assert error is not None or (not refusal and type_holds(types[0], result)), refusal


numbers = st.one_of(st.booleans(), st.integers(-5, 5), st.floats(width=32), st.complex_numbers())
dtypes = st.sampled_from(["bool", "int8", "int64", "uint8", "float16", "float32", "complex128"])
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=2, max_side=2))
BINARY = [
    o for o in (*operators.OPS, *comparisons.OPS)
    if [p.name for p in o.schema.parameters] == ["a", "b"] and o.name not in ("is", "is_not")
]  # fmt: skip


@given(
    st.sampled_from(BINARY), st.one_of(numbers, arrays), st.one_of(numbers, arrays),
    st.sampled_from(["constants", "typed", "general"]),
)  # fmt: skip
def test_types_of_operators_hold(opdef: OpDef, a: Any, b: Any, how: str) -> None:
    operands = [copied(a), copied(b)]
    result, error, _ = attempt(opdef.kernel, *operands)
    _, types, refusal = inferred(opdef, operands, how)
    if refusal:
        assert error is not None or "exponent" in refusal
    else:
        assert error is not None or type_holds(types[0], result)
