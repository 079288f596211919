"""The state of lowering one function, and what all its parts use: emitting, lifting, failing.

`statements.py`, `loops.py`, `expressions.py`, `conditions.py` and `calls.py` hold functions that
take a `Lowering` and a node; this module holds what they share.
"""

from __future__ import annotations

import ast
import builtins
import enum
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Sequence as AbstractSequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from scriptc.frontend import statics
from scriptc.frontend.dialects.tables import Dialect
from scriptc.frontend.errors import (
    CompileFailureError,
    RuleViolation,
    RuleViolationWithHelp,
    UndefinedName,
    UnsupportedSyntax,
    UnsupportedValue,
    did_you_mean,
)
from scriptc.frontend.liveness import Liveness
from scriptc.frontend.source import FunctionSource
from scriptc.frontend.statics import Expr, Poison, Static
from scriptc.frontend.subset import describe
from scriptc.frontend.tracing.interception import original
from scriptc.ir.builder import INT_MAX, INT_MIN, Builder, constant, infer_types
from scriptc.ir.diagnostic import Diagnostic
from scriptc.ir.graph import (
    UNBOUND,
    Block,
    Constant,
    Function,
    Operation,
    OpResult,
    Value,
    attribute_name,
)
from scriptc.ir.location import Location
from scriptc.ir.opdef import OpDef, RuleError, Trait
from scriptc.ir.ops import REGISTRY
from scriptc.ir.types import (
    BOOL,
    FLOAT,
    INT,
    STR,
    ClassType,
    Type,
    prune,
    union,
)

if TYPE_CHECKING:
    from scriptc.frontend.compiler import Compiler

_FOLDED = frozenset({INT, FLOAT, BOOL, STR})
_DTYPES = (int, float, bool, complex)
_MAX_FOLDED_TEXT = 4096


class Visitor(Protocol):
    """Dispatches on the class of a node; `visitor.py` has the tables."""

    def expression(self, low: Lowering, node: ast.expr) -> Expr:
        """Lower an expression."""

    def block(self, low: Lowering, statements: AbstractSequence[ast.stmt]) -> None:
        """Lower statements."""

    def assign(self, low: Lowering, target: ast.expr, expr: Expr) -> None:
        """Assign to a target."""

    def branch_on(
        self,
        low: Lowering,
        node: ast.stmt,
        test: Value,
        then_body: Callable[[], None],
        else_body: Callable[[], None],
        names: AbstractSequence[str],
    ) -> None:
        """Lower a branch on a value."""


@dataclass(frozen=True, slots=True)
class AttributePath:
    """An attribute that can be named again: `self.cell.h` is `cell`, then `h`, of the root `self`.

    All but the last are submodules, which programs never assign.
    """

    root: Value
    names: tuple[str, ...]


Subject = str | AttributePath
"""What a test says something about: a variable, or an attribute."""


@dataclass(slots=True)
class Env:
    """What each variable means at one point, and which may not have been assigned.

    `facts` are attributes that are known to have a narrower type at this point than declared, and
    `places` where variables were last assigned.
    """

    values: dict[str, Expr] = field(default_factory=dict)
    unbound: set[str] = field(default_factory=set)
    facts: dict[AttributePath, Type] = field(default_factory=dict)
    places: dict[str, Location] = field(default_factory=dict)

    def copy(self) -> Env:
        return Env(dict(self.values), set(self.unbound), dict(self.facts), dict(self.places))

    def assign(self, name: str, value: Expr) -> None:
        self.values[name] = value
        self.unbound.discard(name)

    def forget(self, attributes: Collection[str]) -> None:
        """Drop what is known of attributes with these names: something may have assigned them."""
        for path in [p for p in self.facts if p.names[-1] in attributes]:
            del self.facts[path]


def common_facts(envs: AbstractSequence[Env]) -> dict[AttributePath, Type]:
    """Return what is known of attributes where several ways of a program meet."""
    if not envs:
        return {}
    first, *others = envs
    found = dict(first.facts)
    for env in others:
        for path, type_ in list(found.items()):
            if path not in env.facts:
                del found[path]
            else:
                found[path] = union((type_, env.facts[path]))
    return found


@dataclass(slots=True)
class Edge:
    """One way to leave a loop's body: the terminator to be completed, and the variables there."""

    operation: Operation
    env: Env
    location: Location | None


