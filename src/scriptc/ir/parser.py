"""Reading `.graph` back into IR.

The text may come from anywhere: nothing in it is evaluated or looked up outside of the registry
and the constants that are passed, sizes and nesting are limited, and anything that does not fit
the grammar of `docs/ir.md` raises `ParseError`. What fits the grammar is then verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scriptc.ir.builder import constant
from scriptc.ir.graph import (
    Block,
    ClassDef,
    Function,
    Operation,
    Program,
    Value,
)
from scriptc.ir.literals import LiteralParser
from scriptc.ir.location import Location, SourceFile
from scriptc.ir.opdef import OpDef, RuleError
from scriptc.ir.schema import BindError
from scriptc.ir.text import LOOPS, STRUCTURAL, is_attribute_name
from scriptc.ir.tokens import ParseError, Token
from scriptc.ir.types import NONE, Type
from scriptc.ir.verifier import infer_checked, verify_function, verify_program

Registry = Mapping[str, OpDef]
_MAX_LINE = 10**9


def parse_program(
    text: str,
    registry: Registry,
    constants: Sequence[Any] = (),
    *,
    sources: Iterable[SourceFile] = (),
    verify: bool = True,
) -> Program:
    """Return the program that a text describes.

    `constants` are the pooled objects `#0`, `#1`... (see `printer.constants_of`). Locations refer
    to those of `sources` with the same path and first line, where there are any. Raises
    `ParseError`, and `VerifyError` unless `verify` is false.
    """
    parser = _Parser(text, registry, constants, sources)
    program = parser.program()
    if verify:
        verify_program(program)
    return program


def parse_function(
    text: str,
    registry: Registry,
    constants: Sequence[Any] = (),
    *,
    sources: Iterable[SourceFile] = (),
    verify: bool = True,
) -> Function:
    """Return the only function of a text; see `parse_program`."""
    program = _Parser(text, registry, constants, sources).program()
    if len(program.functions) != 1 or program.classes:
        raise ParseError(1, 1, f"expected one function, found {len(program.functions)}")
    (function,) = program.functions.values()
    if verify:
        verify_function(function)
    return function


class _Parser(LiteralParser):
    """Reads a whole text. Inside a function it knows which values are visible."""

    def __init__(
        self,
        text: str,
        registry: Registry,
        constants: Sequence[Any],
        sources: Iterable[SourceFile],
    ) -> None:
        super().__init__(text, constants)
        self._registry = registry
        self._sources = {source: source for source in sources}
        self._files: list[SourceFile] = []
        self._defined: set[str] = set()
        self._visible: dict[str, Value] = {}
        self._scope: list[str] = []

    # --- the whole text -------------------------------------------------------------------------

    def program(self) -> Program:
        program = Program()
        self.skip_newlines()
        while not self.at("end"):
            start = self.token
            if self.accept_word("file"):
                self._file()
            elif self.accept_word("class"):
                definition = self._class()
                if definition.name in program.classes:
                    raise self.error(f"class {definition.name} is declared twice", start)
                program.classes[definition.name] = definition
            elif self.accept_word("func"):
                function = self._function()
                if function.name in program.functions:
                    raise self.error(f"@{function.name} is defined twice", start)
                program.add_function(function)
            else:
                raise self.expected("`func`, `class` or `file`")
            self.end_line()
        return program

    def _file(self) -> None:
        label = self.expect("name", "the label of a file")
        if label.text != f"f{len(self._files)}":
            raise self.error(f"expected the label f{len(self._files)}", label)
        path = self.string("a path")
        line = self.integer("the number of the first line", low=1, high=_MAX_LINE)
        file = SourceFile(path, "", line)
        self._files.append(self._sources.get(file, file))

    def _class(self) -> ClassDef:
        name = self.expect("name", "the name of a class")
        if not is_attribute_name(name.text):
            raise self.error(f"{name.text!r} cannot be the name of a class", name)
        definition = ClassDef(name.text, self.string("the qualified name of the class"))
        self.expect("{")
        self.end_line()
        while not self.accept("}"):
            self._class_line(definition)
            self.end_line()
        return definition

    def _class_line(self, definition: ClassDef) -> None:
        token = self.expect("name", "an attribute or `}`")
        lists = {
            "parameters": definition.parameters,
            "buffers": definition.buffers,
            "transient": definition.transient,
            "submodules": definition.submodules,
        }
        if self.accept(":"):
            if not is_attribute_name(token.text):
                raise self.error(f"{token.text!r} cannot be the name of an attribute", token)
            if token.text in definition.attributes:
                raise self.error(f"attribute {token.text} is declared twice", token)
            definition.attributes[token.text] = self.type()
        elif token.text in lists:
            names = lists[token.text]
            names.append(self.string())
            while self.accept(","):
                names.append(self.string())
        elif token.text == "method":
            name = self.expect("name", "the name of a method")
            if name.text in definition.methods:
                raise self.error(f"method {name.text} is declared twice", name)
            definition.methods[name.text] = self.function_name()
        else:
            raise self.error(f"expected `:` after the attribute {token.text!r}", token)

    # --- functions ------------------------------------------------------------------------------

    def _function(self) -> Function:
        function = Function(self.function_name())
        self._defined, self._visible, self._scope = set(), {}, []
        self._parameters(function)
        if self.accept("->"):
            function.return_type = self.type()
        if self.accept_word("from"):
            function.origin = self.string("a qualified name")
        if self.accept_word("rules"):
            function.rules = self.string("the name of promotion rules")
        function.composite = self.accept_word("composite")
        function.location = self._place()
        self._block(function.body)
        return function

    def _parameters(self, function: Function) -> None:
        self.expect("(")
        keyword_only: list[str] | None = None
        first = True
        while not self.at(")"):
            if not first:
                self.expect(",")
            first = False
            if keyword_only is None and self.accept("*"):
                self.expect(",")
                keyword_only = []
            token = self.expect("value", "a parameter")
            self.expect(":")
            argument = function.body.add_argument(self.type(), _plain_name(token))
            self._define(token, argument)
            if keyword_only is not None:
                keyword_only.append(argument.name)
            if self.accept("="):
                if not argument.name or token.text != f"%{argument.name}":
                    raise self.error("a default needs a parameter with a name of its own", token)
                function.defaults[argument.name] = self.literal()
        self.expect(")")
        function.keyword_only = tuple(keyword_only or ())

    # --- values ---------------------------------------------------------------------------------

    def _define(self, token: Token, value: Value) -> None:
        if token.text in self._defined:
            raise self.error(f"{token.text} is defined twice", token)
        if value.name and not value.name.isidentifier():
            raise self.error(f"{token.text} is not a name", token)
        self._defined.add(token.text)
        self._scope.append(token.text)
        self._visible[token.text] = value

    def _operand(self) -> Value:
        if not self.at("value"):
            return self.constant()
        token = self.advance()
        value = self._visible.get(token.text)
        if value is None:
            known = "not visible" if token.text in self._defined else "not defined"
            raise self.error(f"{token.text} is {known} here", token)
        return value

    def _place(self) -> Location | None:
        token = self.accept("place")
        if token is None:
            return None
        numbers = token.text[5:-1].replace("-", ":").split(":")
        index, line, column, end_line, end_column = map(int, numbers)
        if index >= len(self._files):
            raise self.error(f"there is no file f{index}", token)
        return Location(self._files[index], line, column, end_line, end_column)

    # --- blocks and operations ------------------------------------------------------------------

    def _block(self, block: Block, arguments: Sequence[tuple[Token, Value]] = ()) -> None:
        """Read `{ operations }`. What is defined inside is not visible after it."""
        self.enter()
        outer, self._scope = self._scope, []
        for token, argument in arguments:
            self._define(token, argument)
        self.expect("{")
        self.end_line()
        while not self.accept("}"):
            self._operation(block)
            if not self.at("}"):
                self.end_line()
        for name in self._scope:
            del self._visible[name]
        self._scope = outer
        self.leave()

    def _operation(self, block: Block) -> None:
        left: list[Token] = []
        if self.at("value"):
            left.append(self.advance())
            while self.accept(","):
                left.append(self.expect("value", "a result"))
            self.expect("=")
        token = self.expect("name", "an operation")
        opdef = self._registry.get(token.text)
        if opdef is not None:
            operation = self._regular(token, opdef, left)
        elif token.text in STRUCTURAL:
            operation = self._structural(token, left)
        else:
            raise self.error(f"there is no operation {token.text!r}", token)
        # A result that the text leaves out has no name; other counts were compared.
        for name, result in zip(left, operation.results, strict=False):
            self._define(name, result)
        block.append(operation)

    def _regular(self, token: Token, opdef: OpDef, left: Sequence[Token]) -> Operation:
        positional: list[Value] = []
        keywords: dict[str, Value] = {}
        while not self._at_end_of_operands():
            if positional or keywords:
                self.expect(",")
            if self.at("name") and self.next_is("="):
                name = self.advance()
                self.expect("=")
                if name.text in keywords:
                    raise self.error(f"two values for {name.text!r}", name)
                keywords[name.text] = self._operand()
            elif keywords:
                raise self.expected("`name=value`, since one came before")
            else:
                positional.append(self._operand())
        try:
            bound = opdef.schema.bind(positional, keywords)
            operands = [v if isinstance(v, Value) else constant(v) for v in bound]
            types = self._result_types(left)
            if types is None:
                types = infer_checked(opdef, operands)
        except BindError as error:
            raise self.error(str(error), token) from None
        except RuleError as error:
            raise self.error(error.message, token) from None
        if not left and types not in ([], [NONE]):
            raise self.error(f"the results of {token.text!r} must be named", token)
        names = list(map(_plain_name, left))
        return Operation(
            opdef.name, operands, types, opdef=opdef, location=self._place(), result_names=names
        )

    def _at_end_of_operands(self) -> bool:
        return self.token.kind in (":", "newline", "place", "}", "{", "end")

    def _result_types(self, left: Sequence[Token]) -> list[Type] | None:
        if not left:
            return None
        self.expect(":")
        types = self.types()
        if len(types) != len(left):
            raise self.error(f"{len(left)} results have {len(types)} types", left[0])
        return types

    def _structural(self, token: Token, left: Sequence[Token]) -> Operation:
        operands: list[Value] = []
        arguments: list[tuple[Token, Type | None]] = []
        if token.text in LOOPS:
            self._loop_head(token, operands, arguments)
        while not self._at_end_of_operands():
            if operands:
                self.expect(",")
            operands.append(self._operand())
        types = self._result_types(left)
        if types is None:
            types = [NONE] if token.text == "call" else []
        operation = Operation(
            token.text,
            operands,
            types,
            location=self._place(),
            result_names=list(map(_plain_name, left)),
        )
        if token.text in LOOPS:
            self._loop_body(operation, arguments)
        elif token.text == "if":
            self._block(operation.add_block())
            self.expect_word("else")
            self._block(operation.add_block())
        return operation

    def _loop_head(
        self,
        token: Token,
        operands: list[Value],
        arguments: list[tuple[Token, Type | None]],
    ) -> None:
        """Read `for %item: type in %iterable carry(%a = %init)`, or `loop` with the last part."""
        if token.text == "for":
            item = self.expect("value", "the item of the loop")
            self.expect(":")
            arguments.append((item, self.type()))
            self.expect_word("in")
            operands.append(self._operand())
        if not self.accept_word("carry"):
            return
        self.expect("(")
        while not self.at(")"):
            if len(operands) > (token.text == "for"):
                self.expect(",")
            arguments.append((self.expect("value", "a carried value"), None))
            self.expect("=")
            operands.append(self._operand())
        self.expect(")")
        if not self._at_end_of_operands():
            raise self.expected("`:` and the types of the results")

    def _loop_body(
        self, operation: Operation, arguments: Sequence[tuple[Token, Type | None]]
    ) -> None:
        block = operation.add_block()
        carried = [token for token, type_ in arguments if type_ is None]
        if len(carried) != len(operation.results):
            place = carried[0] if carried else None
            what = f"{len(carried)} carried values and {len(operation.results)} results"
            raise self.error(what, place)
        types = iter([result.type for result in operation.results])
        values = [
            (token, block.add_argument(next(types) if type_ is None else type_, _plain_name(token)))
            for token, type_ in arguments
        ]
        self._block(block, values)


def _plain_name(token: Token) -> str:
    """Return the name of a value without what makes it unique; a number is no name."""
    name = token.text[1:].partition(".")[0]
    return "" if name.isdecimal() else name
