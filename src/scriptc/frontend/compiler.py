"""One compilation: the program that is being made, its functions, and the problems found.

A function is lowered once for each combination of argument types, in the order in which calls
are met. Classes come from `objects.py`. Everything that is wrong in a run is reported together.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np

from scriptc.frontend.annotations import (
    AnnotationError,
    Tensor,
    builtin_lookup,
    parse_annotation,
)
from scriptc.frontend.dialects.tables import Dialect, numpy_dialect
from scriptc.frontend.errors import (
    ArgumentType,
    CompileFailureError,
    ObjectResult,
    Recursion,
    ReturnType,
    SourceChanged,
    TooDeep,
    UnassignedAttribute,
    UnsupportedCall,
    UnsupportedSyntax,
    UnsupportedValue,
    bad_call,
    unknown_annotation,
)
from scriptc.frontend.liveness import analyze, assigned
from scriptc.frontend.lowering import Lowering
from scriptc.frontend.objects import Objects
from scriptc.frontend.signatures import (
    all_parameters,
    bind_arguments,
    compiled_names,
    fits,
    parameter_names,
)
from scriptc.frontend.source import FunctionSource, source_of
from scriptc.frontend.statics import Expr, Keywords, Scripted, Static, UserMethod
from scriptc.frontend.visitor import ScriptVisitor
from scriptc.ir.builder import constant, type_of
from scriptc.ir.clone import Copier, link
from scriptc.ir.diagnostic import ArgumentError, CompileError, Diagnostic, InternalError, Label
from scriptc.ir.graph import (
    Constant,
    Function,
    FunctionRef,
    Instance,
    Linkable,
    Operation,
    Program,
    Value,
)
from scriptc.ir.opdef import RuleError
from scriptc.ir.schema import REQUIRED, BindError, Parameter, Schema
from scriptc.ir.types import (
    NEVER,
    NONE,
    TENSOR,
    ClassType,
    Type,
    TypeVariable,
    accepts,
    either,
    generalize,
    join,
    map_type,
    members_of,
    optional,
    prune,
    resolve,
    without_none,
)

MAX_RESTARTS = 10_000
"""Each restart widens the type of one attribute, which has only few wider ones."""
_CALLED_HERE = "called from here"
_MAX_CALLERS = 3
Arguments = Sequence[Expr]


class RestartError(Exception):
    """An attribute turned out to need a wider type: start again with it."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A finished compilation: the program, its entry function, and the object it belongs to."""

    program: Program
    entry: str
    root: Instance | None


