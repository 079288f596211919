"""Modules that hold modules."""

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self, overload

from scriptc.nn import _walk
from scriptc.nn.module import Module


def _position(owner: Module, index: int) -> int:
    """A position from zero on.

    Raises:
        IndexError: there is no such position.
    """
    size = len(owner._modules)
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of range for {type(owner).__name__} of {size}")
    return index % size


def _key(owner: Module, index: int) -> str:
    """The name at a position."""
    return list(owner._modules)[_position(owner, index)]


def _renumber(owner: Module, modules: Iterable[Module | None]) -> None:
    """Gives `owner` the modules under the names 0, 1, 2..."""
    owner.__dict__["_modules"] = {str(i): module for i, module in enumerate(modules)}


class Sequential(Module):
    """Calls its modules one after the other, each on the result of the last.

    Args:
        modules: the modules, named 0, 1, 2...; or one mapping of names to modules.
    """

    _modules: dict[str, Module]  # type: ignore[assignment]  # narrower on purpose

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.register_module(name, module)
            return
        for i, entry in enumerate(modules):
            if not isinstance(entry, Module):
                raise TypeError(
                    f"Sequential takes modules or one mapping of them; "
                    f"argument {i} is {type(entry).__name__}"
                )
            self.register_module(str(i), entry)

    def forward(self, x: Any) -> Any:
        """Passes `x` through all modules in order."""
        for module in self:
            x = module(x)
        return x

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __len__(self) -> int:
        return len(self._modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> "Sequential": ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return Sequential(dict(list(self._modules.items())[index]))
        return self._modules[_key(self, index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, _key(self, index), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        del modules[index]
        _renumber(self, modules)

    def append(self, module: Module) -> Self:
        """Adds a module at the end."""
        self.register_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Adds modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Puts a module before position `index` and renumbers all."""
        modules = list(self)
        modules.insert(index, module)
        _renumber(self, modules)
        return self


class ModuleList(Module):
    """A list whose modules are registered under the names 0, 1, 2..."""

    _modules: dict[str, Module]  # type: ignore[assignment]  # narrower on purpose

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __len__(self) -> int:
        return len(self._modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> "ModuleList": ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return ModuleList(list(self)[index])
        return self._modules[str(_position(self, index))]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, str(_position(self, index)), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        del modules[index]
        _renumber(self, modules)

    def __add__(self, other: Iterable[Module]) -> "ModuleList":
        return ModuleList([*self, *other])

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)

    def append(self, module: Module) -> Self:
        """Adds a module at the end."""
        self.register_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Adds modules at the end."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Puts a module before position `index` and renumbers all."""
        modules = list(self)
        modules.insert(index, module)
        _renumber(self, modules)

    def pop(self, index: int = -1) -> Module:
        """Takes out the module at `index` and returns it."""
        module = self[index]
        del self[index]
        return module

    def __repr__(self) -> str:
        return _walk.draw_list(self)


class ModuleDict(Module):
    """A dictionary whose modules are registered under its keys."""

    _modules: dict[str, Module]  # type: ignore[assignment]  # narrower on purpose

    def __init__(
        self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None
    ) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.register_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._modules.values()

    def items(self) -> ItemsView[str, Module]:
        """Names and modules."""
        return self._modules.items()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Adds or replaces modules."""
        for key, module in dict(modules).items():
            self[key] = module

    def pop(self, key: str) -> Module:
        """Takes out the module `key` and returns it."""
        return self._modules.pop(key)

    def clear(self) -> None:
        """Takes out all modules."""
        self._modules.clear()
