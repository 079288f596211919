"""Random numbers of NumPy's global generator: a script draws from the stream that Python sees.

Each draws, so it is an effect: none is left out, moved or computed beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import EFFECT, WRITES, Args, OpDef, RuleError, op, sample
from scriptc.ir.ops.rules import array_like_type, broadcast_shapes, dtype_of, shape_operand
from scriptc.ir.ops.samples import matrix, tried
from scriptc.ir.types import FLOAT, INT, NONE, ListType, TensorType, TupleType, Type, is_optional


def _gives_one(args: Args) -> bool:
    """Tell whether `size` is left out; raises `RuleError` if that is not certain."""
    size = args["size"]
    if is_optional(size):
        raise RuleError(
            f"`{args.schema.name}` gives a number if `size` is None, and an array otherwise",
            "test it first: `if size is not None:`",
        )
    return size == NONE


def _number_or_array(args: Args, names: Sequence[str], number: Type, dtype: str | None) -> Type:
    """Return the type of a draw without `size`: a number for numbers, an array for arrays."""
    types = [args[name] for name in names]
    shape = broadcast_shapes(*(array_like_type(t).shape for t in types))
    if shape is None and not any(isinstance(t, ListType | TupleType) for t in types):
        raise RuleError(
            f"`{args.schema.name}` gives a number or an array, by what it is called with",
            "pass `size=`, or Python numbers",
        )
    return number if shape == () else TensorType(dtype, shape)


def _drawn(names: Sequence[str], number: Type, dtype: str) -> Callable[[Args], Type]:
    """Make the rule of a draw: a Python number without `size` and arrays, an array with them."""

    def infer(args: Args) -> Type:
        if _gives_one(args):
            return _number_or_array(args, names, number, dtype)
        return TensorType(dtype, shape_operand(args, "size"))

    return infer


def drawing(name: str) -> Callable[..., Any]:
    """Return the kernel for a function of `numpy.random`, looked up when it runs.

    NumPy imports that package at its first use, and that takes a while.
    """

    def draw(*operands: Any) -> Any:
        return getattr(np.random, name)(*operands)

    return draw


def _distribution(
    name: str,
    parameters: str,
    doc: str,
    samples: list[tuple[Any, ...]],
    number: Type = FLOAT,
) -> OpDef:
    """Declare a distribution; `parameters` are written `loc=0.0 scale=1.0`.

    `number` is what one draw gives: a `float` or an `int`.
    """
    names = tuple(p.partition("=")[0] for p in parameters.split())
    listed = ", ".join(
        f"{p.partition('=')[0]}: ArrayLike" + (f" = {p.partition('=')[2]}" if "=" in p else "")
        for p in parameters.split()
    )
    return op(
        f"random_{name}({listed + ', ' if listed else ''}size: int | ints | None = None)",
        doc=doc,
        infer=_drawn(names, number, "float64" if number == FLOAT else "int64"),
        kernel=drawing(name),
        traits=(EFFECT,),
        spellings=(f"numpy.random.{name}",),
        samples=lambda: [
            sample(*args, size=size) for args in samples for size in (None, 3, (2, 2), (0,), ())
        ],
    )


# --- whole numbers, choices, orders ---------------------------------------------------------------


def _randint_type(args: Args) -> Type:
    dtype = dtype_of(args, default="int64")
    if not _gives_one(args):
        return TensorType(dtype, shape_operand(args, "size"))
    names = ["low"] if args["high"] == NONE else ["low", "high"]
    if args["dtype"] == NONE:
        return _number_or_array(args, names, INT, dtype)
    drawn = _number_or_array(args, names, TensorType(dtype, ()), dtype)
    if drawn == TensorType(dtype, ()):
        if dtype is None:
            raise RuleError("`random_randint` needs a constant as `dtype` here")
        if dtype in ("bool", "int64"):
            raise RuleError(
                f"`random_randint` gives a Python number for `{dtype.rstrip('64')}`, and a NumPy "
                f"scalar for `np.{dtype}`; in a script the two are the same dtype",
                "pass `size=`, or leave `dtype` out",
            )
    return drawn


def _randint(low: Any, high: Any, size: Any, dtype: Any) -> Any:
    return np.random.randint(low, high, size, int if dtype is None else dtype)  # noqa: NPY002 - it is what the program calls


def _choice_type(args: Args) -> Type:
    a = args["a"]
    elements = array_like_type(a)
    if not _gives_one(args):
        number = elements.shape == ()
        return TensorType("int64" if number else _certain(elements), shape_operand(args, "size"))
    if elements.shape is None:
        raise RuleError(
            "`random_choice` gives an int for a number, and an element of an array",
            "pass `size=`, or annotate the rank of the array",
        )
    return INT if elements.shape == () else TensorType(elements.dtype, ())


def _certain(elements: TensorType) -> str | None:
    """Return the dtype of a choice out of an array; one of a number would be `int64`."""
    return elements.dtype if elements.shape is not None or elements.dtype == "int64" else None


def _permutation_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    if x.shape == ():
        return TensorType("int64", (args.constant("x"),) if _is_size(args) else (None,))
    return TensorType(_certain(x), x.shape)


def _is_size(args: Args) -> bool:
    value = args.constant("x")
    return type(value) is int and value >= 0


def _sizes_type(args: Args) -> Type:
    sizes = args.constants
    if not sizes:
        return FLOAT
    return TensorType("float64", tuple(s if type(s) is int and s >= 0 else None for s in sizes))


def _of_sizes(name: str, doc: str) -> OpDef:
    return op(
        f"random_{name}(*sizes: int)",
        doc=doc,
        infer=_sizes_type,
        kernel=drawing(name),
        traits=(EFFECT,),
        spellings=(f"numpy.random.{name}",),
        samples=lambda: [
            sample(), sample(3), sample(2, 3), sample(0, 2), sample(-1, raises=ValueError),
            sample(np.int64(2)),
        ],
    )  # fmt: skip


def _vectors_type(dtype: str, name: str) -> Callable[[Args], Type]:
    """Make the rule of a draw of vectors that are as long as the operand `name`."""

    def infer(args: Args) -> Type:
        shape = array_like_type(args[name]).shape
        length = None if shape is None or len(shape) != 1 else shape[0]
        if _gives_one(args):
            return TensorType(dtype, (length,))
        lead = shape_operand(args, "size")
        return TensorType(dtype, None if lead is None else (*lead, length))

    return infer


def _seed(seed: Any) -> None:
    np.random.seed(seed)  # noqa: NPY002 - it is what the program calls


OPS: tuple[OpDef, ...] = (
    op(
        "random_seed(seed: int | ints | None = None)",
        doc="Starts the stream of random numbers anew.",
        infer=lambda args: NONE,
        kernel=_seed,
        traits=(EFFECT,),
        spellings=("numpy.random.seed",),
        samples=lambda: [sample(0), sample(7), sample(-1, raises=ValueError)],
    ),
    _distribution("random", "", "Numbers in [0, 1), all equally likely.", [()]),
    _distribution("random_sample", "", "Numbers in [0, 1), all equally likely.", [()]),
    _distribution(
        "uniform", "low=0.0 high=1.0", "Numbers in [low, high), all equally likely.",
        [(), (-1.0, 2.0), (1, 2)],
    ),
    _distribution(
        "normal", "loc=0.0 scale=1.0", "Numbers of a normal distribution: its mean and deviation.",
        [(), (1.0, 0.5), (0, 2)],
    ),
    _distribution("standard_normal", "", "Numbers of a normal distribution of deviation 1.", [()]),
    _distribution(
        "exponential", "scale=1.0", "Numbers of an exponential distribution of this mean.",
        [(), (2.0,)],
    ),
    _distribution("ranf", "", "Numbers in [0, 1), all equally likely.", [()]),
    _distribution("sample", "", "Numbers in [0, 1), all equally likely.", [()]),
    _of_sizes("rand", "Numbers in [0, 1), all equally likely, in an array of these sizes."),
    _of_sizes("randn", "Numbers of a normal distribution of deviation 1, in an array."),
    _distribution("standard_exponential", "", "Numbers of an exponential distribution.", [()]),
    _distribution("standard_gamma", "shape", "Numbers of a gamma distribution.", [(2.0,)]),
    _distribution(
        "gamma", "shape scale=1.0", "Numbers of a gamma distribution.", [(2.0,), (1, 0.5)]
    ),
    _distribution("beta", "a b", "Numbers of a beta distribution.", [(2.0, 1), (0.5, 0.5)]),
    _distribution("chisquare", "df", "Numbers of a chi-squared distribution.", [(3,)]),
    _distribution("standard_t", "df", "Numbers of Student's distribution.", [(3.0,)]),
    _distribution("standard_cauchy", "", "Numbers of a Cauchy distribution.", [()]),
    _distribution(
        "laplace", "loc=0.0 scale=1.0", "Numbers of a Laplace distribution.", [(), (1, 2)]
    ),
    _distribution("logistic", "loc=0.0 scale=1.0", "Numbers of a logistic distribution.", [()]),
    _distribution("gumbel", "loc=0.0 scale=1.0", "Numbers of a Gumbel distribution.", [()]),
    _distribution(
        "lognormal", "mean=0.0 sigma=1.0", "Numbers whose logarithms are normally distributed.",
        [(), (1.0, 0.5)],
    ),
    _distribution("rayleigh", "scale=1.0", "Numbers of a Rayleigh distribution.", [(), (2,)]),
    _distribution("weibull", "a", "Numbers of a Weibull distribution.", [(1.5,)]),
    _distribution("pareto", "a", "Numbers of a Pareto distribution.", [(3.0,)]),
    _distribution(
        "triangular", "left mode right", "Numbers of a triangular distribution.", [(-1, 0, 2.0)]
    ),
    _distribution(
        "binomial", "n p", "How many of n trials succeed, each with probability p.",
        [(5, 0.5), (0, 1.0)], INT,
    ),
    _distribution("poisson", "lam=1.0", "Numbers of a Poisson distribution.", [(), (3.5,)], INT),
    _distribution(
        "geometric", "p", "How many trials it takes to succeed, each with probability p.",
        [(0.5,)], INT,
    ),
    op(
        "random_randint(low: ArrayLike, high: ArrayLike | None = None, "
        "size: int | ints | None = None, dtype: dtype | None = None)",
        doc="Whole numbers in [low, high), or in [0, low), all equally likely.",
        infer=_randint_type,
        kernel=_randint,
        traits=(EFFECT,),
        spellings=("numpy.random.randint",),
        samples=lambda: [
            sample(5), sample(-2, 9), sample(np.int64(3)), sample(np.array(4)), sample(3, size=4),
            sample(0, 256, (2, 2), np.dtype("uint8")), sample(5, dtype=np.dtype("int32")),
            sample(np.array([3, 4]), dtype=np.dtype("int8")), sample([1, 2], [[3], [4]]),
            sample(5, size=()), sample(0, raises=ValueError), sample(300, None, 2,
            np.dtype("uint8"), raises=ValueError), sample(2, size=3, dtype=np.dtype("bool")),
            sample(5, None, (2, 0), np.dtype("int64")),
        ],
    ),
    op(
        "random_choice(a: ArrayLike, size: int | ints | None = None, replace: bool = True, "
        "p: ArrayLike | None = None)",
        doc="Elements of a vector, or numbers below `a`, drawn with these probabilities.",
        infer=_choice_type,
        kernel=drawing("choice"),
        traits=(EFFECT,),
        spellings=("numpy.random.choice",),
        samples=lambda: [
            tried(np.random.choice, *args)
            for args in (
                (5,), (5, 3), (np.int64(5),), (np.array(5), (2, 2)), (np.array([0.5, 1.5]),),
                (np.array([1, 2, 3], "int8"), 2, False), ([1, 2, 3],), ((1.0, 2.0), 3),
                (3, 2, True, [0.5, 0.5, 0.0]), (np.arange(3.0), ()), (matrix(),), (3, 5, False),
                (2.5,), (np.zeros(0),), (2, None, True, np.array([0.0, 1.0])),
            )
        ],
    ),
    op(
        "random_permutation(x: ArrayLike)",
        doc="The rows of an array in a random order, or the numbers below `x`; a copy.",
        infer=_permutation_type,
        kernel=drawing("permutation"),
        traits=(EFFECT,),
        spellings=("numpy.random.permutation",),
        samples=lambda: [
            tried(np.random.permutation, x)
            for x in (5, np.int64(3), np.arange(4.0), matrix(), [1, 2, 3], (1, 2), 0, 2.5,
                      np.zeros((0, 2)), np.array(3), -1)
        ],
    ),
    op(
        "random_shuffle(x: Array | list)",
        doc="Puts the rows of an array, or the elements of a list, into a random order.",
        infer=lambda args: NONE,
        kernel=drawing("shuffle"),
        traits=(WRITES, EFFECT),
        spellings=("numpy.random.shuffle",),
        samples=lambda: [
            tried(np.random.shuffle, x)
            for x in (np.arange(5.0), matrix(), matrix("int8").T, [1, 2, 3], [[1], [2]],
                      np.zeros(0), np.array(2.0), ["a", "b", "c"])
        ],
    ),
    op(
        "random_multinomial(n: int, pvals: ArrayLike, size: int | ints | None = None)",
        doc="How often each of several outcomes occurs in n trials.",
        infer=_vectors_type("int64", "pvals"),
        kernel=drawing("multinomial"),
        traits=(EFFECT,),
        spellings=("numpy.random.multinomial",),
        samples=lambda: [
            tried(np.random.multinomial, *args)
            for args in ((5, [0.5, 0.5]), (3, np.array([0.2, 0.3, 0.5]), 2), (3, (0.5, 0.5),
                         (2, 2)), (1, [0.9, 0.9]))
        ],
    ),
    op(
        "random_multivariate_normal(mean: ArrayLike, cov: ArrayLike, "
        "size: int | ints | None = None)",
        doc="Vectors of a normal distribution with these means and covariances.",
        infer=_vectors_type("float64", "mean"),
        kernel=drawing("multivariate_normal"),
        traits=(EFFECT,),
        spellings=("numpy.random.multivariate_normal",),
        samples=lambda: [
            tried(np.random.multivariate_normal, *args)
            for args in (([0.0, 1.0], np.eye(2)), (np.zeros(2), [[2.0, 0.5], [0.5, 1.0]], 3),
                         ((0.0, 0.0), np.eye(2), (2, 2)), ([0.0], np.eye(2)))
        ],
    ),
)  # fmt: skip