@dataclass(slots=True)
class LoopContext:
    """The innermost loop: what its body carries, and the edges that leave the body.

    `on_break` and `on_continue` say how the Python statements leave it: by which terminator, and
    which hidden variable tells the code after the loop about it.
    """

    carried: list[str]
    edges: list[Edge] = field(default_factory=list)
    on_break: tuple[str, str | None] = ("break", None)
    on_continue: tuple[str, str | None] = ("continue", None)


class Lowering:
    """Lowers the body of one function."""

    def __init__(
        self, compiler: Compiler, source: FunctionSource, function: Function, liveness: Liveness
    ) -> None:
        self.compiler = compiler
        self.source = source
        self.function = function
        self.liveness = liveness
        self.builder = Builder(function.body)
        self.env = Env()
        self.loops: list[LoopContext] = []
        self.returns: list[Operation] = []
        self.locals: frozenset[str] = frozenset()
        self.conditional = 0
        """How many parts of expressions are being lowered that are not always evaluated."""
        self.effects: list[str] = []
        """The names of the attributes that what was lowered so far may assign, in order."""
        self._visitor = compiler.visitor

    # --- dispatch -------------------------------------------------------------------------------

    def expression(self, node: ast.expr) -> Expr:
        """Lower an expression to a value or to something known at compile time."""
        result = self._visitor.expression(self, node)
        if isinstance(result, Poison):
            raise CompileFailureError(None)
        return result

    def value_of(self, node: ast.expr) -> Value:
        """Lower an expression to a value of the IR."""
        return self.value(self.expression(node), node)

    def block(self, statements: AbstractSequence[ast.stmt]) -> None:
        """Lower statements."""
        self._visitor.block(self, statements)

    def assign(self, target: ast.expr, expr: Expr) -> None:
        """Assign to a name, an element, an attribute, or several of these."""
        self._visitor.assign(self, target, expr)

    def branch_on(
        self,
        node: ast.stmt,
        test: Value,
        then_body: Callable[[], None],
        else_body: Callable[[], None],
        names: AbstractSequence[str],
    ) -> None:
        """Lower a branch on a value, whose bodies assign `names`."""
        self._visitor.branch_on(self, node, test, then_body, else_body, names)

    @property
    def dialect(self) -> Dialect:
        return self.compiler.dialect

    # --- errors ---------------------------------------------------------------------------------

    def locate(self, node: ast.AST) -> Location:
        return self.source.locate(node)

    def unsupported(self, node: ast.AST, what: str = "", instead: str = "") -> CompileFailureError:
        name, advice = describe(node)
        location = self.source.locate_head(node)
        return CompileFailureError(
            UnsupportedSyntax(location=location, what=what or name, instead=instead or advice)
        )

    def rule_failure(self, node: ast.AST, error: RuleError) -> CompileFailureError:
        return CompileFailureError(rule_diagnostic(self.locate(node), error))

    # --- emitting -------------------------------------------------------------------------------

    def emit(
        self, op: str | OpDef, operands: AbstractSequence[Any], node: ast.AST, name: str = ""
    ) -> Value:
        """Emit an operation and return its result; Python constants among operands are wrapped.

        A pure operation on constants is computed at once if its result stands inline as well.
        """
        (result,) = self.emit_all(op, operands, node, name)
        return result

    def emit_all(
        self, op: str | OpDef, operands: AbstractSequence[Any], node: ast.AST, name: str = ""
    ) -> list[Value]:
        opdef = REGISTRY[op] if isinstance(op, str) else op
        try:
            values = [v if isinstance(v, Value) else constant(v) for v in operands]
            types_ = infer_types(opdef, values)
        except RuleError as error:
            raise self.rule_failure(node, error) from None
        folded = fold(opdef, values, types_)
        if folded is not None:
            return [folded]
        operation = Operation(
            opdef.name, values, types_, opdef=opdef, location=self.locate(node),
            result_names=[name] if name and len(types_) == 1 else (),
        )  # fmt: skip
        return list(self.builder.insert(operation).results)

    def structural(
        self,
        name: str,
        operands: AbstractSequence[Any],
        types_: AbstractSequence[Type],
        node: ast.AST,
        label: str = "",
    ) -> Operation:
        """Emit an operation without an `OpDef`."""
        values = [v if isinstance(v, Value) else constant(v) for v in operands]
        operation = Operation(
            name, values, types_, location=self.locate(node), result_names=[label] if label else ()
        )
        return self.builder.insert(operation)

    def refine(self, value: Value, type_: Type, node: ast.AST) -> Value:
        """Return the same value under another static type."""
        if prune(value.type) == type_:
            return value
        return self.structural("refine", [value], [type_], node, value.name).result

    def narrow(self, refinements: Mapping[Subject, Type], node: ast.AST) -> None:
        """Give variables and attributes the types that a test has shown."""
        for subject, type_ in refinements.items():
            if isinstance(subject, AttributePath):
                self.env.facts[subject] = type_
                continue
            value = self.env.values.get(subject)
            if isinstance(value, Value):
                self.env.values[subject] = self.refine(value, type_, node)

    def subject(self, node: ast.expr, value: Expr) -> Subject | None:
        """Return what a test of an expression says something about; its value is given."""
        if isinstance(node, ast.NamedExpr):
            node = node.target
        if isinstance(node, ast.Name):
            return node.id if node.id in self.env.values else None
        if isinstance(node, ast.Attribute) and isinstance(value, Value):
            path = self.path(value)
            return path if path.names else None
        return None

    def path(self, value: Value) -> AttributePath:
        """Return which attribute a value was read from; no names stand for the value itself."""
        value = unrefined(value)
        if isinstance(value, OpResult) and value.operation.name == "get_attr":
            owner, name = value.operation.operands
            assert isinstance(name, Constant)
            return self.attribute_path(owner, name.value)
        return AttributePath(value, ())

    def attribute_path(self, owner: Value, name: str) -> AttributePath:
        """Return the path of an attribute of a value."""
        outer = self.path(owner)
        if outer.names and not self._is_submodule(unrefined(owner)):
            return AttributePath(unrefined(owner), (name,))
        return AttributePath(outer.root, (*outer.names, name))

    def _is_submodule(self, value: Value) -> bool:
        assert isinstance(value, OpResult)
        owner, name = value.operation.operands
        assert isinstance(name, Constant)
        return self.is_submodule(owner, name.value)

    def is_submodule(self, owner: Value, name: str) -> bool:
        """Tell whether an attribute of an instance is a submodule."""
        class_name = self.class_name(owner)
        if class_name is None:
            return False
        definition = self.compiler.program.classes[class_name]
        return name in map(attribute_name, definition.submodules)

    def assigns(self, attributes: Collection[str]) -> None:
        """Note that what is lowered here may assign attributes of these names."""
        self.effects += attributes
        self.env.forget(attributes)

    @contextmanager
    def branch(self, block: Block) -> Iterator[Block]:
        """Build a block that belongs to an expression: it has variables of its own."""
        outer, mark = self.env, len(self.effects)
        self.env = outer.copy()
        self.conditional += 1
        try:
            with self.builder.at(block):
                yield block
        finally:
            self.conditional -= 1
            self.env = outer
            outer.forget(self.effects[mark:])

    @property
    def terminated(self) -> bool:
        """Whether the block that is being built has ended, so that what follows is unreachable."""
        return self.builder.block.terminator is not None

    def new_block(self, owner: Operation) -> Block:
        return owner.add_block()

    # --- names and values -----------------------------------------------------------------------

    def lookup(self, name: str, node: ast.AST) -> Expr:
        """Return what a name means here."""
        if name in self.env.values:
            found = self.env.values[name]
            if isinstance(found, Poison):
                raise CompileFailureError(None)
            if name in self.env.unbound and isinstance(found, Value):
                checked = self.structural("check_bound", [found, name], [found.type], node, name)
                self.env.assign(name, checked.result)
                return checked.result
            return found
        if name in self.locals:
            never = constant(UNBOUND)
            return self.structural("check_bound", [never, name], [never.type], node, name).result
        try:
            return self.lift(self.global_object(name), name, node)
        except KeyError:
            names = {*self.env.values, *self.locals, *self.source.closure, *self.source.globals}
            hint = did_you_mean(name, names | set(dir(builtins)))
            raise CompileFailureError(
                UndefinedName(location=self.locate(node), name=name, hint=hint)
            ) from None

    def global_object(self, name: str) -> Any:
        """Return what a name that is not local refers to; raises `KeyError`."""
        for scope in (self.source.closure, self.source.globals):
            if name in scope:
                return scope[name]
        if hasattr(builtins, name):
            return getattr(builtins, name)
        raise KeyError(name)

    def lift(self, object_: Any, name: str, node: ast.AST) -> Expr:
        """Return the expression for a Python object that is known at compile time."""
        object_ = original(object_)
        if isinstance(object_, type | types.ModuleType | enum.Enum) or callable(object_):
            return Static(object_)
        if isinstance(object_, Value | Static):
            return object_
        try:
            return self.compiler.constant(object_)
        except RuleError as error:
            raise CompileFailureError(
                UnsupportedValue(location=self.locate(node), name=name, reason=error.message)
            ) from None

    def value(self, expr: Expr, node: ast.AST) -> Value:
        """Return an expression as a value of the IR, or fail."""
        if isinstance(expr, Value):
            return expr
        if isinstance(expr, Poison):
            raise CompileFailureError(None)
        if isinstance(expr, Static):
            object_ = expr.object
            name = getattr(object_, "__name__", type(object_).__name__)
            reason = f"a {type(object_).__name__} is not a value in a script; it can be called"
            if isinstance(object_, type):
                reason = "a class is not a value in a script; it can be called, or be a `dtype`"
            if isinstance(object_, enum.Enum):
                reason = "a member of an enum is not a value in a script; use its `.value`"
            raise CompileFailureError(
                UnsupportedValue(location=self.locate(node), name=name, reason=reason)
            )
        if isinstance(expr, statics.Sequence):
            parts = [self.value(element, node) for element in expr.elements]
            return self.emit("tuple", parts, node)
        if isinstance(expr, statics.Keywords):
            raise self.unsupported(node, "`**kwargs` as a value", "pass it on with `**` only")
        if isinstance(expr, statics.Super):
            raise self.unsupported(node, "`super()` as a value", "call a method of it")
        if isinstance(expr, statics.Limits):
            name, reason = f"np.{expr.function}", "its attributes are values: read one of them"
            raise CompileFailureError(
                UnsupportedValue(location=self.locate(node), name=name, reason=reason)
            )
        name = expr.name if isinstance(expr, statics.UserMethod) else expr.entry.spelling.name
        raise CompileFailureError(
            UnsupportedValue(
                location=self.locate(node), name=name, reason="a method must be called: add `()`"
            )
        )

    def dtype(self, expr: Expr, node: ast.AST) -> Value:
        """Return an expression as a value, where a class such as `np.float32` means its dtype."""
        object_ = expr.object if isinstance(expr, Static) else None
        if isinstance(object_, type) and (object_ in _DTYPES or issubclass(object_, np.generic)):
            try:
                dtype = np.dtype(object_)
                if object_ in _DTYPES or dtype.type is object_:
                    return constant(dtype)
            except (TypeError, RuleError):
                pass
        return self.value(expr, node)

    def class_name(self, expr: Expr) -> str | None:
        """Return the class of an expression that is an instance of a class of the program."""
        if isinstance(expr, Value) and isinstance(type_ := prune(expr.type), ClassType):
            return type_.name
        return None


