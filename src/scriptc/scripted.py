"""Compiled objects as users hold them: `ScriptFunction` and `ScriptModule`."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any, Self

from scriptc.ir.diagnostic import ArgumentError
from scriptc.ir.graph import ClassDef, Function, Instance, Linkable, Program, attribute_name
from scriptc.ir.opdef import Trait
from scriptc.ir.printer import print_function
from scriptc.ir.python_code import print_code
from scriptc.nn.module import Module, tracing
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


class Graph:
    """The IR of one function, to look at: `print(graph)`.

    `function` is the IR itself, and `program` what it belongs to.
    """

    def __init__(self, function: Function, program: Program) -> None:
        self.function = function
        self.program = program

    def to_text(self, *, locations: bool = False) -> str:
        """Return the text of the IR; with `locations`, each operation names its source."""
        return print_function(self.function, locations=locations)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<Graph of {self.function.origin}>"


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
        hook = tracing.get()
        if hook is None:
            return self._call(*args, **kwargs)
        return hook.call_scripted(self, self._call, args, kwargs)

    def __scriptc_link__(self) -> Linkable:
        return Linkable(self.program, self.entry, None)

    @property
    def graph(self) -> Graph:
        """The IR of the function; `print(f.graph)` shows it."""
        return Graph(self.program.functions[self.entry], self.program)

    @property
    def code(self) -> str:
        """The program as Python source."""
        return print_code(self.graph.function, self.program)

    @property
    def schema(self) -> str:
        """The signature, with types."""
        return _schema(self.graph.function)

    def __repr__(self) -> str:
        return f"<ScriptFunction {self.schema}>"


class ScriptModule(Module):
    """A compiled module: program, parameters and state. Call it as the module it was made from.

    It is a `Module`, whose parameters, buffers and submodules are those of the compiled object.
    What `forward` assigns to `self` is state of this object; calls of a module with state are taken
    one at a time. `session()` gives a second one with its own state and the same parameters.
    """

    program: Program
    entry: str
    root: Instance
    _call: Callable[..., Any]

    def __init__(self, program: Program, entry: str, root: Instance) -> None:
        definition = program.classes[root.scriptc_class]
        self.__dict__.update(
            program=program,
            entry=entry,
            root=root,
            class_definition=definition,
            _non_persistent_buffers_set=set(),
            _call=_callable(program, entry, root),
            _modules={},
        )
        for name in definition.submodules:
            child = root.__dict__.get(attribute_name(name))
            if isinstance(child, Instance):
                forward = program.classes[child.scriptc_class].methods.get("forward", "")
                self._modules[name] = ScriptModule(program, forward, child)

    class_definition: ClassDef
    """The declaration of the module's class in the program."""

    @property
    def _parameters(self) -> dict[str, Any]:  # type: ignore[override]  # read only on purpose
        return {n: self.root.__dict__[n] for n in self.class_definition.parameters}

    @property
    def _buffers(self) -> dict[str, Any]:  # type: ignore[override]  # read only on purpose
        return {n: self.root.__dict__[n] for n in self.class_definition.buffers}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        hook = tracing.get()
        if hook is None:
            return self._call(*args, **kwargs)
        return hook.call_scripted(self, self._call, args, kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the compiled `forward`."""
        return self._call(*args, **kwargs)

    def __scriptc_link__(self) -> Linkable:
        return Linkable(self.program, self.entry, self.root)

    @property
    def graph(self) -> Graph:
        """The IR of `forward`; `print(m.graph)` shows it."""
        return Graph(self.program.functions[self.entry], self.program)

    @property
    def code(self) -> str:
        """`forward` as Python source."""
        return print_code(self.graph.function, self.program)

    @property
    def schema(self) -> str:
        """The signature of `forward`, with types."""
        return _schema(self.graph.function)

    @property
    def original_name(self) -> str:
        """The name of the Python class that the module was made from."""
        return self.class_definition.origin.rpartition(".")[2]

    # --- attributes -----------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        modules = self.__dict__.get("_modules", {})
        if name in modules:
            return modules[name]
        values = self.__dict__["root"].__dict__ if "root" in self.__dict__ else {}
        if name not in values:
            message = f"the compiled {type(self).__name__} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)
        return values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        definition = self.class_definition
        if name not in definition.attributes or name in self._modules:
            message = f"the compiled {self.original_name} has no attribute {name!r} to assign"
            raise AttributeError(message, name=name, obj=self)
        self.root.__dict__[name] = value

    def train(self, mode: bool = True) -> Self:
        """Set `training` on this module and all below it that have it; return this module."""
        for module in self.modules():
            if "training" in getattr(module, "root", self.root).__dict__:
                module.training = mode
        return self

    def session(self) -> ScriptModule:
        """Return a second module with its own state and the same parameters and code.

        Everything but parameters is copied as it is now.
        """
        shared: dict[int, Any] = {id(array): array for array in self.parameters()}
        return ScriptModule(self.program, self.entry, copy.deepcopy(self.root, shared))

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptModule:
        return ScriptModule(self.program, self.entry, copy.deepcopy(self.root, memo))

    def _get_name(self) -> str:
        return self.original_name


def _callable(program: Program, entry: str, root: Instance) -> Callable[..., Any]:
    """Return what a call of a module runs: one at a time if the program keeps state."""
    if not entry:
        return _not_callable
    call = Executable(program).entry(entry, bound=root)
    if not _is_stateful(program):
        return call
    lock = threading.RLock()

    def one_at_a_time(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return call(*args, **kwargs)

    return one_at_a_time


def _not_callable(*_: Any, **__: Any) -> Any:
    raise ArgumentError("the compiled program does not call this module, so it has no `forward`")


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
