"""Running IR: each function becomes one Python function, made as a syntax tree.

The tree holds numbered variables, plain constants and operators only. Kernels, arrays, exception
classes and other functions are handed over as global variables of the function. Nothing in a
program is ever read as source text, so a program from an untrusted archive cannot become code.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import CodeType, FunctionType, MappingProxyType
from typing import Any

from scriptc.ir.builder import INT_MAX, INT_MIN
from scriptc.ir.diagnostic import InternalError, UnsupportedError
from scriptc.ir.graph import (
    UNBOUND,
    Constant,
    ExceptionRef,
    Function,
    FunctionRef,
    Instance,
    Operation,
    Program,
    Value,
)
from scriptc.ir.location import Location
from scriptc.ir.opdef import Trait
from scriptc.ir.python.emitter import Emitter
from scriptc.ir.python.expressions import Node
from scriptc.ir.python.templates import Expression, Template
from scriptc.ir.python.variables import Group
from scriptc.ir.text import is_attribute_name
from scriptc.ir.types import INT, TensorType, members_of
from scriptc.runtime.entry import make_entry
from scriptc.runtime.exceptions import (
    INFO,
    MAX_COLUMN,
    RESERVED_LINE,
    FrameInfo,
    exception_class,
    is_sound,
    path_of,
)
from scriptc.runtime.helpers import fitting, overflow, trampoline
from scriptc.runtime.ranges import Bounds

_INLINE = frozenset({type(None), bool, int, float, complex, str, type(...)})
_SINGLETONS = frozenset({type(None), bool, type(...)})
_MAX_DEPTH = 30
# Ints below this are one digit inside CPython, and comparing those is fastest.
_SMALL = 2**30 - 1


Link = Callable[[Callable[[Callable[..., Any]], None]], Callable[..., Any]]
"""Gives what answers the calls of a function; it is told where to put another one later."""


class Executable:
    """A program that can be called. Functions are compiled at their first call, once.

    The program must not change any more. What runs is what `prepare` returns for it, which is
    called once, before the first function is compiled; it must have the same functions with the
    same parameters. Calls of the functions named in `links` are answered by what these give. All
    methods may be used from any thread.
    """

    def __init__(
        self,
        program: Program,
        prepare: Callable[[Program], Program] | None = None,
        links: Mapping[str, Link] = MappingProxyType({}),
    ) -> None:
        self.program = program
        self._links = links
        self._prepare = prepare
        self._prepared: Program | None = None
        self._functions: dict[str, FunctionType] = {}
        self._lock = threading.RLock()

    def function(self, name: str) -> Callable[..., Any]:
        """Return a function of the program, taking all arguments by position, unchecked.

        Raises `KeyError` if the program has no such function, and `UnsupportedError` if Python
        cannot hold it.
        """
        compiled = self._functions.get(name)
        if compiled is None:
            with self._lock:
                compiled = self._functions.get(name)
                if compiled is None:
                    compiled = _Compiler(self._prepared_function(name), self).compile()
                    self._functions[name] = compiled
        return compiled

    def _prepared_function(self, name: str) -> Function:
        if self._prepared is None:
            self._prepared = self._prepare(self.program) if self._prepare else self.program
        return self._prepared.functions[name]

    def entry(self, name: str, *, bound: Instance | None = None) -> Callable[..., Any]:
        """Return a function as users call it: arguments bind as in Python and are checked.

        With `bound`, the first parameter is that instance. The callable raises `ArgumentError`
        for arguments that do not fit, and what the program raises.
        """
        function = self.program.functions[name]
        return make_entry(function, partial(self.hand_over, name), bound)

    def hand_over(self, name: str, namespace: dict[str, Any], key: str) -> None:
        """Put a function into the globals of another one, to be compiled when it is called."""
        link = self._links.get(name)
        if link is not None:
            namespace[key] = link(partial(namespace.__setitem__, key))
            return
        compiled: Callable[..., Any] | None = self._functions.get(name)
        if compiled is None:
            compiled = trampoline(namespace, key, partial(self.function, name))
        namespace[key] = compiled


class _Compiler(Emitter):
    """Compiles one function."""

    def __init__(self, function: Function, executable: Executable) -> None:
        self.executable = executable
        self.info = FrameInfo(function.origin.rpartition(".")[2], outlined=function.outlined)
        if function.location is not None:
            self.info.file = function.location.file
        self.namespace: dict[str, Any] = {
            # C code looks here for `__import__`; our trees name nothing of it.
            "__builtins__": vars(builtins),
            "__name__": function.origin.rpartition(".")[0] or "__main__",
            INFO: self.info,
        }
        self._handed: dict[tuple[str, Any], str] = {}
        self._foreign: dict[Location | None, int] = {}
        self._inlined: dict[Location, int] = {}
        self._lines: list[str] | None = None
        self._numbers = itertools.count()
        super().__init__(function)
        self._bounds = Bounds(self.uses)

    def compile(self) -> FunctionType:
        """Return the Python function."""
        function, info = self.function, self.info
        parameters = [ast.arg(self.variables[p]) for p in function.parameters]
        arguments = ast.arguments([], parameters, None, [], [], None, [])
        definition = ast.FunctionDef("f", arguments, self.emit_body(), [])
        self.place(definition, function.location)
        path, tree = path_of(info.file), ast.Module([definition], [])
        try:
            module = compile(tree, path, "exec", dont_inherit=True)
        except (SyntaxError, RecursionError) as error:
            raise UnsupportedError(
                f"`{info.function}` is nested too deeply to run: {error.args[0]}"
            ) from error
        (code,) = (c for c in module.co_consts if isinstance(c, CodeType))
        code = code.replace(co_name=info.function, co_qualname=info.function)
        return FunctionType(code, self.namespace, info.function)

    def _hand_over(self, kind: str, key: Any, value: Any) -> ast.expr:
        name = self._handed.get((kind, key))
        if name is None:
            name = self._handed[kind, key] = f"{kind}{len(self._handed)}"
            self.namespace[name] = value
        return ast.Name(name, ast.Load())

    # --- hooks -----------------------------------------------------------------------------------

    def name_variables(self) -> None:
        def numbered(group: Group) -> Iterator[str]:
            return (f"v{n}" for n in itertools.count())

        self.variables.name(numbered, self.function.parameters)

    def may_join(self, a: Value, b: Value) -> bool:
        return True

    def may_nest(self, value: Value, expression: Expression) -> bool:
        return expression.depth <= _MAX_DEPTH

    def constant(self, constant: Constant) -> ast.expr:
        value = constant.value
        if _is_inline(value):
            return ast.Constant(value)
        return self._hand_over("c", id(constant) if value is not UNBOUND else UNBOUND, value)

    def template(self, operation: Operation) -> Template | None:
        if Trait.GUARDED in operation.traits and not isinstance(operation.result.type, TensorType):
            return None
        return super().template(operation)

    def kernel_call(self, operation: Operation, operands: Sequence[Expression]) -> ast.expr:
        assert operation.opdef is not None
        kernel = self._hand_over("k", operation.opdef, operation.opdef.kernel)
        return ast.Call(kernel, [operand.node for operand in operands], [])

    def function_call(self, operation: Operation, operands: Sequence[Expression]) -> ast.expr:
        callee = operation.operands[0]
        assert isinstance(callee, Constant)
        assert isinstance(callee.value, FunctionRef)
        name = callee.value.name
        reference = self._hand_over("f", name, None)
        assert isinstance(reference, ast.Name)
        if self.namespace[reference.id] is None:
            self.executable.hand_over(name, self.namespace, reference.id)
        nodes = [operand.node for operand in operands]
        called = self.executable.program.functions[name]
        for parameter in called.parameters[len(nodes) :]:
            default = called.defaults[parameter.name]
            nodes.append(self._hand_over("d", (name, parameter.name), default))
        return ast.Call(reference, nodes, [])

    def exception(self, constant: Constant) -> ast.expr:
        reference = constant.value
        assert isinstance(reference, ExceptionRef)
        class_ = exception_class(reference, self.executable.program)
        return self._hand_over("e", reference, class_)

    def outer_name(self, operation: Operation, name: str) -> ast.expr:
        return self._hand_over("b", name, getattr(builtins, name))

    def attribute(self, name: str) -> str:
        if not is_attribute_name(name):
            raise InternalError(f"{name!r} cannot be the name of an attribute")
        return name

    def fresh_name(self) -> str:
        return f"w{next(self._numbers)}"

    def bound_check(self, operation: Operation, value: ast.expr) -> list[ast.stmt]:
        name = operation.operands[1]
        assert isinstance(name, Constant)
        message = (
            f"cannot access local variable '{name.value}' where it is not associated with a value"
        )
        unbound = self._hand_over("c", UNBOUND, UNBOUND)
        error = self._hand_over("e", UnboundLocalError, UnboundLocalError)
        raised = ast.Call(error, [ast.Constant(message)], [])
        test = ast.Compare(value, [ast.Is()], [unbound])
        return [ast.If(test, [ast.Raise(raised, None)], [])]

    def finish(self, operation: Operation, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot):
            # CPython would warn of `is` with a literal.
            node.left = self._no_literal(node.left)
            node.comparators[0] = self._no_literal(node.comparators[0])
        elif isinstance(node, ast.Subscript):
            node.value = self._no_literal(node.value)
        if (
            Trait.INT_RANGE in operation.traits
            and len(operation.results) == 1
            and INT in members_of(operation.result.type)
        ):
            if operation.result.type != INT:
                return ast.Call(self._hand_over("h", "fitting", fitting), [node], [])
            if self._bounds.of(operation.result) is None:
                return self._checked(node)
        return node

    def _no_literal(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Constant) and type(node.value) not in _SINGLETONS:
            return self._hand_over("c", (type(node.value), repr(node.value)), node.value)
        return node

    def _checked(self, node: ast.expr) -> ast.expr:
        """Return `t if (t := node) fits in 64 bits else overflow(t)`; small ints are quickest."""

        def value() -> ast.expr:
            return ast.Name("t", ast.Load())

        first = ast.NamedExpr(ast.Name("t", ast.Store()), node)
        below = ast.Compare(first, [ast.Lt()], [ast.Constant(_SMALL)])
        above = ast.Compare(value(), [ast.Gt()], [ast.Constant(-_SMALL)])
        fits = ast.Compare(
            ast.Constant(INT_MIN), [ast.LtE(), ast.LtE()], [value(), ast.Constant(INT_MAX)]
        )
        test = ast.BoolOp(ast.Or(), [ast.BoolOp(ast.And(), [below, above]), fits])
        raised = ast.Call(self._hand_over("h", "overflow", overflow), [value()], [])
        return ast.IfExp(test, value(), raised)

    # --- positions -------------------------------------------------------------------------------

    def place(self, node: Node, location: Location | None) -> Node:
        self._put(node, *self._position(location))
        return node

    def _put(self, node: ast.AST, *position: int) -> None:
        if "lineno" in node._attributes:
            if hasattr(node, "lineno"):
                return
            node.lineno, node.col_offset, node.end_lineno, node.end_col_offset = position  # type: ignore[attr-defined]  # those with `lineno` have all four
        for child in ast.iter_child_nodes(node):
            self._put(child, *position)

    def _position(self, location: Location | None) -> tuple[int, int, int, int]:
        file = self.info.file
        if location is not None and file is not None and location.file.path == file.path:
            line, end_line = location.line, location.end_line
            first = self._byte_column(line, location.column)
            last = self._byte_column(end_line, location.end_column)
            if is_sound(line, first, end_line, last):
                if location.inlined is None:
                    return line, first, end_line, last
                column = self._inlined_column(location)
                return line, column, line, column
        index = self._foreign.setdefault(location, len(self._foreign))
        if index == len(self.info.foreign):
            self.info.foreign.append(location)
        line, column = RESERVED_LINE + index, 0
        if location is not None and location.inlined is not None:
            column = self._inlined_column(location)
        return line, column, line, column

    def _inlined_column(self, location: Location) -> int:
        """Return the column for a place in a function that was inlined: its line stays true."""
        index = self._inlined.setdefault(location, len(self._inlined))
        if index == len(self.info.inlined):
            self.info.inlined.append(location)
        return MAX_COLUMN + index

    def _byte_column(self, line: int, column: int) -> int:
        """Return a column in UTF-8 bytes, which `ast` counts in, for one in characters."""
        file = self.info.file
        assert file is not None
        if self._lines is None:
            self._lines = [] if file.text.isascii() else file.text.splitlines()
        index = line - file.first_line
        if 0 <= index < len(self._lines):
            return len(self._lines[index][: max(column, 0)].encode("utf-8", "replace"))
        return column


def _is_inline(value: object) -> bool:
    if type(value) is tuple:
        return all(map(_is_inline, value))
    return type(value) in _INLINE
