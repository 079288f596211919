"""Random numbers of NumPy's global generator: a script draws from the stream that Python sees.

Each draws, so it is an effect: none is left out, moved or computed beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import EFFECT, Args, OpDef, RuleError, op, sample
from scriptc.ir.ops.rules import array_like_type, broadcast_shapes, shape_operand
from scriptc.ir.types import FLOAT, INT, NONE, TensorType, Type, is_optional


def _drawn(parameters: tuple[str, ...]) -> Callable[[Args], Type]:
    """Make the rule of a draw: a Python number without `size` and arrays, an array with them."""

    def infer(args: Args) -> Type:
        size = args["size"]
        if size == NONE:
            types = [args[name] for name in parameters]
            if all(t in (INT, FLOAT) for t in types):
                return FLOAT
            shapes = [array_like_type(t).shape for t in types]
            shape = broadcast_shapes(*shapes)
            if shape is None or shape == ():
                raise RuleError(
                    f"`{args.schema.name}` gives a number or an array, by what it is called with",
                    "pass `size=`, or Python numbers",
                )
            return TensorType("float64", shape)
        if is_optional(size):
            raise RuleError(
                f"`{args.schema.name}` gives a number if `size` is None, and an array otherwise",
                "test it first: `if size is not None:`",
            )
        return TensorType("float64", shape_operand(args, "size"))

    return infer


def _distribution(name: str, parameters: str, doc: str, samples: list[tuple[Any, ...]]) -> OpDef:
    """Declare a distribution of real numbers; `parameters` are written `loc=0.0 scale=1.0`."""
    names = tuple(p.partition("=")[0] for p in parameters.split())
    listed = ", ".join(
        f"{p.partition('=')[0]}: ArrayLike" + (f" = {p.partition('=')[2]}" if "=" in p else "")
        for p in parameters.split()
    )
    function: Callable[..., Any] = getattr(np.random, name)
    return op(
        f"random_{name}({listed + ', ' if listed else ''}size: int | ints | None = None)",
        doc=doc,
        infer=_drawn(names),
        kernel=function,
        traits=(EFFECT,),
        spellings=(f"numpy.random.{name}",),
        samples=lambda: [
            sample(*args, size=size) for args in samples for size in (None, 3, (2, 2), (0,))
        ],
    )


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
)  # fmt: skip