class Compiler:
    """Compiles one entry point and everything that it reaches."""

    def __init__(
        self,
        overrides: dict[tuple[str, str], Type] | None = None,
        objects: type[Objects] = Objects,
    ) -> None:
        self.program = Program()
        self.overrides = {} if overrides is None else overrides
        self.objects = objects(self.program, self._link, self.overrides)
        self.dialect: Dialect = numpy_dialect()
        self.visitor = ScriptVisitor()
        self._problems: list[Diagnostic | None] = []
        self._functions: dict[Any, Function | None] = {}
        self._failed: dict[Any, list[Diagnostic | None]] = {}
        self._active = 0
        self._assigned: dict[str, frozenset[str]] = {}
        self._constants: dict[int, Constant] = {}
        self._kept: list[Any] = []
        self._links: dict[int, Copier] = {}

    # --- problems -------------------------------------------------------------------------------

    def report(self, diagnostic: Diagnostic | None) -> None:
        """Note a problem; None notes that there is one, which has been reported where it is.

        A problem may be noted again: whether a function is whole is told by what was noted while
        it was lowered.
        """
        self._problems.append(diagnostic)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """The problems found, each once."""
        found: dict[Any, Diagnostic] = {}
        for problem in self._problems:
            if problem is not None:
                found.setdefault((type(problem), problem.location, problem.title_text), problem)
        return list(found.values())

    def mark(self) -> int:
        return len(self._problems)

    def rewind(self, mark: int) -> None:
        """Forget the problems found since the mark; what they are about is lowered again."""
        del self._problems[mark:]

    # --- what lowering asks for -----------------------------------------------------------------

    def constant(self, object_: Any) -> Constant:
        """Return a constant; a mutable object is held by reference, one constant each."""
        if isinstance(object_, np.ndarray | np.generic | list | dict):
            known = self._constants.get(id(object_))
            if known is None:
                known = constant(object_, generalize(type_of(object_)))
                self._constants[id(object_)] = known
                self._kept.append(object_)
            return known
        return constant(object_)

    def class_types(self) -> Mapping[str, Type]:
        return {name: definition.type for name, definition in self.program.classes.items()}

    def annotation_lookup(self, source: FunctionSource) -> Callable[[str], Any]:
        """Return how names in the annotations of a function are looked up."""

        def lookup(name: str) -> Any:
            for scope in (source.closure, source.globals):
                if name in scope:
                    return scope[name]
            if name == "Tensor":
                return Tensor
            return builtin_lookup(name)

        return lookup

    def assigned_attribute(self, class_name: str, name: str, actual: Type) -> Type | None:
        """Return the type of an attribute that is assigned, or None if the value does not fit.

        An attribute whose type has to widen restarts the compilation with the wider type.
        """
        known = self.objects.attribute(class_name, name)
        if known is None:
            if class_name not in self.objects.infos or self.objects.infos[class_name].linked:
                return None
            asked = self.objects.infos[class_name].absent.get(name)
            if asked is not None:
                text = f"self.{name}"
                self.report(UnassignedAttribute(location=asked, name=text, short=name))
            try:
                starting = self.objects.starting_type(class_name, name)
            except RuleError:
                return None
            if starting is not None:
                # Read before as a constant of the class, it is an attribute from the start.
                self.overrides[class_name, name] = starting
                raise RestartError
            self.objects.declare_new(class_name, name, actual)
            return self.program.classes[class_name].attributes[name]
        if accepts(known, actual):
            return known
        wider = join(known, generalize(actual))
        if wider is None or wider == known or _grows(known, actual):
            return None
        self.overrides[class_name, name] = wider
        raise RestartError

    # --- calls ----------------------------------------------------------------------------------

    def call_function(
        self,
        low: Lowering,
        function: types.FunctionType,
        receiver: Value | None,
        positional: Sequence[Expr],
        keywords: Mapping[str, Expr],
        node: ast.AST,
    ) -> Value:
        """Emit a call of a Python function, compiled for the types of these arguments."""
        try:
            source = source_of(function)
        except CompileFailureError as failure:
            name = f"{function.__module__}.{function.__qualname__}"
            changed = isinstance(failure.diagnostic, SourceChanged)
            raise CompileFailureError(
                UnsupportedCall(
                    location=low.locate(node),
                    name=name,
                    reason="its file has changed" if changed else "its source is not available",
                    instead=failure.diagnostic.help_text if failure.diagnostic is not None else "",
                )
            ) from None
        first = [] if receiver is None else [receiver]
        try:
            bound = bind_arguments(source, [*first, *positional], keywords)
        except BindError as error:
            raise CompileFailureError(bad_call(low.locate(node), error)) from None
        named: dict[str, Expr] = {}
        for name, argument in bound.named.items():
            default = argument is source.defaults.get(name, REQUIRED)
            named[name] = low.lift(argument, name, node) if default else argument
        known_now = {name: e for name, e in named.items() if isinstance(e, Static)}
        declared = self.declared_types(source, known_now)
        values: list[Value] = []
        for name, expr in named.items():
            if name in known_now:
                continue
            value = low.value(expr, node)
            values.append(value)
            expected = declared.get(name)
            if expected is not None and not fits(expected, value.type):
                place = next(a for a in all_parameters(source.node) if a.arg == name)
                raise CompileFailureError(
                    ArgumentType(
                        location=low.locate(node),
                        labels=(Label(source.locate(place), "declared here"),),
                        function=source.qualname.rpartition("<locals>.")[2],
                        name=name,
                        expected=str(expected),
                        actual=str(prune(value.type)),
                    )
                )
        if bound.collected is not None:
            parts = [low.value(argument, node) for argument in bound.collected]
            by_keyword = [a for a in source.node.args.kwonlyargs if a.arg not in known_now]
            values.insert(len(values) - len(by_keyword), low.emit("tuple", parts, node))
        values += [low.value(argument, node) for argument in bound.keywords.values()]
        types_ = [generalize(value.type) for value in values]
        keyword_names = tuple(bound.keywords)
        compiled = self.compile(source, function, types_, low, node, keyword_names, known_now)
        return self._emit_call(low, compiled, values, node)

    def call_scripted(
        self,
        low: Lowering,
        object_: Scripted,
        positional: Sequence[Expr],
        keywords: Mapping[str, Expr],
        node: ast.AST,
    ) -> Value:
        """Emit a call of a function that is already compiled; it is linked in once."""
        linkable = object_.__scriptc_link__()
        if linkable.root is not None:
            raise low.unsupported(
                node, "a compiled module as a global", "assign it to an attribute of `self`"
            )
        return self._call_linked(low, self._linked_name(linkable), [], positional, keywords, node)

    def call_linked_method(
        self,
        low: Lowering,
        method: UserMethod,
        positional: Sequence[Expr],
        keywords: Mapping[str, Expr],
        node: ast.AST,
    ) -> Value:
        """Emit a call of a method of an object that is already compiled."""
        class_name = low.class_name(method.receiver)
        assert class_name is not None
        name = self.program.classes[class_name].methods[method.name]
        return self._call_linked(low, name, [method.receiver], positional, keywords, node)

    def _call_linked(
        self,
        low: Lowering,
        name: str,
        first: Sequence[Expr],
        positional: Sequence[Expr],
        keywords: Mapping[str, Expr],
        node: ast.AST,
    ) -> Value:
        function = self.program.functions[name]
        parameters = tuple(
            Parameter(
                p.name,
                default=function.defaults.get(p.name, REQUIRED),
                keyword_only=p.name in function.keyword_only,
            )
            for p in function.parameters
        )
        schema = Schema(function.origin.rpartition(".")[2], parameters)
        try:
            bound = schema.bind([*first, *positional], keywords)
        except BindError as error:
            raise CompileFailureError(bad_call(low.locate(node), error)) from None
        values: list[Value] = []
        for parameter, argument in zip(function.parameters, bound, strict=True):
            default = argument is function.defaults.get(parameter.name, REQUIRED)
            expr = low.lift(argument, parameter.name, node) if default else argument
            value = low.value(expr, node)
            if not accepts(parameter.type, value.type):
                raise CompileFailureError(
                    ArgumentType(
                        location=low.locate(node),
                        function=schema.name,
                        name=parameter.name,
                        expected=str(parameter.type),
                        actual=str(prune(value.type)),
                    )
                )
            values.append(value)
        return self._emit_call(low, function, values, node)

    def _emit_call(
        self, low: Lowering, function: Function, values: Sequence[Value], node: ast.AST
    ) -> Value:
        low.builder.location = low.locate(node)
        result = low.builder.call(function, values)
        low.assigns(self.assigned_by(function))
        return result

    def assigned_by(self, function: Function) -> frozenset[str]:
        """Return the names of the attributes that a call of a function may assign."""
        known = self._assigned.get(function.name)
        if known is not None:
            return known
        found: set[str] = set()
        for operation in function.walk():
            first = operation.operands[0] if operation.operands else None
            if operation.name == "set_attr" and isinstance(name := operation.operands[1], Constant):
                found.add(name.value)
            elif isinstance(first, Constant) and isinstance(first.value, FunctionRef):
                found |= self.assigned_by(self.program.functions[first.value.name])
        self._assigned[function.name] = frozenset(found)
        return self._assigned[function.name]

    def copier(self, linkable: Linkable) -> Copier:
        """Return how the parts of a compiled program are called here; it is linked in once."""
        known = self._links.get(id(linkable.program))
        if known is None:
            known = self._links[id(linkable.program)] = link(self.program, linkable.program)
            self._kept.append(linkable.program)
        return known

    def _linked_name(self, linkable: Linkable) -> str:
        return self.copier(linkable).functions[linkable.entry]

    def _link(self, object_: Scripted) -> Instance:
        """Link the program of a compiled module in, and return its object: the state is shared."""
        linkable = object_.__scriptc_link__()
        if linkable.root is None:
            raise RuleError("a compiled function cannot be an attribute; call it as a global")
        copier = self.copier(linkable)
        return linkable.root.under(copier.classes[linkable.root.scriptc_class])

    # --- functions ------------------------------------------------------------------------------

    def declared_types(
        self,
        source: FunctionSource,
        without: Container[str] = (),
        given: Container[str] | None = None,
    ) -> dict[str, Type | None]:
        """Return the types that the annotations of parameters name, `without` some of these.

        Parameters that are `given` have a value that is known besides; None stands for all.
        """
        found: dict[str, Type | None] = {}
        unknown: list[Diagnostic] = []
        lookup = self.annotation_lookup(source)
        for arg in all_parameters(source.node):
            if arg.annotation is None or arg.arg in without:
                continue
            try:
                found[arg.arg] = parse_annotation(arg.annotation, lookup, self.class_types())
            except AnnotationError as error:
                if error.incomplete and (given is None or arg.arg in given):
                    continue  # the value says more
                unknown.append(unknown_annotation(source.locate(arg.annotation), error))
        for diagnostic in unknown:
            self.report(diagnostic)
        if unknown:
            raise CompileFailureError(None)
        return found

    def compile(
        self,
        source: FunctionSource,
        identity: Any,
        types_: Sequence[Type],
        low: Lowering | None = None,
        node: ast.AST | None = None,
        keywords: tuple[str, ...] = (),
        known_now: Mapping[str, Static] | None = None,
    ) -> Function:
        """Return the function lowered for these parameter types.

        `types_` has those of the parameters in the order of `compiled_names`, and of the `keywords`
        that `**kwargs` takes. Functions and classes that are arguments are `known_now` and no
        parameters of the compiled function.
        """
        known_now = known_now or {}
        given = tuple((name, id(static.object)) for name, static in known_now.items())
        key = (identity, tuple(map(_type_key, types_)), keywords, given)
        self._kept += [static.object for static in known_now.values()]
        if key in self._functions:
            known = self._functions[key]
            if known is None:
                # What was found then may have been forgotten since.
                self._fail(self._failed[key], low, node)
            if known.return_type is None:
                location = low.locate(node) if low is not None and node is not None else None
                raise CompileFailureError(Recursion(location=location, name=source.name))
            return known
        first = prune(types_[0]) if types_ else None
        owner = first.name if isinstance(first, ClassType) else None
        module = source.globals.get("__name__", "")
        name = f"{owner}.{source.name}" if owner else source.name
        function = Function(
            name,
            origin=f"{module}.{source.qualname}",
            location=source.locate_name(),
            composite=str(module).startswith("scriptc.nn."),
        )
        self._functions[key] = function
        before = self.mark()
        self._active += 1
        try:
            self._lower(source, function, types_, keywords, known_now)
        except CompileFailureError as failure:
            self.report(failure.diagnostic)
        finally:
            self._active -= 1
        if self.mark() > before or function.return_type is None:
            self._functions[key] = None
            self._failed[key] = self._problems[before:]
            self.rewind(before)
            self._fail(self._failed[key], low, node)
        # What it calls was added first, and may have taken the name.
        function.name = self.program.unique_name(name)
        self.program.add_function(function)
        if owner is not None and identity is self.objects.member(owner, source.node.name):
            self.program.classes[owner].methods.setdefault(source.node.name, function.name)
        if not self._active:
            for finished in self.program.functions.values():
                _resolve_types(finished)
        return function

    def _fail(
        self, problems: Sequence[Diagnostic | None], low: Lowering | None, node: ast.AST | None
    ) -> NoReturn:
        """Report the problems of a helper, with the nearest callers that led to them."""
        for problem in problems:
            found = problem
            if found is not None and low is not None and node is not None:
                callers = [label for label in found.labels if label.text == _CALLED_HERE]
                if len(callers) < _MAX_CALLERS:
                    label = Label(low.locate(node), _CALLED_HERE)
                    found = replace(found, labels=(*found.labels, label))
            self.report(found)
        raise CompileFailureError(None)

    def _lower(
        self,
        source: FunctionSource,
        function: Function,
        types_: Sequence[Type],
        keywords: tuple[str, ...],
        known_now: Mapping[str, Static],
    ) -> None:
        node = source.node
        low = Lowering(self, source, function, analyze(node))
        low.locals = frozenset(assigned(node.body))
        low.env.values.update(known_now)
        names = [name for name in compiled_names(node) if name not in known_now]
        for name, type_ in zip(names, types_[: len(names)], strict=True):
            low.env.assign(name, function.body.add_argument(type_, name))
        if node.args.kwarg is not None:
            given = zip(keywords, types_[len(names) :], strict=True)
            found = {name: function.body.add_argument(type_, name) for name, type_ in given}
            low.env.assign(node.args.kwarg.arg, Keywords(found))
        by_keyword = [a.arg for a in node.args.kwonlyargs if a.arg not in known_now]
        function.keyword_only = (*by_keyword, *keywords)
        low.block(node.body)
        if not low.terminated:
            low.returns.append(low.structural("return", [constant(None)], [], node))
        self._finish(source, function, low)

    def _declared_return(self, source: FunctionSource) -> Type | None:
        """Return the union that the `->` of a function names; nothing else tells more than code."""
        if source.node.returns is None:
            return None
        try:
            lookup = self.annotation_lookup(source)
            declared = parse_annotation(source.node.returns, lookup, self.class_types())
        except AnnotationError:
            return None
        return declared if declared is not None and len(members_of(declared)) > 1 else None

    def _finish(self, source: FunctionSource, function: Function, low: Lowering) -> None:
        declared = self._declared_return(source)
        if declared is not None and all(
            accepts(declared, operation.operands[0].type) for operation in low.returns
        ):
            joined: Type | None = NEVER
            for operation in low.returns:
                joined = None if joined is None else join(joined, operation.operands[0].type)
            if joined is None:
                function.return_type = declared
                return
        return_type: Type | None = None
        first: Operation | None = None
        for operation in low.returns:
            actual = operation.operands[0].type
            joined = actual if return_type is None else either(return_type, actual)
            if joined is None:
                assert first is not None
                place = first.location
                labels = () if place is None else (Label(place, f"returns {return_type}"),)
                self.report(
                    ReturnType(
                        location=operation.location,
                        labels=labels,
                        name=source.name,
                        expected=str(return_type),
                        actual=str(prune(actual)),
                    )
                )
                continue
            return_type, first = joined, first or operation
        function.return_type = NONE if return_type is None else return_type

    def entry_types(
        self, source: FunctionSource, receiver: Type | None, examples: Sequence[Any] | None
    ) -> list[Type]:
        """Return the parameter types of an entry point: annotation, example, default, tensor."""
        names = parameter_names(source.node)
        shift = 0 if receiver is None else 1
        given = names[shift : shift + len(examples or ())]
        declared = self.declared_types(source, given=[*given, *source.defaults])
        result: list[Type] = []
        _reject_stars(source)
        for position, name in enumerate(names):
            example = position - shift
            if receiver is not None and position == 0:
                result.append(receiver)
            elif declared.get(name) is not None:
                result.append(declared[name] or TENSOR)
            elif examples is not None and example < len(examples):
                result.append(_example_type(examples[example], name))
            elif name in source.defaults:
                type_ = _default_type(source, name)
                result.append(optional(TENSOR) if type_ == NONE else type_)
            else:
                result.append(TENSOR)
        return result


