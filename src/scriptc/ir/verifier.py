"""Checking that IR is well-formed: structure, scopes, operands and types.

Whatever builds or changes IR must leave IR that verifies; `docs/ir.md` says what that means.
Nothing here changes the IR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scriptc.ir.builder import infer_types, type_of
from scriptc.ir.diagnostic import Error
from scriptc.ir.graph import (
    UNBOUND,
    Block,
    BlockArgument,
    Constant,
    ExceptionRef,
    Function,
    FunctionRef,
    Operation,
    OpResult,
    Program,
    Value,
    attribute_name,
)
from scriptc.ir.opdef import OpDef, RuleError
from scriptc.ir.ops.rules import element_type
from scriptc.ir.printer import print_marked
from scriptc.ir.text import LOOPS, STRUCTURAL, is_attribute_name
from scriptc.ir.types import (
    BOOL,
    ClassType,
    Type,
    accepts,
    map_type,
    prune,
    resolve,
)


class VerifyError(Error):
    """IR that is not well-formed; the message shows the function and points at the operation."""


def verify_program(program: Program) -> None:
    """Check all classes and functions of a program. Raises `VerifyError` for the first fault."""
    for name, definition in program.classes.items():
        where = f"class {name}"
        if definition.name != name or not is_attribute_name(name):
            raise VerifyError(f"{where}: the name does not fit")
        for attribute, type_ in definition.attributes.items():
            if not is_attribute_name(attribute):
                raise VerifyError(f"{where}: an attribute cannot be named {attribute!r}")
            for missing in _unknown_classes(type_, program):
                raise VerifyError(f"{where}: there is no class {missing}")
        for key in (*definition.parameters, *definition.buffers):
            if attribute_name(key) not in definition.attributes and (
                key not in definition.attributes
            ):
                raise VerifyError(f"{where}: there is no attribute {key!r}")
        for method, implementation in definition.methods.items():
            if implementation not in program.functions:
                raise VerifyError(f"{where}: `{method}` is @{implementation}, which is not there")
    for name, function in program.functions.items():
        if function.name != name:
            raise VerifyError(f"@{function.name} is known as @{name}")
        verify_function(function, program)


def verify_function(function: Function, program: Program | None = None) -> None:
    """Check one function; calls and attributes too if its program is given.

    Raises `VerifyError` for the first fault.
    """
    _Verifier(function, program).run()


def infer_checked(opdef: OpDef, operands: Sequence[Value]) -> list[Type]:
    """Return what `infer_types` returns; whatever goes wrong in a type rule is a `RuleError`.

    Operands that no front end would build must not break those who read untrusted text.
    """
    try:
        return infer_types(opdef, operands)
    except RuleError:
        raise
    except Exception as error:
        message = f"the type rule of `{opdef.name}` failed: {type(error).__name__}: {error}"
        raise RuleError(message) from error


def _unknown_classes(type_: Type, program: Program) -> list[str]:
    found: list[str] = []

    def visit(part: Type) -> Type:
        if isinstance(part, ClassType) and part.name not in program.classes:
            found.append(part.name)
        map_type(part, visit)
        return part

    visit(prune(type_))
    return found


class _Verifier:
    def __init__(self, function: Function, program: Program | None) -> None:
        self.function = function
        self.program = program
        self.visible: set[Value] = set()
        self.seen: set[Operation] = set()
        self.uses: dict[Value, dict[Operation, int]] = {}
        self.defined: list[Value] = []

    def run(self) -> None:
        function = self.function
        if function.return_type is None:
            raise self.fault(None, "the function has no return type")
        self._type(function.return_type, None)
        self._parameters()
        if function.body.owner is not function:
            raise self.fault(None, "the body belongs to something else")
        self._block(function.body, None, None)
        self._check_uses()

    def fault(self, operation: Operation | None, message: str) -> VerifyError:
        text = print_marked(self.function, operation, message)
        place = "" if operation is None else f", `{operation.name}`"
        return VerifyError(f"@{self.function.name}{place}: {message}\n{text}")

    def _parameters(self) -> None:
        function = self.function
        names = [p.name for p in function.parameters if p.name]
        if len(set(names)) != len(names):
            raise self.fault(None, "two parameters have one name")
        missing = {*function.defaults, *function.keyword_only} - set(names)
        if missing:
            raise self.fault(None, f"there is no parameter {min(missing)!r}")
        by_position = [p.name for p in function.parameters]
        count = len(function.keyword_only)
        if count:
            if tuple(by_position[-count:]) != function.keyword_only:
                raise self.fault(None, "keyword-only parameters do not stand last")
            by_position = by_position[:-count]
        optional = [name in function.defaults for name in by_position]
        if optional != sorted(optional):
            raise self.fault(None, "a parameter without default follows one with a default")

    def _type(self, type_: Type, operation: Operation | None) -> None:
        if resolve(type_) != type_:
            raise self.fault(operation, f"the type {type_} is open, or not in its simplest form")
        if self.program is not None:
            for name in _unknown_classes(type_, self.program):
                raise self.fault(operation, f"there is no class {name}")

    # --- blocks and scopes ----------------------------------------------------------------------

    def _block(self, block: Block, owner: Operation | None, loop: Operation | None) -> None:
        mine: list[Value] = []
        for index, argument in enumerate(block.arguments):
            if argument.block is not block or argument.index != index:
                raise self.fault(owner, f"the argument {argument} does not know its place")
            self._type(argument.type, owner)
            mine.append(argument)
        self.visible.update(mine)
        if not block.operations:
            raise self.fault(owner, "a block is empty")
        last = len(block.operations) - 1
        for position, operation in enumerate(block.operations):
            if operation in self.seen:
                raise self.fault(operation, "the operation stands in two places")
            self.seen.add(operation)
            if operation.parent is not block:
                raise self.fault(operation, "the operation does not know its block")
            if operation.is_terminator != (position == last):
                if position == last:
                    raise self.fault(operation, "the block does not end in a terminator")
                raise self.fault(operation, "a terminator stands before the end of its block")
            self._operation(operation, owner, loop)
            mine += operation.results
            self.visible.update(operation.results)
        self.visible.difference_update(mine)
        self.defined += mine

    def _operation(
        self, operation: Operation, owner: Operation | None, loop: Operation | None
    ) -> None:
        for operand in operation.operands:
            counts = self.uses.setdefault(operand, {})
            counts[operation] = counts.get(operation, 0) + 1
            if isinstance(operand, Constant):
                self._constant(operation, operand)
            elif not isinstance(operand, OpResult | BlockArgument):
                raise self.fault(operation, f"{operand} is neither a result nor an argument")
            elif operand not in self.visible:
                raise self.fault(operation, f"{operand} is not visible here")
        for index, result in enumerate(operation.results):
            if result.operation is not operation or result.index != index:
                raise self.fault(operation, f"the result {result} does not know its place")
            self._type(result.type, operation)
        if operation.opdef is not None:
            self._regular(operation, operation.opdef)
        elif operation.name not in STRUCTURAL:
            raise self.fault(operation, "there is no such operation")
        elif operation.is_terminator:
            self._terminator(operation, owner, loop)
        else:
            _CHECKS[operation.name](self, operation, loop)
        if operation.blocks and operation.name not in ("if", *LOOPS):
            raise self.fault(operation, "only control flow owns blocks")

    def _constant(self, operation: Operation, value: Constant) -> None:
        structural = operation.opdef is None
        content = value.value
        if content is UNBOUND:
            if not structural or operation.name in ("call", "return", "raise", "set_attr"):
                raise self.fault(operation, "`unbound` cannot be used here")
        elif isinstance(content, FunctionRef | ExceptionRef):
            wanted = "call" if isinstance(content, FunctionRef) else "raise"
            if operation.name != wanted or not structural or value is not operation.operands[0]:
                raise self.fault(operation, f"{content.name} cannot be used here")
        else:
            try:
                actual = type_of(content)
            except RuleError as error:
                raise self.fault(operation, f"a constant: {error.message}") from None
            if not _fits(value.type, actual):
                raise self.fault(operation, f"a constant of type {actual} stands as {value.type}")

    def _check_uses(self) -> None:
        for value in self.defined:
            if value.uses != self.uses.get(value, {}):
                raise self.fault(None, f"the uses of {value} are not those that it knows of")
        for value, counts in self.uses.items():
            for operation, count in counts.items():
                if value.uses.get(operation) != count:
                    raise self.fault(operation, f"{value} does not know of this use")

    # --- operations -----------------------------------------------------------------------------

    def _count(self, operation: Operation, operands: int, results: int, blocks: int = 0) -> None:
        for what, found, wanted in (
            ("operands", len(operation.operands), operands),
            ("results", len(operation.results), results),
            ("blocks", len(operation.blocks), blocks),
        ):
            if found != wanted:
                raise self.fault(operation, f"{found} {what} where there should be {wanted}")

    def _fit(self, operation: Operation, what: str, expected: Type, actual: Type) -> None:
        if not _fits(expected, actual):
            raise self.fault(operation, f"{what} has type {actual}, which is not {expected}")

    def _regular(self, operation: Operation, opdef: OpDef) -> None:
        if operation.name != opdef.name:
            raise self.fault(operation, f"the declaration is that of `{opdef.name}`")
        try:
            inferred = infer_checked(opdef, operation.operands)
        except RuleError as error:
            raise self.fault(operation, error.message) from error
        self._count(operation, len(operation.operands), len(inferred))
        for result, type_ in zip(operation.results, inferred, strict=True):
            self._fit(operation, "the inferred result", result.type, type_)

    def _if(self, operation: Operation, loop: Operation | None) -> None:
        self._count(operation, 1, len(operation.results), 2)
        if operation.operands[0].type != BOOL:
            raise self.fault(operation, f"the condition has type {operation.operands[0].type}")
        for block in operation.blocks:
            self._owned(operation, block, 0)
            self._block(block, operation, loop)

    def _owned(self, operation: Operation, block: Block, arguments: int) -> None:
        if block.owner is not operation:
            raise self.fault(operation, "a block does not know its owner")
        if len(block.arguments) != arguments:
            raise self.fault(operation, f"{len(block.arguments)} block arguments, not {arguments}")

    def _for(self, operation: Operation, loop: Operation | None) -> None:
        self._count(operation, 1 + len(operation.results), len(operation.results), 1)
        self._owned(operation, operation.blocks[0], 1 + len(operation.results))
        try:
            item = element_type(operation.operands[0].type)
        except RuleError as error:
            raise self.fault(operation, error.message) from error
        self._fit(operation, "the item", operation.blocks[0].arguments[0].type, item)
        self._carried(operation, operation.operands[1:], operation.blocks[0].arguments[1:])

    def _loop(self, operation: Operation, loop: Operation | None) -> None:
        self._count(operation, len(operation.results), len(operation.results), 1)
        self._owned(operation, operation.blocks[0], len(operation.results))
        self._carried(operation, operation.operands, operation.blocks[0].arguments)

    def _carried(
        self, operation: Operation, starts: Sequence[Value], arguments: Sequence[Value]
    ) -> None:
        for start, argument, result in zip(starts, arguments, operation.results, strict=True):
            self._fit(operation, "the start of a carried value", argument.type, start.type)
            if argument.type != result.type:
                raise self.fault(
                    operation, f"carried as {argument.type}, and results in {result.type}"
                )
        self._block(operation.blocks[0], operation, operation)

    def _terminator(
        self, operation: Operation, owner: Operation | None, loop: Operation | None
    ) -> None:
        operands = operation.operands
        match operation.name:
            case "return":
                self._count(operation, 1, 0)
                assert self.function.return_type is not None
                self._fit(operation, "the value", self.function.return_type, operands[0].type)
                return
            case "unreachable":
                self._count(operation, 0, 0)
                return
            case "raise":
                first = operands[0] if operands else None
                if not isinstance(first, Constant) or not isinstance(first.value, ExceptionRef):
                    raise self.fault(operation, "the first operand is not an exception class")
                self._count(operation, len(operands), 0)
                return
            case "yield":
                if owner is None or owner.name != "if":
                    raise self.fault(operation, "`yield` stands outside of `if`")
                wanted = owner.results
            case _:
                if loop is None:
                    raise self.fault(operation, "there is no loop around it")
                wanted = loop.results
        self._count(operation, len(wanted), 0)
        for operand, result in zip(operands, wanted, strict=True):
            self._fit(operation, "an operand", result.type, operand.type)

    def _call(self, operation: Operation, loop: Operation | None) -> None:
        first = operation.operands[0] if operation.operands else None
        if not isinstance(first, Constant) or not isinstance(first.value, FunctionRef):
            raise self.fault(operation, "the first operand is not a function")
        self._count(operation, len(operation.operands), 1)
        if self.program is None:
            return
        callee = self.program.functions.get(first.value.name)
        if callee is None or callee.return_type is None:
            raise self.fault(operation, f"there is no function @{first.value.name}")
        arguments = operation.operands[1:]
        missing = [p.name for p in callee.parameters[len(arguments) :]]
        if len(arguments) > len(callee.parameters) or not set(missing) <= set(callee.defaults):
            raise self.fault(operation, f"{len(arguments)} arguments do not fit @{callee.name}")
        for parameter, argument in zip(callee.parameters, arguments, strict=False):
            self._fit(operation, f"the argument {parameter.name}", parameter.type, argument.type)
        self._fit(operation, "the result", operation.result.type, callee.return_type)

    def _attribute(self, operation: Operation) -> Type | None:
        object_, name = operation.operands[:2]
        class_ = object_.type
        if not isinstance(class_, ClassType):
            raise self.fault(operation, f"the object has type {class_}")
        if not isinstance(name, Constant) or not isinstance(name.value, str):
            raise self.fault(operation, "the name of the attribute is not a constant")
        if not is_attribute_name(name.value):
            raise self.fault(operation, f"an attribute cannot be named {name.value!r}")
        if self.program is None:
            return None
        definition = self.program.classes.get(class_.name)
        if definition is None or name.value not in definition.attributes:
            raise self.fault(operation, f"{class_.name} has no attribute {name.value!r}")
        return resolve(definition.attributes[name.value])

    def _get_attr(self, operation: Operation, loop: Operation | None) -> None:
        self._count(operation, 2, 1)
        type_ = self._attribute(operation)
        if type_ is not None:
            self._fit(operation, "the attribute", operation.result.type, type_)

    def _set_attr(self, operation: Operation, loop: Operation | None) -> None:
        self._count(operation, 3, 0)
        type_ = self._attribute(operation)
        if type_ is not None:
            self._fit(operation, "the value", type_, operation.operands[2].type)

    def _refine(self, operation: Operation, loop: Operation | None) -> None:
        self._count(operation, 1, 1)
        before, after = operation.operands[0].type, operation.result.type
        if not _fits(before, after) and not _fits(after, before):
            raise self.fault(operation, f"a value of type {before} is never {after}")

    def _check_bound(self, operation: Operation, loop: Operation | None) -> None:
        self._count(operation, 2, 1)
        name = operation.operands[1]
        if not isinstance(name, Constant) or not isinstance(name.value, str):
            raise self.fault(operation, "the name of the variable is not a constant")
        self._fit(operation, "the value", operation.result.type, operation.operands[0].type)


def _fits(expected: Type, actual: Type) -> bool:
    # Resolved first: `accepts` decides open type variables, and a verifier changes nothing.
    return accepts(resolve(expected), resolve(actual))


_CHECKS: Mapping[str, Callable[[_Verifier, Operation, Operation | None], None]] = {
    "if": _Verifier._if,
    "for": _Verifier._for,
    "loop": _Verifier._loop,
    "call": _Verifier._call,
    "get_attr": _Verifier._get_attr,
    "set_attr": _Verifier._set_attr,
    "refine": _Verifier._refine,
    "check_bound": _Verifier._check_bound,
}
