"""What a pass is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from scriptc.ir.graph import Function, Program


@dataclass(frozen=True)
class Pass(ABC):
    """A rewriting of IR in place that keeps what it does. Its fields are its options."""

    @abstractmethod
    def apply(self, target: Program) -> bool:
        """Rewrite a program; return whether anything changed."""


@dataclass(frozen=True)
class FunctionPass(Pass):
    """A pass that looks at one function at a time."""

    @abstractmethod
    def apply_to_function(self, function: Function) -> bool:
        """Rewrite a function; return whether anything changed."""

    def apply(self, target: Function | Program) -> bool:
        """Rewrite a function, or all functions of a program; return whether anything changed."""
        if isinstance(target, Function):
            return self.apply_to_function(target)
        changed = False
        for function in list(target.functions.values()):
            changed |= self.apply_to_function(function)
        return changed
