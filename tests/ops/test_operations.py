"""NumPy's operations against NumPy: each sample, by each spelling; types and traits."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

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
    type_holds,
)
from scriptc.frontend.dialects.tables import LIMITS, OWNERS, Entry, Gathered, _resolve, bind
from scriptc.ir.opdef import OpDef, Spelling, Trait
from scriptc.ir.ops import NUMPY_FAMILIES, REGISTRY
from scriptc.ir.schema import REQUIRED
from scriptc.ir.types import TensorType, TupleType, Type

OPS: list[OpDef] = [opdef for family in NUMPY_FAMILIES.values() for opdef in family]
UNINITIALISED = {"empty", "empty_like"}
CLASSES: dict[str, Any] = {
    "ndarray": np.ndarray | np.generic, "finfo": np.dtype, "iinfo": np.dtype,
}  # fmt: skip
"""The classes of the objects that methods belong to, where they are several."""
NEEDS_TYPES = {"gradient", "tolist", "random_randint", "random_choice"}
"""Operations whose rule asks for a known rank."""


# --- the kernel is what NumPy does ----------------------------------------------------------------


def library_call(
    opdef: OpDef, spelling: Spelling, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments by which a spelling is called for those of a sample."""
    fixed = [p.name for p in opdef.schema.parameters if not p.variadic]
    by_position = [p.name for p in opdef.schema.parameters if not (p.variadic or p.keyword_only)]
    rest = list(args[len(by_position) :])
    given = dict(zip(by_position, args, strict=False)) | kwargs
    library = {ours: theirs for theirs, ours in spelling.rename.items()}
    positional: list[Any] = []
    for name in spelling.order or by_position:
        if name not in given:
            break
        value = given.pop(name)
        if spelling.gather == name and isinstance(value, tuple) and len(value) > 1:
            positional += value
            break
        positional.append(value)
    named = {library.get(name, name): given[name] for name in fixed if name in given}
    return [*positional, *rest], named


def run_spelling(
    spelling: Spelling, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Outcome, Entry]:
    """Call what a spelling names, as eager Python does."""
    root, _, name = spelling.name.partition(".")
    if root not in OWNERS:
        function = _resolve(root, name)
        assert function is not None, f"there is no {spelling.name}"
        return attempt(function, *args, **kwargs), False
    if root in LIMITS:
        return attempt(lambda dtype: getattr(LIMITS[root](dtype), name), *args), True
    if not callable(getattr(OWNERS[root], name)):
        return attempt(getattr, args[0], name), True
    return attempt(getattr(args[0], name), *args[1:], **kwargs), True


def is_random(opdef: OpDef) -> bool:
    return "random" in opdef.spellings[0].name


def agree(opdef: OpDef, a: Any, b: Any) -> bool:
    if opdef.name in UNINITIALISED:
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape
    return same(a, b)


@over(OPS)
@over_samples
def test_kernel_does_what_each_spelling_does(case: Case) -> None:
    opdef, made = case.opdef, case.sample()
    tried = 0
    for spelling in opdef.spellings:
        root = spelling.name.partition(".")[0]
        args, kwargs = library_call(opdef, spelling, made.args, dict(made.kwargs))
        if root in OWNERS and not isinstance(args[0], CLASSES.get(root, OWNERS[root])):
            continue
        if spelling.defaults and any(name in spelling.defaults for name in made.kwargs):
            continue
        tried += 1
        theirs = copied(args), copied(kwargs)
        np.random.seed(0)  # noqa: NPY002 - what the operations draw from
        expected, is_method = run_spelling(spelling, *theirs)
        bound = bind(Entry(opdef, spelling, is_method), copied(args), copied(kwargs))
        operands = [v.items if isinstance(v, Gathered) else v for v in bound]
        np.random.seed(0)  # noqa: NPY002 - what the operations draw from
        got = attempt(opdef.kernel, *operands)
        assert got[1] is expected[1], (spelling.name, got, expected)
        assert expected[1] is made.raises, (spelling.name, expected)
        assert expected[1] is not None or agree(opdef, got[0], expected[0]), (
            spelling.name, got[0], expected[0],
        )  # fmt: skip
        if Trait.WRITES in opdef.traits:
            assert same(operands[0], theirs[0][0])
    assert tried or not case.opdef.spellings, "no spelling takes these arguments"


@over(o for o in OPS if o.python is not None)
@over_samples
def test_kernel_does_what_the_template_does(case: Case) -> None:
    opdef = case.opdef
    assert opdef.python is not None
    names = [p.name for p in opdef.schema.parameters]
    written = attempt(eval, opdef.python, dict(zip(names, case.operands(), strict=True)))
    assert agree(opdef, attempt(opdef.kernel, *case.operands())[0], written[0])


