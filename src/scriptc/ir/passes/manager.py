"""Pipelines: which passes run, in which order, and how to watch them.

Set `SCRIPTC_VERIFY_PASSES` to have the verifier run before and after every pass, and
`SCRIPTC_PRINT_PASSES` to see the program on standard error after each one that changed it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scriptc.ir.clone import clone_program
from scriptc.ir.diagnostic import InternalError
from scriptc.ir.graph import Program
from scriptc.ir.passes.base import Pass
from scriptc.ir.passes.common_subexpressions import CommonSubexpressions
from scriptc.ir.passes.constant_folding import ConstantFolding
from scriptc.ir.passes.dead_code import DeadCode
from scriptc.ir.passes.inline import Inline, keep_reachable
from scriptc.ir.printer import print_program
from scriptc.ir.verifier import VerifyError, verify_program

INLINE: Sequence[Pass] = (Inline(),)
"""All calls replaced by what they call: `.inlined_graph`."""

INTERPRETER: Sequence[Pass] = (
    # A call costs the interpreter as much as a few operators do, so small functions gain by it.
    Inline(max_callee=24, max_operations=2_000, early_returns=False),
    ConstantFolding(),
    CommonSubexpressions(),
    DeadCode(),
)
"""What a program goes through before it runs: quick passes that pay off at the first call."""

FREEZE: Sequence[Pass] = (
    ConstantFolding(arrays=True),
    CommonSubexpressions(),
    DeadCode(),
    ConstantFolding(arrays=True),
    DeadCode(),
)
"""What follows once the attributes of a module are constants, and its calls are inlined."""


def _print_to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is what was asked for


def _is_set(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


@dataclass(frozen=True)
class PassManager:
    """Runs passes one after the other over a program, in place.

    With `verify`, the program is checked before the first pass and after each one; what a pass
    breaks is an `InternalError` that names it. With `show`, a function, it is given the text of the
    program at the start and after each pass that changed something.
    """

    passes: Sequence[Pass]
    verify: bool = field(default_factory=lambda: _is_set("SCRIPTC_VERIFY_PASSES"))
    show: Callable[[str], None] | None = field(
        default_factory=lambda: _print_to_stderr if _is_set("SCRIPTC_PRINT_PASSES") else None
    )

    def run(self, program: Program) -> bool:
        """Rewrite a program; return whether anything changed."""
        self._look(program, "before the first pass")
        changed = False
        for step in self.passes:
            if step.apply(program):
                changed = True
                self._look(program, f"after {step}")
        return changed

    def _look(self, program: Program, when: str) -> None:
        if self.show is not None:
            self.show(f"# {when}\n{print_program(program)}")
        if self.verify:
            try:
                verify_program(program)
            except VerifyError as error:
                raise InternalError(f"the program does not verify {when}: {error}") from error


def inlined(program: Program, entry: str) -> Program:
    """Return a program of one function whose calls are all inlined, and what they still need.

    The given program stays as it is.
    """
    copy = clone_program(program)
    keep_reachable(copy, [entry])
    PassManager(INLINE).run(copy)
    keep_reachable(copy, [entry])
    return copy


def optimized(program: Program, passes: Sequence[Pass] = INTERPRETER) -> Program:
    """Return a program that does the same, rewritten; the given one stays as it is."""
    copy = clone_program(program)
    PassManager(passes).run(copy)
    return copy
