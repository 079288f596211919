"""Compiled objects as users hold them: `ScriptFunction` and `ScriptModule`."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from scriptc.calls import Called, Calls, backend_of
from scriptc.ir.diagnostic import ArchiveError, ArgumentError, UnsupportedError
from scriptc.ir.graph import ClassDef, Function, Instance, Linkable, Program, attribute_name
from scriptc.ir.printer import print_function
from scriptc.ir.python_code import print_code
from scriptc.ir.types import ClassType, members_of
from scriptc.nn import _state, _walk
from scriptc.nn.containers import ModuleDict, ModuleList, Sequential
from scriptc.nn.module import Module
from scriptc.nn.parameter import Buffer, Parameter
from scriptc.runtime.interpreter import Executable
from scriptc.runtime.values import describe, make_test
from scriptc.version import __version__

if TYPE_CHECKING:
    from scriptc.runtime.archive.format import Contents
    from scriptc.runtime.archive.reader import Source
    from scriptc.runtime.archive.writer import Target
    from scriptc.runtime.native.report import NativeReport
    from scriptc.runtime.native.settings import Backend

ExtraFiles = Mapping[str, str | bytes]
"""A user's own files in an archive, by name: relative paths with `/`."""


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


def _optimized(program: Program) -> Program:
    """Return what runs for a program. The passes are imported when something first runs."""
    from scriptc.ir.passes.manager import optimized

    return optimized(program)


def _inlined_graph(program: Program, entry: str) -> Graph:
    from scriptc.ir.passes.manager import inlined

    program = inlined(program, entry)
    return Graph(program.functions[entry], program)


class ScriptFunction(Called):
    """A compiled function. Call it as the function it was made from.

    `graph` is its IR, `code` the same as Python source, `schema` its signature, `c_source` the C
    that was made for the last new kind of arguments. Calls may come from any number of threads.
    """

    def __init__(
        self,
        program: Program,
        entry: str,
        python_function: Callable[..., Any] | None = None,
        backend: Backend | None = None,
    ) -> None:
        self.program = program
        self.entry = entry
        self.__wrapped__ = python_function
        function = program.functions[entry]
        self.__name__ = function.origin.rpartition(".")[2]
        self.__qualname__ = self.__name__
        self.__doc__ = python_function.__doc__ if python_function is not None else None
        self._call = call = Executable(program, _optimized).entry(entry)
        self._calls = Calls(self, program, entry, lambda: call, backend=backend)

    def __scriptc_link__(self) -> Linkable:
        return Linkable(self.program, self.entry, None)

    @property
    def graph(self) -> Graph:
        """The IR of the function; `print(f.graph)` shows it."""
        return Graph(self.program.functions[self.entry], self.program)

    @property
    def inlined_graph(self) -> Graph:
        """The IR of the function with all calls replaced by what they call."""
        return _inlined_graph(self.program, self.entry)

    @property
    def code(self) -> str:
        """The program as Python source."""
        return print_code(self.graph.function, self.program)

    @property
    def schema(self) -> str:
        """The signature, with types."""
        return _schema(self.graph.function)

    @property
    def c_source(self) -> str:
        """The C that was made for the last new kind of arguments; empty before there is any."""
        return self._calls.c_source

    @property
    def native_report(self) -> NativeReport:
        """What native code does, line by line of the source, and why not all; print it.

        It is about the arguments of the last call of a new kind. Before there is any, it is about
        what one can tell without types.
        """
        return self._calls.native_report()

    def save(self, target: Target, *, extra_files: ExtraFiles | None = None) -> None:
        """Write the function to an archive; see `scriptc.save`."""
        save(self, target, extra_files=extra_files)

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptFunction:
        return self  # immutable, as functions are

    def __copy__(self) -> ScriptFunction:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return unpickle, (_emit(self),)

    def __repr__(self) -> str:
        return f"<ScriptFunction {self.schema}>"


