"""Broken programs: whatever is written, script() works or raises CompileError, and nothing else.

The programs of `tests/programs` are taken apart and put together wrongly: expressions of one in
the place of those of another, statements left out, doubled and exchanged, other names, operators,
constants and annotations.
"""

import ast
import copy
import inspect
import linecache
import random
import textwrap
import warnings

import pytest

import scriptc
from programs import annotations, arrays, containers, control_flow, functions, reductions
from programs.harness import PROGRAMS
from scriptc.ir.ops import REGISTRY
from scriptc.ir.parser import parse_program
from scriptc.ir.printer import constants_of, print_program
from scriptc.ir.verifier import verify_program

MODULES = (annotations, arrays, containers, control_flow, functions, reductions)
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Mod, ast.BitAnd, ast.Pow)
COMPARISONS = (ast.Eq, ast.Lt, ast.Is, ast.IsNot, ast.In, ast.NotIn)
SIMPLE = ("break", "continue", "pass", "return", "return None", "raise", "x = x", "del x", "1")


def parse(function):
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    node = tree.body[0]
    if not isinstance(node, ast.FunctionDef):
        return None
    node.decorator_list = []
    return node


TREES = [(f.__globals__, tree) for f, _ in PROGRAMS if (tree := parse(f)) is not None]
EXPRESSIONS = [n for _, tree in TREES for n in ast.walk(tree) if isinstance(n, ast.expr)]
STATEMENTS = [n for _, tree in TREES for n in ast.walk(tree) if isinstance(n, ast.stmt)]


def is_target(node):
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


class Mutation(ast.NodeTransformer):
    """Changes the node with a number, counted in the order of the walk."""

    def __init__(self, chance, place):
        self.chance = chance
        self.left = place

    def visit(self, node):
        self.left -= 1
        if self.left == 0:
            return self.change(node)
        return super().generic_visit(node)

    def change(self, node):
        pick = self.chance
        if isinstance(node, ast.Name) and (is_target(node) or pick.random() < 0.5):
            return ast.Name(pick.choice(("x", "n", "i", "xs", "s", "self", "len")), node.ctx)
        if isinstance(node, ast.Constant) and pick.random() < 0.5:
            value = pick.choice((0, -1, 2**70, 1.5, "a", "", None, True, ..., b"x", 1j))
            return ast.Constant(value)
        if isinstance(node, ast.operator):
            return pick.choice(OPERATORS)()
        if isinstance(node, ast.cmpop):
            return pick.choice(COMPARISONS)()
        if isinstance(node, ast.expr) and not is_target(node):
            return copy.deepcopy(pick.choice(EXPRESSIONS))
        if isinstance(node, ast.FunctionDef):
            return super().generic_visit(node)
        if isinstance(node, ast.stmt):
            other = copy.deepcopy(pick.choice(STATEMENTS))
            simple = ast.parse(pick.choice(SIMPLE)).body[0]
            return pick.choice((simple, other, [node, copy.deepcopy(node)], [other, node]))
        return node


def mutant(seed):
    """Return the source of a broken program and the globals to run it in."""
    chance = random.Random(seed)
    scope, tree = chance.choice(TREES)
    tree = copy.deepcopy(tree)
    for _ in range(chance.choice((1, 1, 2, 4))):
        size = sum(1 for _ in ast.walk(tree))
        tree = Mutation(chance, chance.randrange(2, size + 1)).visit(tree)
    tree.name = "mutant"
    try:
        return ast.unparse(ast.fix_missing_locations(tree)), scope
    except ValueError:  # no text has this tree
        return "not python", scope


def check(seed):
    text, scope = mutant(seed)
    path = f"<mutant {seed}>"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `1 is "a"` and the like
        try:
            code = compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return "not python"
    namespace = dict(scope)
    try:
        exec(code, namespace)
    except Exception:  # noqa: BLE001 - a default or an annotation that cannot be evaluated
        return "not defined"
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    try:
        scripted = scriptc.script(namespace["mutant"])
    except scriptc.CompileError as error:
        return "refused" if error.diagnostics and str(error) else "refused without a word"
    finally:
        del linecache.cache[path]
    verify_program(scripted.program)
    printed = print_program(scripted.program)
    again = parse_program(printed, REGISTRY, constants_of(scripted.program))
    assert print_program(again) == printed
    assert scripted.code
    return "compiled"


def check_all(seeds):
    results = {}
    for seed in seeds:
        try:
            result = check(seed)
        except Exception as error:
            error.add_note(f"seed {seed}:\n{mutant(seed)[0]}")
            raise
        results[result] = results.get(result, 0) + 1
    # The test means something only if both happen often.
    assert results.keys() <= {"refused", "compiled", "not python", "not defined"}
    assert results["refused"] > len(seeds) / 10
    assert results["compiled"] > len(seeds) / 10


def test_broken_programs():
    check_all(range(150))


@pytest.mark.slow
def test_many_broken_programs():
    check_all(range(1000, 6000))
