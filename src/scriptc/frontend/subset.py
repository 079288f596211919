"""Human names for the syntax that is outside the subset, and what to write instead."""

from __future__ import annotations

import ast

NAMES: dict[type[ast.AST], tuple[str, str]] = {
    ast.AsyncFunctionDef: ("an `async` function", "call it outside of the script"),
    ast.AsyncFor: ("an `async for` loop", "use a plain `for` loop"),
    ast.AsyncWith: ("an `async with` block", "do this outside of the script"),
    ast.Await: ("`await`", "do this outside of the script"),
    ast.Yield: ("`yield`", "build a list and return it"),
    ast.YieldFrom: ("`yield from`", "build a list and return it"),
    ast.FunctionDef: ("a function inside a function", "move it to the top level of the module"),
    ast.Lambda: ("a `lambda`", "write a named function at the top level of the module"),
    ast.ClassDef: ("a class inside a function", "move it out of the function"),
    ast.Try: ("`try`", "test for the condition before, or handle it in the caller"),
    ast.With: ("a `with` block", "do this in the caller"),
    ast.Match: ("`match`", "use `if` and `elif`"),
    ast.Global: ("`global`", "pass the value as an argument and return it"),
    ast.Nonlocal: ("`nonlocal`", "pass the value as an argument and return it"),
    ast.Import: ("an `import` inside a function", "import it at the top of the module"),
    ast.ImportFrom: ("an `import` inside a function", "import it at the top of the module"),
    ast.Delete: ("`del` of a name", "leave the variable alone, or assign None to it"),
    ast.Set: ("a set", "use a dict or a list"),
    ast.SetComp: ("a set comprehension", "use a dict or a list"),
    ast.GeneratorExp: ("a generator expression", "use a list comprehension: `[...]`"),
    ast.NamedExpr: ("`:=`", "assign in a statement of its own"),
    ast.Starred: ("a `*` argument or element", "write the elements out"),
    ast.TypeAlias if hasattr(ast, "TypeAlias") else ast.Module: (
        "a `type` statement",
        "move it to the top level of the module",
    ),
}


def describe(node: ast.AST) -> tuple[str, str]:
    """Return what a construct is called and what to write instead."""
    known = NAMES.get(type(node))
    if known is not None:
        return known
    return f"`{type(node).__name__}`", "write it with the constructs of docs/language.md"
