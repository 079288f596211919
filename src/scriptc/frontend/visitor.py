"""Dispatch: from the class of a syntax node to the function that lowers it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from scriptc.frontend.conditions import Condition
from scriptc.frontend.expressions import EXPRESSIONS
from scriptc.frontend.lowering import Lowering
from scriptc.frontend.statements import assign_to, lower_block, lower_if
from scriptc.frontend.statics import Expr
from scriptc.ir.graph import Constant, Value


class ScriptVisitor:
    """The dispatcher of the script front end."""

    def expression(self, low: Lowering, node: ast.expr) -> Expr:
        """Lower an expression; a class of node without an entry is outside the subset."""
        handler = EXPRESSIONS.get(type(node))
        if handler is None:
            raise low.unsupported(node)
        return handler(low, node)

    def block(self, low: Lowering, statements: Sequence[ast.stmt]) -> None:
        """Lower statements one by one, recovering from errors at the next one."""
        lower_block(low, statements)

    def assign(self, low: Lowering, target: ast.expr, expr: Expr) -> None:
        """Assign to a target of any form."""
        assign_to(low, target, expr)

    def branch_on(
        self,
        low: Lowering,
        node: ast.stmt,
        test: Value,
        then_body: Callable[[], None],
        else_body: Callable[[], None],
        names: Sequence[str],
    ) -> None:
        """Lower a branch on a value, whose bodies assign `names`."""
        decided = test.value if isinstance(test, Constant) else test
        lower_if(low, node, Condition(decided), then_body, else_body, names)
