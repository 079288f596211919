"""Writing `.code`: a function of the IR as Python that people read and the front end reads back."""

from __future__ import annotations

import ast
import builtins
import itertools
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence

from scriptc.ir.diagnostic import InternalError
from scriptc.ir.graph import (
    Constant,
    ExceptionRef,
    Function,
    FunctionRef,
    Operation,
    Program,
    Value,
)
from scriptc.ir.python.emitter import Emitter
from scriptc.ir.python.spelling import dotted, literal, pooled, spelled, type_text
from scriptc.ir.python.templates import Expression
from scriptc.ir.python.variables import Group
from scriptc.ir.types import NONE, ClassType

_WIDTH = 80
_LIBRARY = "scriptc.nn.functional."
_RESERVED = frozenset(
    {*keyword.kwlist, *vars(builtins), "np", "math", "F", "ops", "CONSTANTS", "Tensor", "Iterator"}
)


def print_code(function: Function, program: Program) -> str:
    """Return a function as Python source, below the functions of the program that it calls.

    Functions of scriptc's own library are called by their names there, and methods on their
    objects. Arrays and other objects without a literal are written `CONSTANTS.c0`, numbered in the
    order of the program.
    """
    context = _Context(program)
    texts = [_Writer(f, context).text() for f in context.order(function)]
    return "\n\n".join(texts)


