"""Tracing a function, a module, or a method of one, from its example inputs to a program."""

from __future__ import annotations

import functools
import inspect
import threading
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from scriptc.frontend.compiler import MAX_RESTARTS, Compiled, RestartError
from scriptc.frontend.dialects.tables import numpy_dialect
from scriptc.frontend.objects import vars_of
from scriptc.frontend.tracing.arguments import Arguments
from scriptc.frontend.tracing.interception import listening, replacing, targets
from scriptc.frontend.tracing.modules import Tracer
from scriptc.frontend.tracing.places import trace_error
from scriptc.frontend.tracing.state import Snapshot
from scriptc.frontend.tracing.values import is_traced
from scriptc.ir.diagnostic import ArgumentError, InternalError
from scriptc.ir.graph import Function
from scriptc.ir.types import Type

Hook = Callable[[Tracer | None], AbstractContextManager[None]]
"""Makes modules call the tracer's hook, or none, while it lasts."""


def trace_call(
    function: Callable[..., Any],
    module: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    hook: Hook,
    libraries: Sequence[types.ModuleType] = (),
) -> Compiled:
    """Run a function, or a method of `module`, on recording values; return the program.

    `libraries` are modules of scriptc whose functions are composites. Raises `TraceError` for what
    cannot be recorded, and whatever the function raises. The module is left as it was.
    """
    overrides: dict[tuple[str, str], Type] = {}
    for _ in range(MAX_RESTARTS):
        owner = getattr(function, "__self__", None) if module is None else module
        snapshot = Snapshot(owner)
        tracer = Tracer(lambda: _heard(None, hook), overrides)
        try:
            made = _run(tracer, function, module, args, kwargs, hook, libraries)
            _check_state(owner if module is None else None, snapshot)
        except RestartError:
            continue
        finally:
            snapshot.restore()
        tracer.objects.fill()
        return made
    raise InternalError("the types of attributes do not settle")


@contextmanager
def _heard(tracer: Tracer | None, hook: Hook) -> Iterator[None]:
    token = listening.set(None if tracer is None else (threading.get_ident(), tracer))
    try:
        with hook(tracer):
            yield
    finally:
        listening.reset(token)


def _run(
    tracer: Tracer,
    function: Callable[..., Any],
    module: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    hook: Hook,
    libraries: Sequence[types.ModuleType],
) -> Compiled:
    name = _name(function)
    first = [] if module is None else [module]
    bound = _bound(function, [*first, *args], kwargs)
    if module is None:
        origin = f"{getattr(function, '__module__', None) or '__main__'}.{name}"
        made, root = Function(name, origin=origin), None
    else:
        root = tracer.objects.instance(module)
        definition = tracer.objects.info(module).definition
        made = Function(f"{definition.name}.{name}", origin=f"{definition.origin}.{name}")
        tracer.watch(module)
    replaced = replacing(targets(numpy_dialect().functions(), libraries))
    with tracer.recording(made) as frame, _heard(tracer, hook), replaced:
        if root is not None:
            frame.receivers.append((module, made.body.add_argument(definition.type, "self")))
        arguments = Arguments(tracer, made, public=True)
        arguments.give(bound, skip=len(first))
        result = function(*bound.args, **bound.kwargs)
        arguments.check()
        tracer.finish(result)
    tracer.add(made)
    if module is not None:
        definition.methods[name] = made.name
    return Compiled(tracer.program, made.name, root)


def _check_state(owner: Any, snapshot: Snapshot) -> None:
    """Raise `TraceError` for state that the run changed and the trace did not see."""
    changed = snapshot.changed_container()
    if changed:
        raise trace_error(
            f"a change of the list, dict or set `{changed}`", "assign a new one, or an array"
        )
    for name, value in vars_of(owner).items():
        if is_traced([value]):
            raise trace_error(
                f"the assignment of `{name}` of a {type(owner).__name__}",
                "make the object a scriptc.nn.Module, whose state is kept",
            )


def _name(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    name: str = getattr(function, "__name__", type(function).__name__)
    return name if name.isidentifier() else name.strip("<>") + "_"


def _bound(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Return the example inputs by the names of the parameters that take them."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a built-in function
        kind = inspect.Parameter.POSITIONAL_ONLY
        signature = inspect.Signature(
            [inspect.Parameter(f"input_{i}", kind) for i in range(len(args))]
        )
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(
            f"the example inputs do not fit {_name(function)}{signature}: {error}"
        ) from None
