"""Specialising: a generic program and the types of a call give one function with known types.

All calls are inlined, and the function is built anew for the types of its arguments
(`evaluation.py`). The attributes of a module become parameters, constants and further results
(`object_state.py`), so that what is left is a function of values only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scriptc.ir.graph import (
    BlockArgument,
    Constant,
    Function,
    Instance,
    Operation,
    Program,
    Value,
)
from scriptc.ir.ops import REGISTRY
from scriptc.ir.passes.common_subexpressions import CommonSubexpressions
from scriptc.ir.passes.constant_folding import ConstantFolding
from scriptc.ir.passes.dead_code import DeadCode
from scriptc.ir.passes.evaluation import Evaluator
from scriptc.ir.passes.inline import keep_reachable
from scriptc.ir.passes.known_dicts import KnownDict
from scriptc.ir.passes.list_elements import Elements, narrowed
from scriptc.ir.passes.manager import PassManager, inlined
from scriptc.ir.passes.object_state import Key, NotSpecializable, ObjectState, Path
from scriptc.ir.types import NEVER, NONE, ClassType, TupleType, Type, either, prune, resolve

__all__ = ["NotSpecializable", "Specialized", "specialize"]

Given = Type | Constant | Mapping[str, Type]
"""What is known of an argument."""
_TIDY = (CommonSubexpressions(), ConstantFolding(), DeadCode())


@dataclass(frozen=True)
class Specialized:
    """A specialised function, and what its parameters and results are.

    The parameters are the arguments of the call in order, the module left out, and then one for
    each of `attributes`: its path from the root, and the parameter. `burnt` are the attributes that
    have become constants, with their values. `assigned` are the paths of the attributes that the
    function assigns, with the types of what it assigns: the function then returns a tuple, of the
    result and of what these attributes hold in the end.
    """

    program: Program
    function: Function
    attributes: tuple[tuple[Path, BlockArgument], ...] = ()
    burnt: tuple[tuple[Path, Any], ...] = ()
    assigned: tuple[tuple[Path, Type], ...] = ()


def specialize(
    program: Program, entry: str, types: Sequence[Given], root: Instance | None = None
) -> Specialized:
    """Return the function `entry` for arguments of these types; the program stays as it is.

    A constant in the place of a type is the value that the argument has. A mapping stands for a
    dict that has these keys: a parameter for each of its values takes its place. With `root`, the
    first parameter is that object. Raises `NotSpecializable`.
    """
    generic = inlined(program, entry)
    source = generic.functions[entry]
    assigned: frozenset[Key] = frozenset()
    elements: Elements = {}
    while True:
        made = _Specializer(generic, source, types, root, assigned, elements)
        if not made.build():
            assigned = frozenset(made.objects.assigned)
            continue
        found = narrowed(made.target, made.evaluator.lists, elements)
        if found == elements:
            return made.finish()
        elements = found


class _Specializer:
    def __init__(
        self,
        generic: Program,
        source: Function,
        types: Sequence[Given],
        root: Instance | None,
        assigned: frozenset[Key],
        elements: Elements,
    ) -> None:
        self.generic = generic
        self.target = Function(
            source.name,
            origin=source.origin,
            rules=source.rules,
            location=source.location,
            composite=source.composite,
        )
        parameters = source.parameters[root is not None :]
        arguments: list[Value | Instance] = [] if root is None else [root]
        dicts: dict[KnownDict, dict[str, Value]] = {}
        for parameter, type_ in zip(parameters, types, strict=True):
            if isinstance(type_, Mapping):
                owner = KnownDict(prune(parameter.type))
                names = [k if k.isidentifier() else str(i) for i, k in enumerate(type_)]
                dicts[owner] = {
                    key: self.target.body.add_argument(each, f"{parameter.name}_{name}")
                    for name, (key, each) in zip(names, type_.items(), strict=True)
                }
                arguments.append(owner)
                continue
            if isinstance(type_, ClassType):
                raise NotSpecializable("an argument is an object of a class", source.location)
            known = type_ if isinstance(type_, Constant) else None
            wanted = type_.type if isinstance(type_, Constant) else type_
            argument = self.target.body.add_argument(wanted, parameter.name)
            if known is not None or wanted == NONE:
                value = None if known is None else known.value
                arguments.append(Constant(value, wanted))
            else:
                arguments.append(argument)
        self.given = len(self.target.parameters)
        self.objects = ObjectState(self.target, root, assigned)
        self.evaluator = Evaluator(source, self.target, arguments, self.objects, elements, dicts)

    def build(self) -> bool:
        """Build the function; return whether all that it assigns was known from the start."""
        self.evaluator.run()
        return not self.objects.is_stale

    def finish(self) -> Specialized:
        assigned = self._return_state()
        program = Program()
        program.functions = dict(self.generic.functions)
        program.functions[self.target.name] = self.target
        program.exceptions.update(self.generic.exceptions)
        keep_reachable(program, [self.target.name])
        if len(program.functions) > 1:
            program.classes.update(self.generic.classes)
        PassManager(_TIDY).run(program)
        self._drop_parameters()
        attributes = self.objects.attributes.values()
        return Specialized(
            program,
            self.target,
            tuple((a.path, a.parameter) for a in attributes if a.parameter is not None),
            tuple((a.path, a.value) for a in attributes if a.parameter is None),
            assigned,
        )

    def _return_state(self) -> tuple[tuple[Path, Type], ...]:
        """Make the function return what the attributes hold in the end, too."""
        changed: dict[Key, Type] = {}
        for returned in self.evaluator.returns:
            for key, value in returned.state.items():
                if value is not self.objects.initial(key):
                    changed[key] = NEVER
        if not changed:
            return ()
        for returned in self.evaluator.returns:
            for key, type_ in changed.items():
                value = returned.state.get(key) or self.objects.initial(key)
                joined = either(type_, value.type)
                if joined is None:
                    raise NotSpecializable("an attribute has no one type", self.target.location)
                changed[key] = resolve(joined)
        for returned in self.evaluator.returns:
            end = returned.operation
            values = [returned.state.get(key) or self.objects.initial(key) for key in changed]
            parts = [*end.operands, *values]
            made = Operation(
                "tuple",
                parts,
                [TupleType(tuple(part.type for part in parts))],
                opdef=REGISTRY["tuple"],
                location=end.location,
            )
            assert end.parent is not None
            end.parent.insert(len(end.parent.operations) - 1, made)
            end.operands = [made.result]
        assert self.target.return_type is not None
        self.target.return_type = TupleType((self.target.return_type, *changed.values()))
        return tuple((self.objects.attributes[key].path, type_) for key, type_ in changed.items())

    def _drop_parameters(self) -> None:
        """Take out the parameters of attributes that nothing uses any more."""
        parameters = self.target.parameters
        kept = parameters[: self.given] + [p for p in parameters[self.given :] if p.uses]
        self.target.body.arguments[:] = kept
        for index, parameter in enumerate(kept):
            parameter.index = index
        for attribute in self.objects.attributes.values():
            if attribute.parameter is not None and not attribute.parameter.uses:
                attribute.parameter = None