class _Context:
    """What the functions of one text share: names and the numbers of pooled constants."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.pool: dict[int, int] = {}
        for function in program.functions.values():
            for operation in function.walk():
                for operand in operation.operands:
                    if isinstance(operand, Constant):
                        for value in pooled(operand.value):
                            self.pool.setdefault(id(value), len(self.pool))
        self.methods = {
            (class_.name, implementation): method
            for class_ in program.classes.values()
            for method, implementation in class_.methods.items()
        }
        self.names: dict[str, str] = {}
        taken = set(_RESERVED)
        for name in program.functions:
            plain = _identifier(name)
            if any(implementation == name for _, implementation in self.methods):
                plain = _identifier(name.rpartition(".")[2])
                self.names[name] = plain
                continue
            self.names[name] = unique = next(n for n in _numbered(plain) if n not in taken)
            taken.add(unique)

    def is_printed(self, operation: Operation) -> bool:
        """Tell whether the function that a `call` calls is printed as well."""
        callee = self.callee(operation)
        return not callee.composite and self.method(operation) is None

    def callee(self, operation: Operation) -> Function:
        reference = operation.operands[0]
        assert isinstance(reference, Constant)
        assert isinstance(reference.value, FunctionRef)
        return self.program.functions[reference.value.name]

    def method(self, operation: Operation) -> str | None:
        """Return the name of the method that a `call` calls on its first argument, if it is one."""
        if len(operation.operands) < 2:
            return None
        type_ = operation.operands[1].type
        if not isinstance(type_, ClassType):
            return None
        return self.methods.get((type_.name, self.callee(operation).name))

    def order(self, function: Function) -> list[Function]:
        """Return the functions to print: what a function calls stands above it."""
        found: dict[str, Function] = {}
        entered: set[str] = set()

        def visit(current: Function) -> None:
            entered.add(current.name)
            for operation in current.walk():
                if operation.name == "call" and operation.opdef is None:
                    callee = self.callee(operation)
                    if callee.name not in entered and self.is_printed(operation):
                        visit(callee)
            found[current.name] = current

        visit(function)
        return list(found.values())


class _Writer(Emitter):
    """Writes one function."""

    checked = False

    def __init__(self, function: Function, context: _Context) -> None:
        self.context = context
        self._taken: set[str] = set()
        super().__init__(function)

    def text(self) -> str:
        """Return the source of the function."""
        body = self.emit_body()
        for node in (inner for statement in body for inner in ast.walk(statement)):
            match node:
                case ast.Return(ast.Constant(None)) if self.function.return_type == NONE:
                    node.value = None
        if len(body) > 1 and isinstance(body[-1], ast.Return) and body[-1].value is None:
            body.pop()
        name = self.context.names.get(self.function.name, _identifier(self.function.name))
        result = self.function.return_type
        definition = ast.FunctionDef(
            name,
            self._signature(),
            body,
            [],
            None if result is None else _annotation(type_text(result)),
        )
        return ast.unparse(ast.fix_missing_locations(ast.Module([definition], []))) + "\n"

    def _signature(self) -> ast.arguments:
        function = self.function
        by_position: list[ast.arg] = []
        by_keyword: list[ast.arg] = []
        defaults: list[ast.expr] = []
        keyword_defaults: list[ast.expr | None] = []
        for i, parameter in enumerate(function.parameters):
            is_self = i == 0 and parameter.name == "self"
            annotation = None if is_self else _annotation(type_text(parameter.type))
            argument = ast.arg(self.variables[parameter], annotation)
            default = None
            if parameter.name in function.defaults:
                default = literal(function.defaults[parameter.name], self.context.pool)
            if parameter.name in function.keyword_only:
                by_keyword.append(argument)
                keyword_defaults.append(default)
            else:
                by_position.append(argument)
                if default is not None:
                    defaults.append(default)
        return ast.arguments([], by_position, None, by_keyword, keyword_defaults, None, defaults)

    # --- hooks -----------------------------------------------------------------------------------

    def name_variables(self) -> None:
        parameters = self.function.parameters
        first = {id(p): p.name for p in parameters}
        reserved = _RESERVED.union(self.context.names.values()) - {p.name for p in parameters}

        def names(group: Group) -> Iterator[str]:
            for member in group.values:
                if id(member) in first:
                    yield first[id(member)]
            labels = sorted(m.name for m in group.values if m.name)
            base = _identifier(labels[0].partition(".")[0]) if labels else "t"
            return (yield from (n for n in _numbered(base) if n not in reserved))

        self.variables.name(names, parameters)
        self._taken = {group.variable for group in self.variables.groups()} | reserved

    def may_join(self, a: Value, b: Value) -> bool:
        x, y = a.name.partition(".")[0], b.name.partition(".")[0]
        return not x or not y or x == y

    def may_nest(self, value: Value, expression: Expression) -> bool:
        if value.name:
            return False
        try:
            text = ast.unparse(expression.node)
        except ValueError:
            # An f-string with a backslash inside of an f-string.
            return False
        (user,) = set(self.uses.of(value))
        if user.is_terminator:
            return True  # the line of an assignment would be as long
        quoted = user.name in ("format", "concat_str") and user.opdef is not None
        if (
            quoted
            and not isinstance(expression.node, ast.JoinedStr)
            and re.search(r"['\"\\]", text)
        ):
            return False
        return len(text) <= _WIDTH

    def constant(self, constant: Constant) -> ast.expr:
        return literal(constant.value, self.context.pool)

    def kernel_call(self, operation: Operation, operands: Sequence[Expression]) -> ast.expr:
        nodes = [operand.node for operand in operands]
        if operation.name == "format" and len(nodes) == 3:
            formatted = _formatted(nodes[0], operation.operands[1:])
            if formatted is not None:
                return ast.JoinedStr([formatted])
        if operation.name == "concat_str":
            parts: list[ast.expr] = []
            for node in nodes:
                parts += _string_parts(node)
            return ast.JoinedStr(parts)
        return spelled(operation, nodes)

    def function_call(self, operation: Operation, operands: Sequence[Expression]) -> ast.expr:
        callee = self.context.callee(operation)
        nodes = [operand.node for operand in operands]
        method = self.context.method(operation)
        if method is not None:
            target: ast.expr = ast.Attribute(nodes[0], method, ast.Load())
        elif callee.composite and callee.origin.startswith(_LIBRARY):
            target = dotted("F." + callee.origin.rpartition(".")[2])
        elif callee.composite:
            target = dotted(callee.origin)
        else:
            target = ast.Name(self.context.names[callee.name], ast.Load())
        by_position: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        for parameter, node in zip(callee.parameters, nodes, strict=False):
            if parameter.name in callee.keyword_only:
                keywords.append(ast.keyword(parameter.name, node))
            else:
                by_position.append(node)
        return ast.Call(target, by_position[method is not None :], keywords)

    def exception(self, constant: Constant) -> ast.expr:
        assert isinstance(constant.value, ExceptionRef)
        return literal(constant.value, self.context.pool)

    def outer_name(self, operation: Operation, name: str) -> ast.expr:
        return ast.Name(name, ast.Load())

    def attribute(self, name: str) -> str:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise InternalError(f"{name!r} cannot be the name of an attribute")
        return name

    def fresh_name(self) -> str:
        name = next(n for n in _numbered("t") if n not in self._taken)
        self._taken.add(name)
        return name


def _identifier(name: str) -> str:
    """Return a name with all that an identifier may not hold replaced."""
    plain = re.sub(r"\W", "_", name) or "t"
    return f"_{plain}" if plain[0].isdigit() else plain


def _numbered(base: str) -> Iterator[str]:
    yield base
    yield from (f"{base}_{n}" for n in itertools.count(1))


def _annotation(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


_CONVERSIONS: Mapping[str, int] = {"": -1, "s": ord("s"), "r": ord("r"), "a": ord("a")}


def _formatted(value: ast.expr, options: Sequence[Value]) -> ast.FormattedValue | None:
    """Return `{value!conversion:spec}` of an f-string, if spec and conversion are constants."""
    spec, conversion = (o.value if isinstance(o, Constant) else None for o in options)
    if (
        not isinstance(spec, str)
        or not isinstance(conversion, str)
        or conversion not in _CONVERSIONS
    ):
        return None
    inner = ast.JoinedStr([ast.Constant(spec)]) if spec else None
    return ast.FormattedValue(value, _CONVERSIONS[conversion], inner)


def _string_parts(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.JoinedStr(values):
            return list(values)
        case ast.Constant(str()):
            return [node]
    return [ast.FormattedValue(node, -1, None)]
