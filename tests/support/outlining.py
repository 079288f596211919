"""Outlining as a pass, for back ends that do not exist: they refuse some operations."""

from dataclasses import dataclass
from random import Random

from scriptc.ir.graph import Operation, Program
from scriptc.ir.passes.base import Pass
from scriptc.ir.passes.outline import outline
from scriptc.ir.types import STR, ListType, TensorType, Type


@dataclass(frozen=True)
class Outlining(Pass):
    """Takes out what a back end can do that refuses operations of these names.

    With `seed`, it refuses one operation in five besides, and whatever weighs something goes.
    """

    names: frozenset[str] = frozenset({"sin", "get_attr"})
    seed: int | None = None

    def apply(self, target: Program) -> bool:
        judge = _Judge(self.names, None if self.seed is None else Random(self.seed))
        least = 2 if self.seed is None else 1
        parts = 0
        for name in list(target.functions):
            parts += len(outline(target, name, judge, least=least).parts)
        return parts > 0


class _Judge:
    def __init__(self, names: frozenset[str], random: Random | None) -> None:
        self.names = names
        self.random = random

    def refusal(self, operation: Operation) -> str | None:
        if operation.name in self.names or (self.random and self.random.random() < 0.2):
            return f"the operation `{operation.name}`"
        return None

    def takes(self, type_: Type) -> bool:
        return type_ != STR

    def gives(self, type_: Type) -> bool:
        return not isinstance(type_, ListType) or not isinstance(type_.element, TensorType)

    def weight(self, operation: Operation) -> int:
        return int(operation.opdef is not None or operation.name in ("for", "loop"))