@over(OPS)
def test_positions_are_those_of_numpy(opdef: OpDef) -> None:
    """Our parameters stand where NumPy's do, under the names that the spelling gives them."""
    ours = [p.name for p in opdef.schema.parameters if not (p.keyword_only or p.variadic)]
    for spelling in opdef.spellings:
        root, _, name = spelling.name.partition(".")
        if root in OWNERS or spelling.gather is not None:
            continue
        try:
            theirs = inspect.signature(_resolve(root, name)).parameters.values()
        except ValueError:
            continue
        listed = [p for p in theirs if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        order = list(spelling.order or ours)
        if opdef.schema.variadic is not None or any(p.kind is p.VAR_POSITIONAL for p in theirs):
            continue
        for mine, p in zip(order, listed, strict=False):
            if mine != "-" and p.kind is p.POSITIONAL_OR_KEYWORD:
                assert spelling.rename.get(p.name, p.name) == mine, (spelling.name, p.name)
        # A function written in C may take more by position than its signature says.
        assert len(order) <= len(theirs), spelling.name
        keywords = {spelling.rename.get(p.name, p.name) for p in theirs} | {"x"}
        if not any(p.kind is p.VAR_KEYWORD for p in theirs):
            assert {p.name for p in opdef.schema.parameters} - set(spelling.defaults) <= (
                keywords | set(order)
            ), spelling.name


@over(OPS)
def test_defaults_are_those_of_numpy(opdef: OpDef) -> None:
    for spelling in opdef.spellings:
        root, _, name = spelling.name.partition(".")
        if root in OWNERS:
            continue
        try:
            theirs = inspect.signature(_resolve(root, name)).parameters
        except ValueError:
            continue
        ours = {p.name: p.default for p in opdef.schema.parameters} | dict(spelling.defaults)
        for p in theirs.values():
            default = ours.get(spelling.rename.get(p.name, p.name), REQUIRED)
            if default is REQUIRED or p.default in (p.empty, None) or "no value" in str(p.default):
                continue
            if default is None and isinstance(p.default, type):
                continue  # a dtype that None stands for
            assert default == p.default, (spelling.name, p.name)


# --- types ----------------------------------------------------------------------------------------


@over(OPS)
@over_samples
def test_inferred_types_hold(case: Case) -> None:
    for how in ("constants", "typed", "general"):
        check_types(case, how)


def check_types(case: Case, how: str) -> None:
    opdef, operands = case.opdef, case.operands()
    outcome = attempt(opdef.kernel, *copied(operands))
    _, results, refusal = inferred(opdef, operands, how)
    if refusal:
        allowed = outcome[1] is not None or (how != "constants" and "needs a constant" in refusal)
        assert allowed or (how == "general" and opdef.name in NEEDS_TYPES), refusal
        return
    if outcome[1] is not None:
        return
    (result,) = results
    assert holds(result, outcome[0]), (str(result), outcome[0])


def holds(type_: Type, value: Any) -> bool:
    if isinstance(type_, TupleType) and isinstance(value, tuple):
        value = tuple(value)  # NumPy returns some as named tuples
    return type_holds(type_, value)


@over(map(REGISTRY.__getitem__, ["sin", "maximum", "where", "sum", "mean", "concat", "stack"]))
@over_samples
def test_array_types_are_exact(case: Case) -> None:
    """With types of arrays known, so are the dtypes of results that NumPy's rules give."""
    operands = case.operands()
    if case.sample().raises is not None or not all(map(is_solid, operands)):
        return  # raises, or has lists
    (result,) = inferred(case.opdef, operands, "constants")[1]
    assert isinstance(result, TensorType)
    assert result.dtype is not None
    assert result.shape is not None
    assert None not in result.shape


def is_solid(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(is_solid, value))
    return not isinstance(value, list)


# --- declarations and traits ----------------------------------------------------------------------


@over(OPS)
def test_declaration_is_complete(opdef: OpDef) -> None:
    assert opdef.doc.endswith(".")
    assert opdef.samples is not None
    assert list(opdef.samples())
    assert opdef.spellings
    assert any(s.write for s in opdef.spellings)
    assert REGISTRY[opdef.name] is opdef


def memory(value: Any) -> list[np.ndarray]:
    """Return the arrays that a value consists of."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, list | tuple):
        return [array for part in value for array in memory(part)]
    return []


@over(OPS)
@over_samples
def test_traits_are_true(case: Case) -> None:
    opdef, operands = case.opdef, case.operands()
    before = copied(operands)
    np.random.seed(0)  # noqa: NPY002 - what the operations draw from
    outcome = attempt(opdef.kernel, *operands)
    if Trait.TOTAL in opdef.traits:
        assert outcome[1] is None
    if outcome[1] is not None:
        return
    fresh = Trait.FRESH in opdef.traits and isinstance(outcome[0], np.ndarray)
    if Trait.VIEW not in opdef.traits or fresh:
        for result in memory(outcome[0]):
            assert not any(np.shares_memory(result, x) for x in memory(operands))
    if Trait.WRITES in opdef.traits:
        assert same(operands[1:], before[1:])
        assert Trait.PURE not in opdef.traits
    else:
        assert same(operands, before)
    if Trait.PURE in opdef.traits:
        assert not opdef.traits & {Trait.WRITES, Trait.EFFECT}
        assert same(attempt(opdef.kernel, *operands)[0], outcome[0])
    if Trait.COMMUTATIVE in opdef.traits:
        swapped = attempt(opdef.kernel, *reversed(operands))
        assert same(swapped[0], outcome[0])
    if Trait.METADATA in opdef.traits:
        for array in memory(operands):
            if array.flags.writeable:
                array[...] = 0
        assert same(attempt(opdef.kernel, *operands)[0], outcome[0])


def test_writes_change_the_first_operand() -> None:
    for opdef in OPS:
        if Trait.WRITES not in opdef.traits:
            continue
        changed = False
        for case in cases([opdef]):
            operands = case.operands()
            before = copied(operands[0])
            attempt(opdef.kernel, *operands)
            changed = changed or not same(operands[0], before)
        assert changed, opdef.name


def test_views_share_memory_in_some_sample() -> None:
    for opdef in OPS:
        if Trait.VIEW not in opdef.traits or Trait.WRITES in opdef.traits:
            continue
        shares = False
        for case in cases([opdef]):
            operands = case.operands()
            outcome = attempt(opdef.kernel, *operands)
            shares = shares or any(
                np.shares_memory(result, x)
                for result in memory(outcome[0])
                for x in memory(operands)
            )
        assert shares, opdef.name
