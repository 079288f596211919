"""Compiled objects as users hold them: `ScriptFunction` and `ScriptModule`."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from scriptc.ir.diagnostic import ArgumentError
from scriptc.ir.graph import ClassDef, Function, Instance, Linkable, Program, attribute_name
from scriptc.ir.opdef import Trait
from scriptc.ir.python_code import print_code
from scriptc.runtime.interpreter import Executable


def _schema(function: Function) -> str:
    parts = []
    for parameter in function.parameters:
        text = f"{parameter.name}: {parameter.type}"
        if parameter.name in function.defaults:
            text += f" = {function.defaults[parameter.name]!r}"
        parts.append(text)
    name = function.origin.rpartition(".")[2]
    return f"{name}({', '.join(parts)}) -> {function.return_type}"


class ScriptFunction:
    """A compiled function. Call it as the function it was made from.

    `graph` is its IR, `code` the same as Python source, `schema` its signature. Calls may come
    from any number of threads at once.
    """

    def __init__(
        self, program: Program, entry: str, python_function: Callable[..., Any] | None = None
    ) -> None:
        self.program = program
        self.entry = entry
        self.__wrapped__ = python_function
        function = program.functions[entry]
        self.__name__ = function.origin.rpartition(".")[2]
        self.__qualname__ = self.__name__
        self.__doc__ = python_function.__doc__ if python_function is not None else None
        self._call = Executable(program).entry(entry)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __scriptc_link__(self) -> Linkable:
        return Linkable(self.program, self.entry, None)

    @property
    def graph(self) -> Function:
        """The IR of the function; `print(f.graph)` shows it."""
        return self.program.functions[self.entry]

    @property
    def code(self) -> str:
        """The program as Python source."""
        return print_code(self.graph, self.program)

    @property
    def schema(self) -> str:
        """The signature, with types."""
        return _schema(self.graph)

    def __repr__(self) -> str:
        return f"<ScriptFunction {self.schema}>"


class ScriptModule:
    """A compiled module: program, parameters and state. Call it as the module it was made from.

    Submodules and attributes are attributes of it. What `forward` assigns to `self` is state of
    this object; calls of a module with state are taken one at a time. `session()` gives a second
    one with its own state and the same weights and code.
    """

    program: Program
    entry: str
    root: Instance
    _call: Callable[..., Any]

    def __init__(self, program: Program, entry: str, root: Instance) -> None:
        values = self.__dict__
        values["program"] = program
        values["entry"] = entry
        values["root"] = root
        call = Executable(program).entry(entry, bound=root)
        if _is_stateful(program):
            lock = threading.RLock()
            unlocked = call

            def call(*args: Any, **kwargs: Any) -> Any:
                with lock:
                    return unlocked(*args, **kwargs)

        values["_call"] = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __scriptc_link__(self) -> Linkable:
        return Linkable(self.program, self.entry, self.root)

    @property
    def class_definition(self) -> ClassDef:
        """The declaration of the module's class in the program."""
        return self.program.classes[self.root.scriptc_class]

    @property
    def graph(self) -> Function:
        """The IR of `forward`; `print(m.graph)` shows it."""
        return self.program.functions[self.entry]

    @property
    def code(self) -> str:
        """`forward` as Python source."""
        return print_code(self.graph, self.program)

    @property
    def schema(self) -> str:
        """The signature of `forward`, with types."""
        return _schema(self.graph)

    @property
    def original_name(self) -> str:
        """The name of the Python class that the module was made from."""
        return self.class_definition.origin.rpartition(".")[2]

    # --- the tree -------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        definition: ClassDef = self.class_definition
        key = attribute_name(name)
        if key not in definition.attributes:
            message = f"the compiled {self.original_name} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)
        value = self.root.__dict__[key]
        return self._child(value) if isinstance(value, Instance) else value

    def __setattr__(self, name: str, value: Any) -> None:
        definition: ClassDef = self.class_definition
        if name not in definition.attributes or isinstance(value, Instance | ScriptModule):
            message = f"the compiled {self.original_name} has no attribute {name!r} to assign"
            raise AttributeError(message, name=name, obj=self)
        self.root.__dict__[name] = value

    def _child(self, instance: Instance) -> ScriptModule:
        definition: ClassDef = self.program.classes[instance.scriptc_class]
        entry = definition.methods.get("forward", self.entry)
        child = ScriptModule.__new__(ScriptModule)
        if "forward" in definition.methods:
            child.__init__(self.program, entry, instance)  # type: ignore[misc]  # on purpose
        else:
            child.__dict__.update(
                program=self.program, entry="", root=instance, _call=_not_callable
            )
        return child

    def named_children(self) -> Iterator[tuple[str, ScriptModule]]:
        """Yield the direct submodules with their names."""
        for name in self.class_definition.submodules:
            value = self.root.__dict__.get(attribute_name(name))
            if isinstance(value, Instance):
                yield name, self._child(value)

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, ScriptModule]]:
        """Yield this module and all below it with their dotted names."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def _named_arrays(self, kind: str) -> Iterator[tuple[str, np.ndarray]]:
        seen: set[int] = set()
        for prefix, module in self.named_modules():
            for name in getattr(module.class_definition, kind):
                value = module.root.__dict__[name]
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{prefix}.{name}" if prefix else name, value

    def named_parameters(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield all parameters with their dotted names."""
        return self._named_arrays("parameters")

    def named_buffers(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield all buffers with their dotted names."""
        return self._named_arrays("buffers")

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all parameters and buffers by dotted name."""
        return dict([*self.named_parameters(), *self.named_buffers()])

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Copy values into the parameters and buffers.

        Raises `ValueError` if names are missing or left over, or a shape differs; then nothing
        has been changed.
        """
        own = self.state_dict()
        problems = [f"missing {name!r}" for name in own if name not in state]
        problems += [f"unexpected {name!r}" for name in state if name not in own]
        problems += [
            f"{name!r} has shape {np.shape(state[name])}, not {np.shape(own[name])}"
            for name in own
            if name in state and np.shape(state[name]) != np.shape(own[name])
        ]
        if problems:
            raise ValueError(f"cannot load this state: {'; '.join(problems)}")
        for name, array in own.items():
            array[...] = state[name]

    def train(self, mode: bool = True) -> ScriptModule:
        """Set `training` on this module and all below it; return this module."""
        for _, module in self.named_modules():
            if "training" in module.class_definition.attributes:
                module.root.__dict__["training"] = mode
        return self

    def eval(self) -> ScriptModule:
        """Set the whole tree to evaluation; return this module."""
        return self.train(False)

    def session(self) -> ScriptModule:
        """Return a second module with its own state and the same parameters and code.

        Everything but parameters is copied as it is now.
        """
        shared: dict[int, Any] = {id(array): array for _, array in self.named_parameters()}
        return ScriptModule(self.program, self.entry, copy.deepcopy(self.root, shared))

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptModule:
        return ScriptModule(self.program, self.entry, copy.deepcopy(self.root, memo))

    def __repr__(self) -> str:
        lines = [f"{self.original_name}("]
        for name, child in self.named_children():
            text = repr(child).replace("\n", "\n  ")
            lines.append(f"  ({name}): {text}")
        return "\n".join([*lines, ")"]) if len(lines) > 1 else f"{self.original_name}()"


def _not_callable(*_: Any, **__: Any) -> Any:
    raise ArgumentError("the compiled program does not call this module, and neither can you")


def _is_stateful(program: Program) -> bool:
    """Tell whether calls may write to attributes, or into what attributes hold."""
    for function in program.functions.values():
        for operation in function.walk():
            if operation.name == "set_attr" and operation.opdef is None:
                return True
            if Trait.WRITES in operation.traits:
                source = getattr(operation.operands[0], "operation", None)
                if source is not None and source.name == "get_attr":
                    return True
    return False
