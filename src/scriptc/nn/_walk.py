"""Walks over a tree of modules, and its picture. Used by `Module` only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scriptc.nn.module import Module


def named_modules(
    module: "Module", memo: "set[Module]", prefix: str, unique: bool
) -> "Iterator[tuple[str, Module]]":
    """`module` and all below it; `memo` holds those that were seen."""
    if module in memo:
        return
    if unique:
        memo.add(module)
    yield prefix, module
    for name, child in module._modules.items():
        if child is not None:
            path = f"{prefix}.{name}" if prefix else name
            yield from child.named_modules(memo, path, unique)


def named_children(module: "Module") -> "Iterator[tuple[str, Module]]":
    """The direct submodules, each once."""
    seen: set[Module] = set()
    for name, child in module._modules.items():
        if child is not None and child not in seen:
            seen.add(child)
            yield name, child


def named_arrays(
    module: "Module", kind: str, prefix: str, recurse: bool, unique: bool
) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays that the modules hold in their dictionary `kind`.

    Arrays are told apart by identity: two views of one memory are two arrays.
    """
    if recurse:
        owners = module.named_modules(prefix=prefix, remove_duplicate=unique)
    else:
        owners = iter([(prefix, module)])
    seen: set[int] = set()
    for path, owner in owners:
        arrays: dict[str, np.ndarray | None] = getattr(owner, kind)
        for name, array in arrays.items():
            if array is None or id(array) in seen:
                continue
            if unique:
                seen.add(id(array))
            yield (f"{path}.{name}" if path else name), array


def get_submodule(module: "Module", target: str) -> "Module":
    """Follows a dotted path, and says which step of it fails."""
    if not target:
        return module
    here = module
    for step in target.split("."):
        if step not in here._modules:
            names = ", ".join(here._modules) or "none"
            raise AttributeError(
                f"no submodule {target!r} in {type(module).__name__}: "
                f"{type(here).__name__} has no submodule {step!r} (it has: {names})"
            )
        child = here._modules[step]
        if child is None:
            raise AttributeError(f"submodule {step!r} of {type(here).__name__} is None")
        here = child
    return here


def indent(text: str) -> str:
    """Moves all lines but the first two columns to the right."""
    return text.replace("\n", "\n  ")


def draw(module: "Module") -> str:
    """The picture of a module and all below it, as PyTorch draws it."""
    extra = module.extra_repr()
    children = [f"({name}): {indent(repr(child))}" for name, child in module._modules.items()]
    return frame(module._get_name(), extra.split("\n") if extra else [], children)


def draw_list(module: "Module") -> str:
    """The picture of a list of modules; runs of those that print alike are drawn once."""
    runs: list[tuple[int, int, str]] = []
    for i, child in enumerate(module._modules.values()):
        text = repr(child)
        if runs and runs[-1][2] == text:
            runs[-1] = (runs[-1][0], i, text)
        else:
            runs.append((i, i, text))
    lines = []
    for first, last, text in runs:
        if first == last:
            lines.append(f"({first}): {indent(text)}")
        else:
            lines.append(f"({first}-{last}): {last - first + 1} x {indent(text)}")
    return frame(module._get_name(), [], lines)


def frame(title: str, extra: list[str], children: list[str]) -> str:
    """Puts lines between the brackets of `title(...)`."""
    if len(extra) == 1 and not children:
        return f"{title}({extra[0]})"
    lines = [*extra, *children]
    if not lines:
        return f"{title}()"
    return f"{title}(\n  " + "\n  ".join(lines) + "\n)"