def unrefined(value: Value) -> Value:
    """Return a value as it was before tests said something about its type."""
    while isinstance(value, OpResult) and value.operation.name == "refine":
        value = value.operation.operands[0]
    return value


def rule_diagnostic(location: Location | None, error: RuleError) -> Diagnostic:
    """Return the diagnostic of a broken type rule."""
    if error.help:
        return RuleViolationWithHelp(location=location, message=error.message, advice=error.help)
    return RuleViolation(location=location, message=error.message)


def fold(opdef: OpDef, operands: AbstractSequence[Value], types_: list[Type]) -> Constant | None:
    """Return the result of a pure operation on inline constants, if it stands inline as well.

    What would raise is left to raise at run time, as it does in Python.
    """
    if Trait.PURE not in opdef.traits or len(types_) != 1:
        return None
    arguments: list[Any] = []
    for operand in operands:
        if not isinstance(operand, Constant) or not is_inline(operand.value):
            return None
        arguments.append(operand.value)
    if opdef.name == "tuple":
        return Constant(tuple(arguments), types_[0])
    if types_[0] not in _FOLDED:
        return None
    try:
        result = opdef.kernel(*arguments)
    except Exception:  # noqa: BLE001 - whatever Python raises here it raises at run time as well
        return None
    if type(result) is int and not INT_MIN <= result <= INT_MAX:
        return None
    if isinstance(result, str) and len(result) > _MAX_FOLDED_TEXT:
        return None
    return constant(result) if type(result) in (int, float, bool, str) else None


def is_inline(value: Any) -> bool:
    """Tell whether a constant is immutable and stands inline in the text."""
    if isinstance(value, tuple):
        return all(map(is_inline, value))
    return value is None or isinstance(value, int | float | complex | str | bool | np.dtype)