class ScriptModule(Called, Module):
    """A compiled module: program, parameters and state. Call it as the module it was made from.

    It is a `Module`, whose parameters, buffers and submodules are those of the compiled object.
    What `forward` assigns to `self` is state of this object; calls of a module with state are taken
    one at a time. `session()` gives a second one with its own state and the same parameters.
    """

    program: Program
    entry: str
    root: Instance
    _running: _Running
    _calls: Calls

    def __new__(cls, program: Program, entry: str, root: Instance, *_: Any, **__: Any) -> Self:
        """Return what is a list or a dict of modules if the compiled module was one."""
        container = _CONTAINERS.get(program.classes[root.scriptc_class].origin, cls)
        return object.__new__(container if issubclass(container, cls) else cls)

    def __init__(
        self,
        program: Program,
        entry: str,
        root: Instance,
        running: _Running | None = None,
        backend: Backend | None = None,
    ) -> None:
        if running is None:
            executable = Executable(program, _optimized)
            running = _Running(executable, backend)
        running.modules[id(root)] = self
        definition = program.classes[root.scriptc_class]
        self.__dict__.update(
            program=program,
            entry=entry,
            root=root,
            class_definition=definition,
            _running=running,
            _non_persistent_buffers_set=set(definition.transient),
            _modules={},
        )
        self.__dict__["_calls"] = Calls(
            self,
            program,
            entry,
            lambda: self._call,
            root=root,
            lock=lambda: running.lock,
            backend=running.backend,
        )
        for name in definition.submodules:
            self._modules[name] = self._make_child(attribute_name(name))

    def _make_child(self, name: str) -> ScriptModule | None:
        child = self.root.__dict__.get(name)
        if not isinstance(child, Instance):
            return None
        known = self._running.modules.get(id(child))
        if known is not None:
            return known
        # A class has another name here if the child was compiled for itself; the state is shared.
        declared = members_of(self.class_definition.attributes[name])
        names = [type_.name for type_ in declared if isinstance(type_, ClassType)]
        class_name = child.scriptc_class if child.scriptc_class in names else names[0]
        forward = self.program.classes[class_name].methods.get("forward", "")
        made = ScriptModule(self.program, forward, child.under(class_name), self._running)
        self._running.modules[id(child)] = made
        return made

    @cached_property
    def _call(self) -> Callable[..., Any]:
        """What a call runs: one call at a time if the program keeps state."""
        if not self.entry:
            return _not_callable
        call = self._running.executable.entry(self.entry, bound=self.root)
        lock = self._running.lock
        if lock is None:
            return call

        def one_at_a_time(*args: Any, **kwargs: Any) -> Any:
            with lock:
                return call(*args, **kwargs)

        return one_at_a_time

    @property
    def _forward(self) -> str:
        """The name of `forward` in the program."""
        if not self.entry:
            raise _no_forward()
        return self.entry

    class_definition: ClassDef
    """The declaration of the module's class in the program."""

    @property
    def _parameters(self) -> dict[str, Any]:  # type: ignore[override]  # read only on purpose
        return {n: self.root.__dict__[n] for n in self.class_definition.parameters}

    @property
    def _buffers(self) -> dict[str, Any]:  # type: ignore[override]  # read only on purpose
        # What a call has made an attribute may be a NumPy scalar, which registers nothing.
        held = {name: self.root.__dict__[name] for name in self.class_definition.buffers}
        return {name: array for name, array in held.items() if not isinstance(array, np.generic)}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the compiled `forward`."""
        return self(*args, **kwargs)

    def __scriptc_link__(self) -> Linkable:
        return Linkable(self.program, self.entry, self.root)

    @property
    def graph(self) -> Graph:
        """The IR of `forward`; `print(m.graph)` shows it."""
        return Graph(self.program.functions[self._forward], self.program)

    @property
    def inlined_graph(self) -> Graph:
        """The IR of `forward` with all calls replaced by what they call."""
        return _inlined_graph(self.program, self._forward)

    @property
    def code(self) -> str:
        """`forward` as Python source."""
        return print_code(self.graph.function, self.program)

    @property
    def schema(self) -> str:
        """The signature of `forward`, with types."""
        return _schema(self.graph.function)

    @property
    def c_source(self) -> str:
        """The C that was made for the last new kind of arguments; empty before there is any."""
        return self._calls.c_source

    @property
    def native_report(self) -> NativeReport:
        """What native code does of `forward`, line by line, and why not all; print it.

        It is about the arguments of the last call of a new kind. Before there is any, it is about
        what one can tell without types.
        """
        self._forward  # noqa: B018 - says if there is none
        return self._calls.native_report()

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
        if isinstance(value, Parameter | Buffer):
            value = value.data
        for kind, names in (("parameter", definition.parameters), ("buffer", self._buffers)):
            if name in names:
                value = _state.as_array(self, name, kind, value)
        type_ = definition.attributes[name]
        if not make_test(type_)(value):
            where = f"the compiled {self.original_name}"
            raise ArgumentError(
                f"`{name}` of {where} is {type_}, and was assigned {describe(value)}; "
                "compile the module again to give it another type"
            )
        self.root.__dict__[name] = value
        for module in self._running.modules.values():
            module._calls.attributes_changed()

    def __delattr__(self, name: str) -> None:
        self._refuse(f"delete the attribute {name!r}")

    def register_parameter(self, name: str, param: Any) -> None:
        """Raise `AttributeError`: what a compiled module has is fixed."""
        self._refuse(f"register the parameter {name!r}")

    def register_buffer(self, name: str, array: Any, persistent: bool = True) -> None:
        """Raise `AttributeError`: what a compiled module has is fixed."""
        self._refuse(f"register the buffer {name!r}")

    def register_module(self, name: str, module: Module | None) -> None:
        """Raise `AttributeError`: what a compiled module has is fixed."""
        self._refuse(f"register the module {name!r}")

    def _refuse(self, action: str) -> NoReturn:
        raise AttributeError(
            f"cannot {action} of the compiled {self.original_name}, whose attributes are fixed; "
            "change the module, and compile it again",
            obj=self,
        )

    def train(self, mode: bool = True) -> Self:
        """Set `training` on this module and all below it that have it; return this module."""
        if not isinstance(mode, bool):
            raise TypeError(f"train() takes a bool, not {type(mode).__name__}: write train(True)")
        for module in self.modules():
            if "training" in getattr(module, "root", self.root).__dict__:
                module.training = mode
        return self

    def session(self) -> ScriptModule:
        """Return a second module with its own state and the same parameters and code.

        Everything but parameters is copied as it is now.
        """
        return self._with_root(copy.deepcopy(self.root, {id(a): a for a in self.parameters()}))

    def _with_root(self, root: Instance) -> ScriptModule:
        return ScriptModule(self.program, self.entry, root, self._running.again())

    def save(self, target: Target, *, extra_files: ExtraFiles | None = None) -> None:
        """Write program, parameters and state to an archive; see `scriptc.save`."""
        save(self, target, extra_files=extra_files)

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptModule:
        return self._with_root(copy.deepcopy(self.root, memo))

    def __copy__(self) -> ScriptModule:
        return ScriptModule(self.program, self.entry, self.root, self._running.again())

    def __reduce__(self) -> tuple[Any, ...]:
        return unpickle, (_emit(self),)

    def _get_name(self) -> str:
        return self.original_name

    def extra_repr(self) -> str:
        """What the module that was compiled showed between its brackets."""
        return self.root.scriptc_repr

    def __repr__(self) -> str:
        is_list = self.class_definition.origin == _LIST
        return _walk.draw_list(self) if is_list else super().__repr__()


class _ScriptList(ScriptModule):
    """A compiled `ModuleList` or `Sequential`."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        return list(self._modules.values())[index]


