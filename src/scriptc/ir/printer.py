"""Writing `.graph`: the text of functions and programs. `docs/ir.md` is its reference.

The text is deterministic, and `parser.py` reads it back to the same IR.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scriptc.ir.builder import type_of
from scriptc.ir.graph import (
    UNBOUND,
    Block,
    ClassDef,
    Constant,
    Function,
    Operation,
    Program,
    Value,
)
from scriptc.ir.location import Location, SourceFile
from scriptc.ir.opdef import OpDef, RuleError
from scriptc.ir.schema import REQUIRED, Parameter
from scriptc.ir.text import (
    LOOPS,
    is_pooled,
    pooled_parts,
    print_constant,
    print_function_name,
    print_type,
    quote,
    same_literal,
)
from scriptc.ir.types import NEVER, NONE, Type, generalize, resolve


def print_function(function: Function, *, locations: bool = False) -> str:
    """Return the text of one function; its pooled constants are numbered by themselves.

    With `locations` every operation carries its place in the source.
    """
    return _print([function], [], locations)


def print_program(program: Program, *, locations: bool = False) -> str:
    """Return the text of a program: source files (with `locations`), classes, functions."""
    return _print(list(program.functions.values()), list(program.classes.values()), locations)


def print_marked(function: Function, operation: Operation | None, note: str) -> str:
    """Return the text of a function with a note below the line of one operation."""
    pool = {id(value): i for i, value in enumerate(constants_of(function))}
    return _Printer(function, pool, None, (operation, note)).text()


def constants_of(subject: Program | Function) -> list[Any]:
    """Return the pooled constants (arrays, lists, dicts): the text calls them `#0`, `#1`..."""
    functions = [subject] if isinstance(subject, Function) else subject.functions.values()
    found: dict[int, Any] = {}
    for function in functions:
        for default in function.defaults.values():
            found.update(
                (id(part), part) for part in pooled_parts(default) if id(part) not in found
            )
        for operation in function.walk():
            for operand in operation.operands:
                if isinstance(operand, Constant):
                    for part in pooled_parts(operand.value):
                        found.setdefault(id(part), part)
    return list(found.values())


def files_of(subject: Program | Function) -> list[SourceFile]:
    """Return the source files that locations refer to: the text calls them `f0`, `f1`..."""
    functions = [subject] if isinstance(subject, Function) else subject.functions.values()
    found: dict[SourceFile, None] = {}
    for function in functions:
        places = [function.location, *(operation.location for operation in function.walk())]
        found.update((place.file, None) for place in places if place is not None)
    return list(found)


def _print(functions: Sequence[Function], classes: Sequence[ClassDef], locations: bool) -> str:
    program = Program()
    program.functions = {str(i): function for i, function in enumerate(functions)}
    pool = {id(value): i for i, value in enumerate(constants_of(program))}
    files: dict[SourceFile, int] | None = None
    parts: list[str] = []
    if locations:
        files = {file: i for i, file in enumerate(files_of(program))}
        parts += [f"file f{i} {quote(f.path)} {f.first_line}" for f, i in files.items()]
    parts = ["\n".join(parts)] if parts else []
    parts += [_print_class(definition) for definition in classes]
    parts += [_Printer(function, pool, files).text() for function in functions]
    return "\n\n".join(parts) + "\n"


def _print_class(definition: ClassDef) -> str:
    lines = [f"class {definition.name} {quote(definition.origin)} {{"]
    lines += [f"  {name}: {print_type(type_)}" for name, type_ in definition.attributes.items()]
    for title, names in (
        ("parameters", definition.parameters),
        ("buffers", definition.buffers),
        ("transient", definition.transient),
        ("submodules", definition.submodules),
    ):
        if names:
            lines.append(f"  {title} {', '.join(map(quote, names))}")
    lines += [
        f"  method {name} {print_function_name(implementation)}"
        for name, implementation in definition.methods.items()
    ]
    return "\n".join([*lines, "}"])


class _Printer:
    """Prints one function. Names are given in the order in which they appear in the text."""

    def __init__(
        self,
        function: Function,
        pool: Mapping[int, int],
        files: Mapping[SourceFile, int] | None,
        mark: tuple[Operation | None, str] = (None, ""),
    ) -> None:
        self.function = function
        self.pool = pool
        self.files = files
        self.mark = mark
        self.names: dict[Value, str] = {}
        self._counts: dict[str, int] = {}
        self._numbered = 0

    def text(self) -> str:
        lines = [self._header() + " {"]
        lines += [f"  {line}" for line in self._block(self.function.body)]
        return "\n".join([*lines, "}"])

    def _header(self) -> str:
        function = self.function
        parts: list[str] = []
        for parameter in function.parameters:
            if parameter.name in function.keyword_only and "*" not in parts:
                parts.append("*")
            text = f"{self._define(parameter)}: {print_type(parameter.type)}"
            if parameter.name in function.defaults:
                default = function.defaults[parameter.name]
                text += f" = {print_constant(default, self.pool)}"
            parts.append(text)
        header = f"func {print_function_name(function.name)}({', '.join(parts)})"
        if function.return_type is not None:
            header += f" -> {print_type(function.return_type)}"
        if function.origin != function.name:
            header += f" from {quote(function.origin)}"
        if function.rules != "numpy":
            header += f" rules {quote(function.rules)}"
        if function.composite:
            header += " composite"
        return header + self._location(function.location)

    # --- values ---------------------------------------------------------------------------------

    def _define(self, value: Value) -> str:
        if value.name.isidentifier():
            count = self._counts.get(value.name, 0)
            self._counts[value.name] = count + 1
            name = f"%{value.name}.{count}" if count else f"%{value.name}"
        else:
            name = f"%{self._numbered}"
            self._numbered += 1
        self.names[value] = name
        return name

    def _value(self, value: Value) -> str:
        if isinstance(value, Constant):
            text = print_constant(value.value, self.pool)
            if resolve(value.type) == default_type(value.value):
                return text
            return f"({text}: {print_type(value.type)})"
        # A value that is used where it is not defined shows as such; the verifier refuses it.
        return self.names.get(value, f"%<{value.name or 'undefined'}>")

    def _values(self, values: Sequence[Value]) -> list[str]:
        return [self._value(value) for value in values]

    # --- operations -----------------------------------------------------------------------------

    def _block(self, block: Block) -> Iterator[str]:
        for operation in block.operations:
            yield from self._operation(operation)

    def _operation(self, operation: Operation) -> Iterator[str]:
        if operation.opdef is not None:
            operands = print_arguments(operation.opdef, operation.operands, self._value)
        else:
            operands = self._values(operation.operands)
        left = right = ""
        if operation.results and not has_silent_result(operation):
            left = ", ".join(map(self._define, operation.results)) + " = "
            right = " : " + ", ".join(print_type(r.type) for r in operation.results)
        head = " ".join([operation.name, *[", ".join(operands)] * bool(operands)])
        place = self._location(operation.location)
        if operation.name in LOOPS and operation.opdef is None and len(operation.blocks) == 1:
            head = self._loop_head(operation, operands)
        yield f"{left}{head}{right}{place}{' {' * bool(operation.blocks)}"
        if operation is self.mark[0]:
            yield f"^^^ {self.mark[1]}"
        for number, block in enumerate(operation.blocks):
            if number:
                yield "} else {"
            yield from self._indented(block)
        if operation.blocks:
            yield "}"

    def _loop_head(self, operation: Operation, operands: Sequence[str]) -> str:
        arguments = list(operation.blocks[0].arguments)
        head, starts = operation.name, list(operands)
        if operation.name == "for" and arguments and starts:
            item = arguments.pop(0)
            head += f" {self._define(item)}: {print_type(item.type)} in {starts.pop(0)}"
        names = list(map(self._define, arguments))
        if not names and not starts:
            return head
        # Lists of unequal length are broken IR; the verifier prints it too.
        names += ["?"] * (len(starts) - len(names))
        starts += ["?"] * (len(names) - len(starts))
        pairs = [f"{name} = {start}" for name, start in zip(names, starts, strict=True)]
        return f"{head} carry({', '.join(pairs)})"

    def _indented(self, block: Block) -> Iterator[str]:
        for line in self._block(block):
            yield f"  {line}"

    def _location(self, location: Location | None) -> str:
        if self.files is None or location is None:
            return ""
        start = f"{location.line}:{location.column}"
        end = f"{location.end_line}:{location.end_column}"
        return f" loc(f{self.files[location.file]}:{start}-{end})"


def default_type(value: Any) -> Type | None:
    """Return the type that a constant has in the text unless another one is written beside it."""
    if value is UNBOUND:
        return NEVER
    try:
        type_ = resolve(type_of(value))
    except RuleError:
        return None
    return generalize(type_) if is_pooled(value) else type_


def has_silent_result(operation: Operation) -> bool:
    """Tell whether the text leaves out the results: a single unused `None`."""
    if len(operation.results) != 1 or (operation.opdef is None and operation.name != "call"):
        return False
    (result,) = operation.results
    return result.type == NONE and not result.uses and not result.name


def print_arguments(opdef: OpDef, operands: Sequence[Value], show: Any) -> list[str]:
    """Return the operands of an operation as its schema writes them, defaults left out."""
    fixed = [p for p in opdef.schema.parameters if not p.variadic]
    given = list(zip(fixed, operands, strict=False))
    rest = operands[len(fixed) :]
    parts: list[str] = []
    named = False
    for parameter, value in given:
        if parameter.keyword_only or (not rest and _is_default(parameter, value)):
            named = True
        elif named:
            parts.append(f"{parameter.name}={show(value)}")
        else:
            parts.append(show(value))
    parts += map(show, rest)
    parts += [f"{p.name}={show(v)}" for p, v in given if p.keyword_only and not _is_default(p, v)]
    return parts


def _is_default(parameter: Parameter, value: Value) -> bool:
    return (
        parameter.default is not REQUIRED
        and isinstance(value, Constant)
        and same_literal(value.value, parameter.default)
        and value.type == default_type(value.value)
    )
