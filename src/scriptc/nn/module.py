"""`Module`: the base class of everything that has parameters.

Names and meanings follow `torch.nn.Module`. What a module registers lives in
three dictionaries, `_parameters`, `_buffers` and `_modules`, and reads as a
plain `numpy.ndarray` or as the submodule.
"""

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from scriptc.nn import _state, _walk
from scriptc.nn.parameter import Buffer, Parameter


class TraceHook(Protocol):
    """What a tracer installs in `tracing` to see the modules at work."""

    def call_module(self, module: "Module", args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Stands in for `module.forward(*args, **kwargs)`."""

    def call_scripted(
        self, object_: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Stands in for `run(*args, **kwargs)`, a call of a compiled function or module."""

    def read_attribute(self, module: "Module", name: str, value: np.ndarray) -> Any:
        """What reading the parameter or buffer `name`, now `value`, gives."""

    def write_attribute(self, module: "Module", name: str, value: Any) -> bool:
        """Offers an assignment; true when the hook has taken care of it."""


tracing: ContextVar[TraceHook | None] = ContextVar("scriptc.nn.tracing", default=None)
"""The hook of this thread or task, or None (the ordinary case)."""

_hook = tracing.get
_set_plain = object.__setattr__


class LoadResult(NamedTuple):
    """What `Module.load_state_dict` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base class of layers and models.

    A subclass calls `super().__init__()`, assigns its parameters, buffers and
    submodules to `self`, and defines `forward`. Calling the module runs
    `forward`. Assignment registers by the type of the value:

    - `Parameter`: a parameter, which reads back as the plain array;
    - `Buffer`, or a plain `numpy.ndarray` under a new name: a buffer, part of
      `state_dict` unless `Buffer(..., persistent=False)`;
    - `Module`: a submodule.

    Assigning an array to a registered name replaces its value; assigning None
    empties the name and keeps it registered. A name that was plain stays plain:
    `self.h = None`, in the constructor or in the class, keeps what a call
    assigns to `self.h` out of the `state_dict`.
    """

    training: bool
    _parameters: dict[str, np.ndarray | None]
    _buffers: dict[str, np.ndarray | None]
    _modules: dict[str, "Module | None"]
    _non_persistent_buffers_set: set[str]

    def __init__(self) -> None:
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _modules={},
            _non_persistent_buffers_set=set(),
        )

    # ----------------------------------------------------------------- calling

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The computation; every subclass that is called defines it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" method; '
            f"define it in the class"
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        hook = _hook()
        if hook is None:
            return self.forward(*args, **kwargs)
        return hook.call_module(self, args, kwargs)

    # -------------------------------------------------------------- attributes

    def __getattr__(self, name: str) -> Any:
        # Python calls this only for names that are not found the usual way.
        attributes = self.__dict__
        if "_parameters" not in attributes:
            if name in Module.__annotations__:
                _state.raise_not_initialised(self, f"reads {name!r}")
        elif name in attributes["_modules"]:
            return attributes["_modules"][name]
        else:
            held = attributes["_parameters"]
            if name not in held:
                held = attributes["_buffers"]
            if name in held:
                value = held[name]
                hook = _hook()
                if hook is None or value is None:
                    return value
                return hook.read_attribute(self, name, value)
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self
        )

    def __setattr__(self, name: str, value: Any) -> None:
        hook = _hook()
        if hook is not None and hook.write_attribute(self, name, value):
            return
        attributes = self.__dict__
        if "_parameters" not in attributes:
            _state.raise_not_initialised(self, f"assigns {name!r}")
        if (
            name in attributes["_parameters"]
            or name in attributes["_buffers"]
            or name in attributes["_modules"]
            or isinstance(value, _REGISTERED)
            or (isinstance(value, np.ndarray) and not _state.is_plain(self, name))
        ):
            self._assign_registered(name, value)
        else:
            _set_plain(self, name, value)

    def _assign_registered(self, name: str, value: Any) -> None:
        """Assigns where the name or the value asks for a registration."""
        known_parameter = name in self._parameters
        known_module = name in self._modules
        known = known_parameter or known_module or name in self._buffers
        if not known and _state.has_setter(type(self), name):
            _set_plain(self, name, value)
        elif isinstance(value, Parameter):
            self._claim(name, "parameter", self._parameters)
            self._parameters[name] = value.data
        elif known_parameter:
            self._parameters[name] = _state.as_array(self, name, "parameter", value)
        elif isinstance(value, Module):
            self._claim(name, "module", self._modules)
            self._modules[name] = value
        elif known_module:
            if value is not None:
                _state.raise_wrong_kind(self, name, "module", value)
            self._modules[name] = None
        else:
            self._claim(name, "buffer", self._buffers)
            if isinstance(value, Buffer):
                self._set_persistent(name, value.persistent)
                value = value.data
            self._buffers[name] = _state.as_array(self, name, "buffer", value)

    def _claim(self, name: str, kind: str, owner: Mapping[str, object]) -> None:
        """Makes `name` free for `owner`: whatever else held it lets go."""
        if name in owner:
            return
        if hasattr(type(self), name):
            raise AttributeError(
                f"cannot register the {kind} {name!r} of {type(self).__name__}: the class "
                f"attribute of that name would hide it; rename one of the two",
                name=name,
                obj=self,
            )
        for held in (self.__dict__, self._parameters, self._buffers, self._modules):
            held.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def _set_persistent(self, name: str, persistent: bool) -> None:
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def __delattr__(self, name: str) -> None:
        for held in (self._parameters, self._buffers, self._modules):
            if name in held:
                del held[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*object.__dir__(self), *self._parameters, *self._buffers, *self._modules}
        return sorted(name for name in names if not name[:1].isdigit())

    # ------------------------------------------------------------ registration

    def register_parameter(self, name: str, param: Parameter | np.ndarray | None) -> None:
        """Registers a parameter; None keeps a place for an absent one.

        Raises:
            TypeError: `name` is no string or `param` no array.
            KeyError: `name` is empty, holds a dot, or is taken.
        """
        _state.check_new_name(self, name, "parameter", self._parameters)
        value = param.data if isinstance(param, Parameter) else param
        self._parameters[name] = _state.as_array(self, name, "parameter", value)

    def register_buffer(
        self, name: str, array: Buffer | np.ndarray | None, persistent: bool = True
    ) -> None:
        """Registers a buffer; `persistent` decides whether `state_dict` holds it.

        Raises:
            TypeError: `name` is no string or `array` no array.
            KeyError: `name` is empty, holds a dot, or is taken.
        """
        _state.check_new_name(self, name, "buffer", self._buffers)
        value = array.data if isinstance(array, Buffer) else array
        self._buffers[name] = _state.as_array(self, name, "buffer", value)
        self._set_persistent(name, persistent)

    def register_module(self, name: str, module: "Module | None") -> None:
        """Registers a submodule under a name that need not be an identifier.

        Raises:
            TypeError: `name` is no string or `module` no module.
            KeyError: `name` is empty, holds a dot, or is taken.
        """
        _state.check_new_name(self, name, "module", self._modules)
        if module is not None and not isinstance(module, Module):
            _state.raise_wrong_kind(self, name, "module", module)
        self._modules[name] = module

    def add_module(self, name: str, module: "Module | None") -> None:
        """The same as `register_module`."""
        self.register_module(name, module)

    # -------------------------------------------------------------------- walk

    def named_modules(
        self,
        memo: "set[Module] | None" = None,
        prefix: str = "",
        remove_duplicate: bool = True,
    ) -> "Iterator[tuple[str, Module]]":
        """All modules of the tree, this one first, each once, with dotted names."""
        return _walk.named_modules(self, set() if memo is None else memo, prefix, remove_duplicate)

    def modules(self) -> "Iterator[Module]":
        """All modules of the tree, this one first, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> "Iterator[tuple[str, Module]]":
        """The direct submodules, each once, with their names."""
        return _walk.named_children(self)

    def children(self) -> "Iterator[Module]":
        """The direct submodules, each once."""
        return (module for _, module in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, np.ndarray]]:
        """The parameters, shared ones once, with dotted names."""
        return _walk.named_arrays(self, "_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[np.ndarray]:
        """The parameters, shared ones once."""
        return (array for _, array in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, np.ndarray]]:
        """The buffers, shared ones once, with dotted names."""
        return _walk.named_arrays(self, "_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[np.ndarray]:
        """The buffers, shared ones once."""
        return (array for _, array in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> "Module":
        """The submodule at a dotted path; an empty path is this module.

        Raises:
            AttributeError: a step of the path does not exist or is no module.
        """
        return _walk.get_submodule(self, target)

    def apply(self, fn: "Callable[[Module], object]") -> Self:
        """Calls `fn` on every submodule, children first, and on this module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # -------------------------------------------------------------------- mode

    def train(self, mode: bool = True) -> Self:
        """Switches the whole tree to training, or to evaluation where `mode` is false.

        Raises:
            TypeError: `mode` is no bool.
        """
        if not isinstance(mode, bool):
            raise TypeError(f"train() takes a bool, not {type(mode).__name__}: write train(True)")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Switches the whole tree to evaluation."""
        return self.train(False)

    # ------------------------------------------------------------------- state

    def state_dict(self, *, prefix: str = "") -> dict[str, np.ndarray]:
        """Parameters and persistent buffers by dotted name.

        The arrays are the module's own, not copies: writing into one changes
        the module. Order is that of torch: a module's parameters, its buffers,
        then its submodules.
        """
        return dict(_state.named_state(self, prefix))

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> LoadResult:
        """Copies values into the module's arrays, which stay the same objects.

        Nothing is copied unless everything fits. Values convert to the dtype
        of their destination where NumPy calls that a `same_kind` conversion.

        Args:
            state: dotted name to array (or what `numpy.asarray` takes).
            strict: whether missing and unexpected names are errors; shapes and
                dtypes that do not fit always are.

        Raises:
            TypeError: `state` is no mapping.
            ValueError: something does not fit; the message lists all of it.
        """
        return LoadResult(*_state.load(self, state, strict))

    # ------------------------------------------------------------------- print

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the brackets of the printed module."""
        return ""

    def __repr__(self) -> str:
        return _walk.draw(self)


# Values that an assignment registers, whatever the name was before.
_REGISTERED = (Parameter, Buffer, Module)
