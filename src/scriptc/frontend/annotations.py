"""From Python annotations to types.

An annotation is read as syntax; names in it are looked up, and nothing is called. What a name
stands for decides: `np.ndarray`, `NDArray`, `typing.Optional`, built-in classes, dtypes, or
another annotation (an alias).
"""

from __future__ import annotations

import ast
import builtins
import collections.abc
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from scriptc.ir.types import (
    ATOMS,
    BOOL,
    COMPLEX,
    DTYPE,
    DTYPES,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    ViewType,
    union,
)

Lookup = Callable[[str], Any]
_ATOMS: dict[Any, Type] = {
    int: INT,
    float: FLOAT,
    bool: BOOL,
    complex: COMPLEX,
    str: STR,
    None: NONE,
    type(None): NONE,
    np.ndarray: TENSOR,
    npt.NDArray: TENSOR,
    np.dtype: DTYPE,
    np.generic: TensorType(None, ()),
    np.number: TensorType(None, ()),
    np.floating: TensorType(None, ()),
    np.integer: TensorType(None, ()),
}
_LISTS = (list, typing.List, typing.Sequence, collections.abc.Sequence)  # noqa: UP006 - as written by users
_TUPLES = (tuple, typing.Tuple)  # noqa: UP006 - as written by users
_DICTS = (dict, typing.Dict, typing.Mapping, collections.abc.Mapping)  # noqa: UP006 - as written by users
_WALKED: dict[Any, Callable[[Type], Type]] = {
    collections.abc.Iterator: IteratorType,
    collections.abc.Collection: ViewType,
    collections.abc.KeysView: ViewType,
    collections.abc.ValuesView: ViewType,
}
"""What `.code` writes for helpers that are given iterators, and views of dicts."""


