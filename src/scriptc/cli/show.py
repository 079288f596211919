"""`scriptc show`: the parts of an archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scriptc.api import ScriptedObject
from scriptc.cli import console
from scriptc.cli.archives import load_archive
from scriptc.cli.calling import bind_inputs, call_program
from scriptc.cli.errors import CommandError, UnknownPart
from scriptc.scripted import ScriptModule

PARTS = ("tree", "signature", "parameters", "graph", "code")


def show_archive(path: str, part: str | None, chosen: Sequence[str]) -> None:
    """Show what an archive holds: all of it, or the parts that are chosen."""
    program = load_archive(path)
    if part is not None:
        program = _submodule(program, part)
    parts = [p for p in PARTS if not chosen or p in chosen]
    heading = len(parts) > 1
    for i, name in enumerate(parts):
        if heading:
            console.say(f"{'' if i == 0 else chr(10)}{name}:")
        _SHOW[name](program)


def show_native(
    path: str, part: str | None, inputs: Sequence[str], literals: Sequence[str]
) -> None:
    """Show what native code does of a program, line by line, for arguments like these inputs.

    Without inputs for a program that needs some, it is what one can tell without types.
    """
    program = load_archive(path, backend="auto")
    if part is not None:
        program = _submodule(program, part)
    positional, named = bind_inputs(program, inputs, literals)
    function = program.graph.function
    parameters = function.parameters[isinstance(program, ScriptModule) :]
    if positional or named or all(p.name in function.defaults for p in parameters):
        with console.progress("compiling"):
            _call_until_settled(program, positional, named)
    console.show_native_report(program.native_report)


def _call_until_settled(
    program: ScriptedObject, positional: Sequence[Any], named: dict[str, Any]
) -> None:
    """Call a program until its native parts stay what they are."""
    before = None
    while before != program.native_report:
        before = program.native_report
        call_program(program, positional, named)


def _submodule(program: ScriptedObject, path: str) -> ScriptedObject:
    known: dict[str, ScriptModule] = {}
    if isinstance(program, ScriptModule):
        modules = program.named_modules()
        known = {n: m for n, m in modules if n and isinstance(m, ScriptModule)}
    if path in known:
        return known[path]
    names = ", ".join(f"`{name}`" for name in known)
    advice = f"it has {names}" if names else "it has none"
    raise CommandError(UnknownPart(name=path, advice=advice))


def _show_parameters(program: ScriptedObject) -> None:
    rows = []
    if isinstance(program, ScriptModule):
        for kind, arrays in (
            ("parameter", program.named_parameters()),
            ("buffer", program.named_buffers()),
        ):
            for name, array in arrays:
                shape = str(array.shape)
                rows.append((name, kind, str(array.dtype), shape, f"{array.size:,}"))
    if not rows:
        console.say("none")
        return
    console.show_table(("name", "kind", "dtype", "shape", "elements"), rows, ("elements",))


_SHOW: dict[str, Callable[[ScriptedObject], None]] = {
    "tree": lambda program: console.say(repr(program)),
    "signature": lambda program: console.say(program.schema),
    "parameters": _show_parameters,
    "graph": lambda program: console.show_graph(str(program.graph).rstrip("\n")),
    "code": lambda program: console.show_code(program.code.rstrip("\n")),
}
