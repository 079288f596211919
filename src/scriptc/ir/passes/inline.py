"""Putting the bodies of functions in the place of calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scriptc.ir.builder import constant, type_of
from scriptc.ir.clone import Copier
from scriptc.ir.graph import Block, Constant, Function, FunctionRef, Operation, Program, Value
from scriptc.ir.location import InlinedCall, Location
from scriptc.ir.opdef import RuleError
from scriptc.ir.passes.base import Pass
from scriptc.ir.passes.returns import has_early_return, is_return, wrap_returns
from scriptc.ir.passes.rewrite import detach, fits, replace, set_operations
from scriptc.ir.text import is_pooled


@dataclass(frozen=True)
class Inline(Pass):
    """Replaces calls by the bodies of the functions that they call, all the way down.

    A function that may call itself stays a call, and so does one that was written under other
    promotion rules than its caller. `composites` and `functions` choose between scriptc's own
    library and everything else. Functions of more than `max_callee` operations stay calls, and no
    caller grows beyond `max_operations`.

    Early `return`s are handled as `returns.py` describes; without `early_returns`, functions that
    have them stay calls. Locations tell which function an operation comes from and where it was
    called, so that tracebacks are those of the calls.
    """

    composites: bool = True
    functions: bool = True
    early_returns: bool = True
    max_callee: int = 100_000
    max_operations: int = 100_000

    def apply(self, target: Program) -> bool:
        recursive = recursive_functions(target)
        changed = False
        # Callees first, so that what is copied has been inlined into already.
        for function in _callees_first(target):
            changed |= _Inliner(self, target, function, recursive).run()
        return changed


def called_by(function: Function) -> list[str]:
    """Return the names of the functions that a function calls, each once, in order."""
    found: dict[str, None] = {}
    for operation in function.walk():
        if operation.name == "call" and operation.opdef is None:
            found[callee_name(operation)] = None
    return list(found)


def callee_name(operation: Operation) -> str:
    """Return the name of the function that a `call` calls."""
    reference = operation.operands[0]
    assert isinstance(reference, Constant)
    assert isinstance(reference.value, FunctionRef)
    return reference.value.name


def keep_reachable(program: Program, roots: Iterable[str]) -> None:
    """Take out the functions that the given ones do not call, over any number of calls.

    Classes lose the methods that are gone.
    """
    reached: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += called_by(program.functions[name])
    program.functions = {n: f for n, f in program.functions.items() if n in reached}
    for definition in program.classes.values():
        definition.methods = {n: f for n, f in definition.methods.items() if f in reached}


def recursive_functions(program: Program) -> frozenset[str]:
    """Return the names of the functions that may, over any number of calls, call themselves."""
    calls = {name: called_by(function) for name, function in program.functions.items()}
    found: set[str] = set()
    for name, called in calls.items():
        reached: set[str] = set()
        pending = list(called)
        while pending:
            callee = pending.pop()
            if callee not in reached:
                reached.add(callee)
                pending += calls.get(callee, ())
        if name in reached:
            found.add(name)
    return frozenset(found)


def _callees_first(program: Program) -> list[Function]:
    order: dict[str, Function] = {}
    pending = [(name, False) for name in reversed(program.functions)]
    opened: set[str] = set()
    while pending:
        name, finished = pending.pop()
        if name in order or name not in program.functions:
            continue
        if finished:
            order[name] = program.functions[name]
        elif name not in opened:
            opened.add(name)
            pending.append((name, True))
            pending += [(callee, False) for callee in called_by(program.functions[name])]
    return list(order.values())


class _Inliner:
    def __init__(
        self, options: Inline, program: Program, function: Function, recursive: frozenset[str]
    ) -> None:
        self.options = options
        self.program = program
        self.function = function
        self.recursive = recursive
        self.size = sum(1 for _ in function.walk())
        self.changed = False
        self._inlined: list[tuple[Operation, Operation]] = []

    def run(self) -> bool:
        self._block(self.function.body)
        # Only now, when all blocks are as they will be: `replace` may insert operations. The ends
        # are still users of what they return, which the replacements before may have changed.
        for call, end in self._inlined:
            value = end.operands[0] if is_return(end) else end.result
            value.name = value.name or call.result.name
            replace(call.result, value)
            detach([call, end] if is_return(end) else [call])
        return self.changed

    def _block(self, block: Block) -> None:
        before, operations = block.operations, list[Operation]()
        for position, operation in enumerate(before):
            for nested in operation.blocks:
                self._block(nested)
            body = self._body(operation) if operation.name == "call" else None
            if body is None:
                operations.append(operation)
                continue
            self.changed = True
            end = body[-1]
            operations += body[:-1] if is_return(end) else body
            if end.is_terminator and not is_return(end):
                # The callee always raises: nothing after the call is reached.
                detach(before[position:])
                break
            self._inlined.append((operation, end))
        set_operations(block, operations)

    def _body(self, call: Operation) -> list[Operation] | None:
        """Return copies of the callee's operations for one call, or None if it stays."""
        if call.opdef is not None:
            return None
        name = callee_name(call)
        callee = self.program.functions[name]
        wanted = self.options.composites if callee.composite else self.options.functions
        if not wanted or name in self.recursive or callee.rules != self.function.rules:
            return None
        size = sum(1 for _ in callee.walk())
        if size > self.options.max_callee or self.size + size > self.options.max_operations:
            return None
        if not self.options.early_returns and has_early_return(callee.body):
            return None
        arguments = self._arguments(call, callee)
        if arguments is None:
            return None
        self.size += size
        return copy_body(callee, arguments, call)

    @staticmethod
    def _arguments(call: Operation, callee: Function) -> list[Value] | None:
        arguments = call.operands[1:]
        for parameter in callee.parameters[len(arguments) :]:
            default = callee.defaults[parameter.name]
            try:
                fitting = fits(parameter.type, type_of(default))
            except RuleError:
                fitting = False
            if not fitting:
                return None
            # An empty list has the type of its parameter only.
            type_ = parameter.type if is_pooled(default) else None
            arguments.append(constant(default, type_))
        return arguments