def _check_result(source: FunctionSource, function: Function) -> None:
    """Refuse an entry point that gives out an object, which Python knows as another one."""
    found: list[str] = []

    def look(part: Type) -> Type:
        part = prune(part)
        if isinstance(part, ClassType):
            found.append(part.name)
        return map_type(part, look)

    look(function.return_type or NONE)
    if found:
        raise CompileFailureError(
            ObjectResult(location=source.locate_name(), name=source.name, type=found[0])
        )


def _grows(before: Type, after: Type) -> bool:
    """Tell whether a type holds what it was before, as that of `self.x = (self.x,)` does."""
    inner, outer = str(without_none(before)), str(after)
    return before != NONE and inner in outer and len(outer) > len(inner)


def _type_key(type_: Type) -> str:
    """Return a text that is equal for equal types; an open variable is equal to itself only."""
    open_: list[str] = []

    def look(part: Type) -> Type:
        part = prune(part)
        if isinstance(part, TypeVariable):
            open_.append(str(id(part)))
            return part
        return map_type(part, look)

    return " ".join([str(look(type_)), *open_])


def _resolve_types(function: Function) -> None:
    """Replace the type variables of a function by what the whole program has made of them."""
    for argument in function.body.arguments:
        argument.type = resolve(argument.type)
    for operation in function.walk():
        for value in [*operation.results, *(a for b in operation.blocks for a in b.arguments)]:
            value.type = resolve(value.type)
    if function.return_type is not None:
        function.return_type = resolve(function.return_type)


