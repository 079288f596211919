"""Lowering of comprehensions: a fresh container, and loops that fill it."""

from __future__ import annotations

import ast
from collections.abc import Callable

from scriptc.frontend import conditions, iterables
from scriptc.frontend.lowering import Lowering
from scriptc.ir.graph import Operation, Value


def lower_list(low: Lowering, node: ast.ListComp | ast.GeneratorExp) -> Value:
    """Lower `[element for ...]`; also a generator that its consumer takes whole."""
    result = low.emit("list", [], node)

    def add() -> None:
        low.emit_all("list_append", [result, low.value_of(node.elt)], node.elt)

    _generate(low, node.generators, add, node)
    return result


def lower_dict(low: Lowering, node: ast.DictComp) -> Value:
    """Lower `{key: value for ...}`."""
    result = low.emit("dict", [], node)

    def add() -> None:
        key = low.value_of(node.key)
        value = low.value_of(node.value)
        low.emit_all("setitem", [result, key, value], node)

    _generate(low, node.generators, add, node)
    return result


def _generate(
    low: Lowering,
    generators: list[ast.comprehension],
    add: Callable[[], None],
    node: ast.expr,
) -> None:
    with low.branch(low.builder.block):
        _loop(low, generators, add, node)


def _loop(
    low: Lowering, generators: list[ast.comprehension], add: Callable[[], None], node: ast.expr
) -> None:
    if not generators:
        add()
        return
    first, *rest = generators
    if first.is_async:
        raise low.unsupported(node, "an asynchronous comprehension")
    iterable = low.expression(first.iter)

    def body() -> None:
        _filter(low, first.ifs, lambda: _loop(low, rest, add, node), node)

    elements = iterables.unrolled_elements(low, iterable, first.iter, False)
    if elements is not None:
        for element in elements:
            low.assign(first.target, element)
            body()
        return
    value, element_type = iterables.iterate(low, iterable, first.iter)
    operation = Operation("for", [value], [], location=low.locate(node))
    low.builder.insert(operation)
    block = low.new_block(operation)
    name = first.target.id if isinstance(first.target, ast.Name) else ""
    item = block.add_argument(element_type, name)
    # What a round assigns holds in the next one; nothing is known of attributes in between.
    with low.branch(block):
        low.env.facts.clear()
        low.assign(first.target, item)
        body()
        low.structural("continue", [], [], node)


def _filter(low: Lowering, tests: list[ast.expr], body: Callable[[], None], node: ast.expr) -> None:
    if not tests:
        body()
        return
    condition = conditions.lower_condition(low, tests[0])
    if isinstance(condition.value, bool):
        if condition.value:
            _filter(low, tests[1:], body, node)
        return
    operation = low.structural("if", [condition.value], [], node)
    with low.branch(low.new_block(operation)):
        low.narrow(condition.when_true, node)
        _filter(low, tests[1:], body, node)
        low.structural("yield", [], [], node)
    with low.branch(low.new_block(operation)):
        low.structural("yield", [], [], node)
