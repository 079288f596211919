"""The functions that users call: arguments bind as in Python, are checked, and are passed on.

Binding and checks are a Python function made for the signature, since they decide the cost of a
small call. What is not a name of a parameter has a name with a dot, which no parameter can have.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import keyword
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from scriptc.ir.builder import INT_MAX, INT_MIN
from scriptc.ir.diagnostic import ArgumentError, InternalError
from scriptc.ir.graph import BlockArgument, Function, Instance
from scriptc.ir.types import INT, NONE, ClassType, TensorType, Type, UnionType, resolve
from scriptc.runtime.exceptions import INFO, FrameInfo, add_places
from scriptc.runtime.values import EXACT, argument_error, describe, make_test

HandOver = Callable[[dict[str, Any], str], None]


class _Missing:
    def __repr__(self) -> str:
        return "missing"


_MISSING = _Missing()


def make_entry(function: Function, hand_over: HandOver, bound: Instance | None) -> FunctionType:
    """Return the checked form of a function.

    `hand_over` puts the compiled function into the globals of the new one. The result raises
    `ArgumentError` for arguments that do not bind or do not have the right types. An argument
    that is given twice gets Python's own `TypeError`.
    """
    return _Entry(function, bound).make(hand_over)


def signature_of(function: Function, bound: bool) -> inspect.Signature:
    """Return the signature as users call a function; with `bound`, the first parameter is given."""
    kinds = inspect.Parameter
    found = []
    for parameter in function.parameters[bound:]:
        default = function.defaults.get(parameter.name, kinds.empty)
        only = parameter.name in function.keyword_only
        kind = kinds.KEYWORD_ONLY if only else kinds.POSITIONAL_OR_KEYWORD
        found.append(kinds(parameter.name, kind, default=default))
    # In a compiled function a parameter without default may follow one that has one.
    return inspect.Signature(found, __validate_parameters__=False)


class _Entry:
    def __init__(self, function: Function, bound: Instance | None) -> None:
        self.function = function
        self.name = function.origin.rpartition(".")[2]
        self.bound = bound
        self.namespace: dict[str, Any] = {
            "__builtins__": vars(builtins),
            "__name__": __name__,
            INFO: FrameInfo(),
            ".type": type,
            ".len": len,
            ".array": np.ndarray,
            ".instance": Instance,
            ".missing": _MISSING,
            ".bound": bound,
            ".exception": BaseException,
            ".add_places": add_places,
        }
        self.parameters = function.parameters[bound is not None :]
        for parameter in self.parameters:
            name = parameter.name
            if not name.isidentifier() or keyword.iskeyword(name):
                raise InternalError(f"{name!r} cannot be the name of a parameter")

    def make(self, hand_over: HandOver) -> FunctionType:
        hand_over(self.namespace, ".function")
        body = [*self._binding(), *self._checks(), *self._symbols(), self._call()]
        definition = ast.FunctionDef("f", self._arguments(), body, [])
        tree = ast.fix_missing_locations(ast.Module([definition], []))
        module = compile(tree, "<scriptc>", "exec", dont_inherit=True)
        (code,) = (c for c in module.co_consts if isinstance(c, CodeType))
        code = code.replace(co_name=self.name, co_qualname=self.name)
        made = FunctionType(code, self.namespace, self.name)
        by_position = [p for p in self.parameters if p.name not in self.function.keyword_only]
        made.__defaults__ = tuple(map(self._default, by_position))
        made.__kwdefaults__ = {
            p.name: self._default(p) for p in self.parameters if p not in by_position
        }
        made.__signature__ = signature_of(self.function, self.bound is not None)  # type: ignore[attr-defined]  # inspect reads it
        made.__module__ = self.function.origin.rpartition(".")[0] or "__main__"
        return made

    def _default(self, parameter: BlockArgument) -> Any:
        return self.function.defaults.get(parameter.name, _MISSING)

    def _arguments(self) -> ast.arguments:
        only = set(self.function.keyword_only)
        by_position = [ast.arg(p.name) for p in self.parameters if p.name not in only]
        by_keyword = [ast.arg(p.name) for p in self.parameters if p.name in only]
        # The real defaults are objects; they are set on the function.
        defaults: list[ast.expr] = [ast.Constant(None) for _ in by_position]
        keyword_defaults: list[ast.expr | None] = [ast.Constant(None) for _ in by_keyword]
        rest, more = ast.arg(".rest"), ast.arg(".more")
        return ast.arguments([], by_position, rest, by_keyword, keyword_defaults, more, defaults)

    # --- binding ---------------------------------------------------------------------------------

    def _binding(self) -> list[ast.stmt]:
        required = [p.name for p in self.parameters if p.name not in self.function.defaults]
        tests: list[ast.expr] = [_name(".rest"), _name(".more")]
        tests += [_compare(_name(name), ast.Is(), _name(".missing")) for name in required]
        missing = ast.Tuple(
            [_compare(_name(name), ast.Is(), _name(".missing")) for name in required], ast.Load()
        )

        def problem(
            rest: tuple[Any, ...], more: dict[str, Any], missing: Sequence[bool]
        ) -> ArgumentError:
            names = [name for name, is_missing in zip(required, missing, strict=True) if is_missing]
            return self._binding_error(rest, more, names)

        self.namespace[".binding"] = problem
        error = _call(_name(".binding"), _name(".rest"), _name(".more"), missing)
        return [ast.If(ast.BoolOp(ast.Or(), tests), [ast.Raise(error, None)], [])]

    def _binding_error(
        self, rest: tuple[Any, ...], more: dict[str, Any], missing: list[str]
    ) -> ArgumentError:
        by_position = [p.name for p in self.parameters if p.name not in self.function.keyword_only]
        signature = signature_of(self.function, self.bound is not None)
        advice = f"call it as {self.name}{signature}"
        if more:
            names = ", ".join(f"`{name}`" for name in more)
            return ArgumentError(f"{self.name}() has no parameter {names}; {advice}")
        if rest:
            count = len(by_position)
            return ArgumentError(
                f"{self.name}() takes {count} positional argument{'s' * (count != 1)}, "
                f"and was given {count + len(rest)}; {advice}"
            )
        names = " and ".join(f"`{name}`" for name in missing)
        return ArgumentError(f"{self.name}() needs an argument for {names}; {advice}")

    # --- checks ----------------------------------------------------------------------------------

    def _checks(self) -> list[ast.stmt]:
        checks: list[ast.stmt] = []
        for i, parameter in enumerate(self.parameters):
            type_ = resolve(parameter.type)
            slow, error = f".slow{i}", f".error{i}"
            self.namespace[slow] = make_test(type_)
            self.namespace[error] = self._type_error(type_, parameter.name)
            argument = _name(parameter.name)
            fast = self._fast(type_, argument, i)
            accepted = _call(_name(slow), argument)
            if fast is not None:
                accepted = ast.BoolOp(ast.Or(), [fast, accepted])
            raised = ast.Raise(_call(_name(error), argument), None)
            checks.append(ast.If(ast.UnaryOp(ast.Not(), accepted), [raised], []))
        return checks

    def _type_error(self, type_: Type, name: str) -> Callable[[Any], ArgumentError]:
        return lambda value: argument_error(type_, value, self.name, name)

    def _fast(self, type_: Type, value: ast.expr, index: int) -> ast.expr | None:
        """Return an expression that accepts the usual values of a type, if there is one."""
        exact = EXACT.get(type_)
        if type_ == NONE:
            return _compare(value, ast.Is(), ast.Constant(None))
        if exact is not None:
            return self._has_type(value, f".{exact.__name__}", exact)
        if type_ == INT:
            size = ast.Compare(
                ast.Constant(INT_MIN), [ast.LtE(), ast.LtE()], [value, ast.Constant(INT_MAX)]
            )
            return ast.BoolOp(ast.And(), [self._has_type(value, ".int", int), size])
        match type_:
            case TensorType():
                return self._fast_tensor(type_, value, index)
            case ClassType(name):
                same = _compare(_attribute(value, "scriptc_class"), ast.Eq(), ast.Constant(name))
                is_instance = self._has_type(value, ".instance", Instance)
                return ast.BoolOp(ast.And(), [is_instance, same])
            case UnionType(members):
                options = [self._fast(member, value, index) for member in members]
                known = [option for option in options if option is not None]
                return ast.BoolOp(ast.Or(), known) if len(known) > 1 else None
        return None

    def _has_type(self, value: ast.expr, name: str, class_: type) -> ast.expr:
        self.namespace[name] = class_
        return _compare(_call(_name(".type"), value), ast.Is(), _name(name))

    def _fast_tensor(self, type_: TensorType, value: ast.expr, index: int) -> ast.expr:
        tests = [_compare(_call(_name(".type"), value), ast.Is(), _name(".array"))]
        if type_.dtype is not None:
            name = f".{type_.dtype}"
            self.namespace[name] = np.dtype(type_.dtype)
            # Arrays nearly always hold the one object that NumPy has for a dtype.
            tests.append(_compare(_attribute(value, "dtype"), ast.Is(), _name(name)))
        shape = type_.shape
        if shape is not None and all(isinstance(size, int) for size in shape):
            sizes = ast.Tuple([ast.Constant(size) for size in shape], ast.Load())
            tests.append(_compare(_attribute(value, "shape"), ast.Eq(), sizes))
        elif shape is not None:
            tests.append(_compare(_attribute(value, "ndim"), ast.Eq(), ast.Constant(len(shape))))
            for axis, size in enumerate(shape):
                if isinstance(size, int):
                    tests.append(_compare(_size(value, axis), ast.Eq(), ast.Constant(size)))
        return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)

    def _symbols(self) -> list[ast.stmt]:
        """Return the checks that a size with a name is the same wherever the name stands."""
        first: dict[str, tuple[str, int]] = {}
        checks: list[ast.stmt] = []
        for parameter in self.parameters:
            type_ = resolve(parameter.type)
            if not isinstance(type_, TensorType):
                continue
            for axis, size in enumerate(type_.shape or ()):
                if not isinstance(size, str):
                    continue
                place = (parameter.name, axis)
                if first.setdefault(size, place) is place:
                    continue
                other, other_axis = first[size]
                test = _compare(
                    _size(_name(parameter.name), axis), ast.NotEq(), _size(_name(other), other_axis)
                )
                name = f".symbol{len(checks)}"
                self.namespace[name] = self._size_error(size, parameter.name, other)
                error = _call(_name(name), _name(parameter.name), _name(other))
                checks.append(ast.If(test, [ast.Raise(error, None)], []))
        return checks

    def _size_error(self, size: str, name: str, other: str) -> Callable[[Any, Any], ArgumentError]:
        return lambda value, first: ArgumentError(
            f"{self.name}() was given {describe(first)} as `{other}` and {describe(value)} as "
            f"`{name}`, where the sizes `{size}` must be equal"
        )

    def _call(self) -> ast.stmt:
        arguments: list[ast.expr] = [_name(".bound")] if self.bound is not None else []
        arguments += [_name(p.name) for p in self.parameters]
        error = _name(".error")
        handler = ast.ExceptHandler(
            _name(".exception"),
            ".error",
            [ast.Expr(_call(_name(".add_places"), error)), ast.Raise(None, None)],
        )
        called = ast.Return(_call(_name(".function"), *arguments))
        return ast.Try([called], [handler], [], [])


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _call(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    return ast.Call(function, list(arguments), [])


def _attribute(value: ast.expr, name: str) -> ast.expr:
    return ast.Attribute(value, name, ast.Load())


def _size(value: ast.expr, axis: int) -> ast.expr:
    return ast.Subscript(_attribute(value, "shape"), ast.Constant(axis), ast.Load())


def _compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [operator], [right])