def _reject_stars(source: FunctionSource) -> None:
    """Refuse `*args` and `**kwargs` of an entry point, where no call says what they hold."""
    for arg, sign in ((source.node.args.vararg, "*"), (source.node.args.kwarg, "**")):
        if arg is not None:
            raise CompileFailureError(
                UnsupportedSyntax(
                    location=source.locate(arg),
                    what=f"a `{sign}{arg.arg}` parameter of the function to compile",
                    instead="name the parameters one by one; a function that it calls may have it",
                )
            )


def _example_type(value: Any, name: str) -> Type:
    try:
        return generalize(type_of(value))
    except RuleError as error:
        raise ArgumentError(f"the example for `{name}`: {error.message}") from None


def _default_type(source: FunctionSource, name: str) -> Type:
    try:
        return generalize(type_of(source.defaults[name]))
    except RuleError as error:
        (node,) = (arg for arg in all_parameters(source.node) if arg.arg == name)
        raise CompileFailureError(
            UnsupportedValue(location=source.locate(node), name=name, reason=error.message)
        ) from None


def compile_entry(
    function: types.FunctionType,
    owner: Any = None,
    example_inputs: Sequence[Any] | None = None,
) -> Compiled:
    """Compile a function, or a method with the object `owner`, and everything it calls.

    Raises `CompileError` with all problems found.
    """
    overrides: dict[tuple[str, str], Type] = {}
    for _ in range(MAX_RESTARTS):
        compiler = Compiler(overrides)
        try:
            return _compile_entry(compiler, function, owner, example_inputs)
        except RestartError:
            continue
        except CompileFailureError as failure:
            compiler.report(failure.diagnostic)
            if not compiler.diagnostics:
                raise InternalError("the compilation failed, and nothing says why") from failure
            raise CompileError(compiler.diagnostics) from None
        except RecursionError:
            place = source_of(function).locate_name()
            name = function.__qualname__
            raise CompileError([TooDeep(location=place, name=name)]) from None
    raise InternalError("the types of attributes do not settle")


def _compile_entry(
    compiler: Compiler,
    function: types.FunctionType,
    owner: Any,
    example_inputs: Sequence[Any] | None,
) -> Compiled:
    source = source_of(function)
    root, receiver = None, None
    if owner is not None:
        receiver = compiler.objects.info(owner).definition.type
        root = compiler.objects.instance(owner)
    types_ = compiler.entry_types(source, receiver, example_inputs)
    compiled = compiler.compile(source, function, types_)
    _check_result(source, compiled)
    compiled.defaults = {
        name: value
        for name, value in source.defaults.items()
        if name in parameter_names(source.node)
    }
    compiler.objects.fill()
    return Compiled(compiler.program, compiled.name, root)