class AnnotationError(Exception):
    """The annotation does not name a type; carries the piece that does not."""

    def __init__(self, text: str, incomplete: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.incomplete = incomplete
        """Whether it names a container without saying what it holds, as `list` does."""


class Tensor:
    """The type of an array in annotations, such as `Tensor[float32, (3, None)]`.

    It is what `.code` writes. It means the same as `np.ndarray`, with the dtype and shape that are
    known; `None` is a size that is not.
    """

    def __class_getitem__(cls, item: Any) -> types.GenericAlias:
        return types.GenericAlias(cls, item if isinstance(item, tuple) else (item,))


def parse_annotation(
    node: ast.expr, lookup: Lookup, classes: Mapping[str, Type] | None = None
) -> Type | None:
    """Return the type an annotation names, or None where it says nothing (`Any`).

    `lookup` gives the object a name stands for and raises `KeyError`; `classes` are names of
    classes of the program. Raises `AnnotationError`.
    """
    match node:
        case ast.Constant(value=None):
            return NONE
        case ast.Constant(value=str(text)):
            try:
                return parse_annotation(ast.parse(text, mode="eval").body, lookup, classes)
            except SyntaxError as error:
                raise AnnotationError(text) from error
        case ast.Name(id=name) if classes is not None and name in classes:
            return classes[name]
        case ast.Name() | ast.Attribute():
            return _from_object(_evaluate(node, lookup), ast.unparse(node))
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            parts = [parse_annotation(side, lookup, classes) for side in (left, right)]
            return None if None in parts else union(part for part in parts if part is not None)
        case ast.Subscript(value=base, slice=index):
            items = index.elts if isinstance(index, ast.Tuple) else [index]
            return _subscript(_evaluate(base, lookup), items, node, lookup, classes)
    raise AnnotationError(ast.unparse(node))


def _evaluate(node: ast.expr, lookup: Lookup) -> Any:
    try:
        if isinstance(node, ast.Name):
            return lookup(node.id)
        if isinstance(node, ast.Attribute):
            return getattr(_evaluate(node.value, lookup), node.attr)
    except (KeyError, AttributeError) as error:
        raise AnnotationError(ast.unparse(node)) from error
    raise AnnotationError(ast.unparse(node))


def _subscript(
    base: Any,
    items: list[ast.expr],
    node: ast.expr,
    lookup: Lookup,
    classes: Mapping[str, Type] | None,
) -> Type | None:
    def one(item: ast.expr) -> Type:
        found = parse_annotation(item, lookup, classes)
        if found is None:
            raise AnnotationError(ast.unparse(node))
        return found

    if base is Tensor:
        return _tensor(items, node, lookup)
    if base is npt.NDArray or base is np.ndarray:
        return _array(items, lookup)
    if base is typing.Optional:
        return union((one(items[0]), NONE))
    if base is typing.Union:
        return union(map(one, items))
    if base in (typing.Final, typing.ClassVar, typing.Annotated):
        return one(items[0])
    if base in _LISTS and len(items) == 1:
        return ListType(one(items[0]))
    if base in _DICTS and len(items) == 2:
        return DictType(one(items[0]), one(items[1]))
    origin = typing.get_origin(base) or base
    if isinstance(origin, type) and origin in _WALKED and len(items) == 1:
        return _WALKED[origin](one(items[0]))
    if base in _TUPLES:
        if len(items) == 2 and isinstance(items[1], ast.Constant) and items[1].value is ...:
            return VariadicTupleType(one(items[0]))
        if len(items) == 1 and isinstance(items[0], ast.Tuple) and not items[0].elts:
            return TupleType(())
        return TupleType(tuple(map(one, items)))
    if getattr(base, "__module__", "").partition(".")[0] == "jaxtyping":
        return TENSOR
    raise AnnotationError(ast.unparse(node))


def _array(items: list[ast.expr], lookup: Lookup) -> Type:
    """`NDArray[np.float32]` and `np.ndarray[shape, np.dtype[np.float32]]`."""
    last = items[-1]
    if isinstance(last, ast.Subscript):
        last = last.slice
    try:
        scalar = _evaluate(last, lookup)
    except AnnotationError:
        return TENSOR
    if isinstance(scalar, type) and issubclass(scalar, np.generic):
        try:
            name = np.dtype(scalar).name
        except TypeError:  # abstract, such as np.floating
            return TENSOR
        return TensorType(name) if name in DTYPES else TENSOR
    return TENSOR


def _tensor(items: list[ast.expr], node: ast.expr, lookup: Lookup) -> Type:
    dtype: str | None = None
    match items[0]:
        case ast.Name(id=name) if name in DTYPES:
            dtype = name
        case ast.Constant(value=str(name)) if name in DTYPES:
            dtype = name
        case ast.Constant(value=None):
            pass
        case other:
            dtype = np.dtype(_evaluate(other, lookup)).name
    if len(items) == 1:
        return TensorType(dtype)
    try:
        sizes = ast.literal_eval(items[1]) if len(items) == 2 else None
    except ValueError as error:
        raise AnnotationError(ast.unparse(node)) from error
    if not isinstance(sizes, tuple | int):
        raise AnnotationError(ast.unparse(node))
    return TensorType(dtype, sizes if isinstance(sizes, tuple) else (sizes,))


def _from_object(found: Any, text: str) -> Type | None:
    try:
        if found in _ATOMS:
            return _ATOMS[found]
    except TypeError:
        pass
    if found is typing.Any or found is object:
        return None
    if any(found is bare for bare in (*_LISTS, *_TUPLES, *_DICTS)):
        raise AnnotationError(text, incomplete=True)
    if found is Tensor or found is npt.ArrayLike:
        return TENSOR
    if isinstance(found, Type):
        return found
    is_alias = type(found).__name__ == "TypeAliasType"
    if isinstance(found, str) or is_alias or typing.get_origin(found) is not None:
        return type_from_object(found, text)
    if isinstance(found, type) and issubclass(found, np.generic):
        name = np.dtype(found).name
        if name in DTYPES:
            return TensorType(name, ())
    if getattr(found, "__module__", "").partition(".")[0] == "jaxtyping":
        return TENSOR
    raise AnnotationError(text)


def type_from_object(found: Any, text: str = "") -> Type | None:
    """Return the type of an annotation that has been evaluated, such as an alias."""
    if isinstance(found, str):
        return parse_annotation(ast.Constant(found), builtin_lookup)
    origin, args = typing.get_origin(found), typing.get_args(found)
    if origin is npt.NDArray:  # an alias of its own from NumPy 2.5 on
        return _of_scalar(args[0], text)
    if type(found).__name__ == "TypeAliasType" and found is not npt.NDArray:
        return type_from_object(found.__value__, text)
    if origin is None:
        return _from_object(found, text or repr(found))
    if origin is Tensor:
        return TENSOR
    if origin is np.ndarray:
        dtypes = [typing.get_args(a) for a in args if typing.get_origin(a) is np.dtype]
        return _of_scalar(dtypes[-1][0] if dtypes and dtypes[-1] else None, text)
    parts = [type_from_object(arg, text) for arg in args if arg is not ...]
    known = [part for part in parts if part is not None]
    if origin is typing.Union or origin is types.UnionType:
        return union(known) if len(known) == len(args) else None
    if origin in (typing.Final, typing.ClassVar, typing.Annotated):
        return known[0] if known else None
    if origin in (list, collections.abc.Sequence) and len(known) == 1:
        return ListType(known[0])
    if origin in (dict, collections.abc.Mapping) and len(known) == 2:
        return DictType(known[0], known[1])
    if origin in _WALKED and len(known) == 1:
        return _WALKED[origin](known[0])
    if origin is tuple and len(known) == len(parts):
        return VariadicTupleType(known[0]) if ... in args else TupleType(tuple(known))
    raise AnnotationError(text or repr(found))


def _of_scalar(scalar: Any, text: str) -> Type:
    """Return the type of arrays of a NumPy scalar class; of any dtype if it is not one."""
    if isinstance(scalar, type) and issubclass(scalar, np.generic):
        return TensorType(getattr(_from_object(scalar, text), "dtype", None))
    return TENSOR


def builtin_lookup(name: str) -> Any:
    """Look a name up among built-ins, `numpy as np`, `typing` and the program's atoms."""
    if name in ATOMS:
        return ATOMS[name]
    known = {"np": np, "numpy": np, "typing": typing, "NDArray": npt.NDArray, "Tensor": Tensor}
    if name in known:
        return known[name]
    if hasattr(typing, name):
        return getattr(typing, name)
    try:
        return getattr(builtins, name)
    except AttributeError:
        raise KeyError(name) from None