def copy_body(callee: Function, arguments: Sequence[Value], call: Operation) -> list[Operation]:
    """Return a copy of a body with the arguments in the place of the parameters.

    It ends in the only `return`, in another terminator if it never returns, or in an operation
    whose result is what is returned.
    """
    assert callee.return_type is not None
    block = Copier().function(callee).body
    _mark_inlined(block, callee, call)
    if has_early_return(block):
        wrap_returns(block, callee.return_type, call.location)
    for parameter, argument in zip(list(block.arguments), arguments, strict=True):
        replace(parameter, argument)
    return block.operations


def _mark_inlined(block: Block, callee: Function, call: Operation) -> None:
    """Tell the operations of a body where its call stood."""
    marker = _Marker(InlinedCall(callee.origin.rpartition(".")[2], call.location))
    for operation in block.walk():
        if operation.location is not None:
            operation.location = marker.called_from(operation.location)


class _Marker:
    """Puts one more call around places, outside of those that they know of.

    Places are looked up by their identity: they hold others, and take long to hash.
    """

    def __init__(self, inlined: InlinedCall) -> None:
        self.inlined = inlined
        self._made: dict[int, tuple[Location, Location]] = {}

    def called_from(self, place: Location) -> Location:
        known = self._made.get(id(place))
        if known is not None:
            return known[1]
        outer = place.inlined
        if outer is None:
            made = _inside(place, self.inlined)
        elif outer.location is None:
            made = place
        else:
            made = _inside(place, InlinedCall(outer.function, self.called_from(outer.location)))
        self._made[id(place)] = place, made
        return made


def _inside(place: Location, call: InlinedCall) -> Location:
    return Location(place.file, place.line, place.column, place.end_line, place.end_column, call)