class _ScriptDict(ScriptModule):
    """A compiled `ModuleDict`."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> ValuesView[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> ItemsView[str, Any]:
        """Names and modules."""
        return self._modules.items()


def _origin(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


_LIST = _origin(ModuleList)
_CONTAINERS: dict[str, type[ScriptModule]] = {
    _LIST: _ScriptList,
    _origin(Sequential): _ScriptList,
    _origin(ModuleDict): _ScriptDict,
}


class _Running:
    """What the modules of one compiled tree share at run time.

    `modules` holds the tree by the `id` of objects.
    """

    def __init__(self, executable: Executable, backend: Backend | None = None) -> None:
        self.executable = executable
        self.backend = backend
        self.modules: dict[int, ScriptModule] = {}
        self._lock = threading.RLock()

    @cached_property
    def lock(self) -> AbstractContextManager[object] | None:
        """What calls take in turn; None for a program without state."""
        return self._lock if _is_stateful(self.executable.program) else None

    def again(self) -> _Running:
        """Return the same for another tree of the same program."""
        return _Running(self.executable, self.backend)


def freeze(module: object, preserved_attrs: Sequence[str] | None = None) -> ScriptModule:
    """Return a copy of a compiled module in which what no code changes is a constant.

    The copy is in evaluation mode, whatever the module's own `training` says. Calls of submodules
    are inlined; parameters, buffers and other attributes become constants of the program, and what
    depends on them alone is computed now. An attribute that `forward` assigns, writes into or
    returns stays an attribute. `preserved_attrs` names attributes and methods that stay too, those
    of submodules as `"encoder.weight"`. The module itself does not change, and later changes of
    its attributes do not reach the copy.

    Raises:
        ArgumentError: if `module` is not a compiled module, or has not what is to be preserved.
    """
    from scriptc.ir.passes.freeze import freeze_program

    if not isinstance(module, ScriptModule):
        given = type(module).__qualname__
        raise ArgumentError(
            f"freeze() takes a compiled module, not {given}; compile it with script() first"
        )
    if not module.entry:
        _not_callable()
    if isinstance(preserved_attrs, str):
        raise ArgumentError(f"freeze() takes a list of names, as [{preserved_attrs!r}]")
    program, root = freeze_program(
        module.program, module.entry, module.root, preserved_attrs or ()
    )  # fmt: skip
    return ScriptModule(program, module.entry, root, backend=module._running.backend)


def _no_forward() -> ArgumentError:
    return ArgumentError("the compiled program does not call this module, so it has no `forward`")


def _not_callable(*_: Any, **__: Any) -> Any:
    raise _no_forward()


def _is_stateful(program: Program) -> bool:
    """Tell whether calls may write to attributes, or into what attributes hold."""
    from scriptc.ir.passes.aliases import writes_outside

    return any(map(writes_outside, program.functions.values()))


# --- archives -------------------------------------------------------------------------------------


def save(
    obj: ScriptFunction | ScriptModule, target: Target, *, extra_files: ExtraFiles | None = None
) -> None:
    """Write a compiled function or module to an archive: program, parameters, state.

    `target` is a path, or a file open for writing bytes. A path is written whole or not at all.
    `extra_files` are files of your own to keep in the archive, by name: `{"labels.txt": "a b c"}`.

    Raises:
        ArgumentError: if `obj` is not compiled, or an extra file has no proper name.
        ArchiveError: if the file cannot be written.
        UnsupportedError: if an attribute holds what an archive cannot.
    """
    if not isinstance(obj, ScriptFunction | ScriptModule):
        raise ArgumentError(
            f"save() takes a compiled object, not a {type(obj).__qualname__}; "
            "script or trace it first"
        )
    from scriptc.runtime.archive.writer import save_archive

    save_archive(_contents(obj, extra_files), target, _PRODUCER)


def load(
    source: Source,
    *,
    extra_files: dict[str, str | bytes] | None = None,
    backend: str | None = None,
) -> ScriptFunction | ScriptModule:
    """Read a compiled function or module from an archive; nothing of it runs.

    `backend` says who will answer its calls, as for `script`.

    `source` is a path, a file open for reading bytes, or the bytes. `extra_files` is a dict that
    receives the extra files whose names it has as keys; an empty one receives all.

    Raises:
        ArchiveError: if it is not an archive, or damaged, or too new: the message says which.
    """
    from scriptc.runtime.archive.reader import load_archive

    chosen = backend_of(backend)
    contents = load_archive(source)
    if extra_files is not None:
        _take_extra_files(contents, extra_files)
    if contents.root is None:
        return ScriptFunction(contents.program, contents.entry, backend=chosen)
    return ScriptModule(contents.program, contents.entry, contents.root, backend=chosen)


def export_c(
    obj: ScriptFunction | ScriptModule,
    folder: str | os.PathLike[str],
    example_inputs: Sequence[Any],
    *,
    name: str = "model",
    embed: bool = False,
) -> None:
    """Write a compiled function or module as a C project, which needs no Python to run.

    `folder` gets `NAME.c`, `NAME.h`, `scriptc.h`, the weights as a file that the program maps into
    memory (with `embed`, they stand in the code), a `CMakeLists.txt`, and a `main.c` that runs
    `example_inputs`. These decide the dtypes and ranks of the arguments; their sizes stay open,
    but for those that the program or its weights fix. Freeze a module first, and its weights are
    packed once, when the program opens them.

    Raises:
        ArgumentError: if `obj` is not compiled, or C cannot take such inputs.
        UnsupportedError: if the program has no native form; says why, and where.
        OSError: if a file cannot be written.
    """
    from scriptc.runtime.native.emitter.values import Unsupported
    from scriptc.runtime.native.export import export_c as emit_project

    if not isinstance(obj, ScriptFunction | ScriptModule):
        raise ArgumentError(f"export_c() takes a compiled object, not {type(obj).__qualname__}")
    root = obj.root if isinstance(obj, ScriptModule) else None
    if not obj.entry:
        raise _no_forward()
    try:
        files = emit_project(obj.program, obj.entry, root, example_inputs, name, embed=embed)
    except Unsupported as refusal:
        where = "" if refusal.location is None else f" ({refusal.location})"
        raise UnsupportedError(f"there is no C for this program: {refusal.reason}{where}") from None
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        (target / file).write_bytes(data)


def unpickle(archive: bytes) -> ScriptFunction | ScriptModule:
    """Return what was pickled: pickles hold the bytes of an archive, and this name."""
    return load(archive)


_PRODUCER = f"scriptc {__version__}"


def _emit(object_: ScriptFunction | ScriptModule) -> bytes:
    from scriptc.runtime.archive.writer import emit_archive

    return emit_archive(_contents(object_, None), _PRODUCER)


def _contents(object_: ScriptFunction | ScriptModule, extra_files: ExtraFiles | None) -> Contents:
    from scriptc.runtime.archive.format import Contents

    root = object_.root if isinstance(object_, ScriptModule) else None
    return Contents(object_.program, object_.entry, root, dict(extra_files or {}))


def _take_extra_files(contents: Contents, wanted: dict[str, str | bytes]) -> None:
    found = contents.extra_files
    for name in list(wanted) or found:
        if name not in found:
            names = ", ".join(map(repr, found)) or "none"
            raise ArchiveError(f"the archive has no extra file {name!r}; it has {names}")
        wanted[name] = found[name]
