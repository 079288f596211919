"""Registration checks, `state_dict` and its loading. Used by `Module` only."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

if TYPE_CHECKING:
    from scriptc.nn.module import Module


def raise_not_initialised(module: "Module", action: str) -> NoReturn:
    """Says that `super().__init__()` has not run yet."""
    name = type(module).__name__
    raise AttributeError(
        f"{name} {action} before Module.__init__() has run; "
        f"call super().__init__() first in {name}.__init__"
    )


def raise_wrong_kind(module: "Module", name: str, kind: str, value: object) -> NoReturn:
    """Says that a registered name cannot hold `value`."""
    wanted = "a scriptc.nn.Module or None" if kind == "module" else "a numpy.ndarray or None"
    raise TypeError(
        f"cannot assign {type(value).__name__} as {kind} {name!r} of "
        f"{type(module).__name__}; it takes {wanted} (del it first to use the name anew)"
    )


def has_setter(owner: type, name: str) -> bool:
    """Whether the class handles assignments to `name` itself (a property)."""
    return hasattr(getattr(owner, name, None), "__set__")


def is_plain(module: "Module", name: str) -> bool:
    """Whether a name that is not registered is an attribute all the same, so that it stays one."""
    return name in module.__dict__ or hasattr(type(module), name)


def as_array(module: "Module", name: str, kind: str, value: Any) -> np.ndarray | None:
    """The array to store; NumPy's scalars, which 0-d arithmetic gives, included."""
    if value is None or isinstance(value, np.ndarray):
        return value
    if isinstance(value, np.generic):
        return np.asarray(value)
    raise_wrong_kind(module, name, kind, value)


def check_new_name(module: "Module", name: str, kind: str, own: Mapping[str, object]) -> None:
    """Checks a name that is about to be registered; `own` may hold it already."""
    if "_parameters" not in module.__dict__:
        raise_not_initialised(module, f"registers {kind} {name!r}")
    where = type(module).__name__
    if not isinstance(name, str):
        raise TypeError(f"a {kind} name of {where} is a str, not {type(name).__name__}")
    if not name:
        raise KeyError(f"a {kind} name of {where} cannot be empty")
    if "." in name:
        raise KeyError(f"the {kind} name {name!r} of {where} cannot hold a dot; use '_'")
    if name not in own and hasattr(module, name):
        raise KeyError(f"{where} already has an attribute {name!r}; choose another {kind} name")


def named_state(module: "Module", prefix: str) -> Iterator[tuple[str, np.ndarray]]:
    """Parameters and persistent buffers of the tree, shared ones each time."""
    for name, array in module._parameters.items():
        if array is not None:
            yield prefix + name, array
    for name, array in module._buffers.items():
        if array is not None and name not in module._non_persistent_buffers_set:
            yield prefix + name, array
    for name, child in module._modules.items():
        if child is not None:
            yield from child.state_dict(prefix=f"{prefix}{name}.").items()


def load(module: "Module", state: Mapping[str, Any], strict: bool) -> tuple[list[str], list[str]]:
    """Checks all of `state`, then copies it; missing and unexpected names."""
    if not isinstance(state, Mapping):
        raise TypeError(f"load_state_dict() takes a mapping, not {type(state).__name__}")
    own = module.state_dict()
    missing = [name for name in own if name not in state]
    unexpected = [name for name in state if name not in own]
    values = {name: np.asarray(value) for name, value in state.items() if name in own}
    problems = [
        f"{name}: {reason}"
        for name, value in values.items()
        if (reason := misfit(value, own[name])) is not None
    ]
    if strict and unexpected:
        problems.append("unexpected keys: " + ", ".join(map(str, unexpected)))
    if strict and missing:
        problems.append("missing keys: " + ", ".join(missing))
    if problems:
        raise ValueError(
            f"cannot load the state of {type(module).__name__}; nothing was changed:\n  "
            + "\n  ".join(problems)
        )
    for name, value in values.items():
        np.copyto(own[name], value, casting="same_kind")
    return missing, unexpected


def misfit(value: np.ndarray, target: np.ndarray) -> str | None:
    """Why `value` cannot be copied into `target`, if it cannot."""
    if value.shape != target.shape:
        return f"the state has shape {value.shape}, the module {target.shape}"
    if not np.can_cast(value.dtype, target.dtype, casting="same_kind"):
        return f"the state has dtype {value.dtype}, which does not convert to {target.dtype}"
    if not target.flags.writeable:
        return "the module's array is read-only; assign a writable copy first"
    return None
