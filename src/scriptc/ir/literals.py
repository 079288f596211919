"""Reading types and constants of `.graph`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scriptc.ir.builder import INT_MAX, INT_MIN
from scriptc.ir.graph import UNBOUND, Constant, ExceptionRef, FunctionRef
from scriptc.ir.opdef import RuleError
from scriptc.ir.printer import default_type
from scriptc.ir.text import EXCEPTIONS, TYPE_WORDS, is_attribute_name
from scriptc.ir.tokens import Tokens
from scriptc.ir.types import (
    ATOMS,
    DTYPES,
    ClassType,
    DictType,
    Dim,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    ViewType,
    union,
)

_WORDS: dict[str, Any] = {
    "True": True,
    "False": False,
    "None": None,
    "nan": float("nan"),
    "inf": float("inf"),
    "unbound": UNBOUND,
}
_MAX_SIZE = 2**63 - 1
_OF_ELEMENTS = {"list": ListType, "iterator": IteratorType, "view": ViewType}


class LiteralParser(Tokens):
    """A token stream that also reads types and constants; `pool` holds the pooled objects."""

    def __init__(self, text: str, pool: Sequence[Any] = ()) -> None:
        super().__init__(text)
        self.pool = pool

    # --- types ----------------------------------------------------------------------------------

    def type(self) -> Type:
        """Read a type; `|` makes a union."""
        self.enter()
        first = self.token
        members = [self._member()]
        while self.accept("|"):
            members.append(self._member())
        self.leave()
        if len(members) == 1:
            return members[0]
        joined = union(members)
        if not isinstance(joined, UnionType) or joined.members != tuple(members):
            raise self.error("a union that is not in its simplest form", first)
        return joined

    def types(self) -> list[Type]:
        """Read one or more types separated by commas."""
        found = [self.type()]
        while self.accept(","):
            found.append(self.type())
        return found

    def _member(self) -> Type:
        token = self.expect("name", "a type")
        word = token.text
        if word in ATOMS:
            return ATOMS[word]
        if word == "Tensor":
            return self._tensor()
        if word == "tuple":
            return self._tuple()
        if word in TYPE_WORDS:
            self.expect("[")
            if word == "class":
                name = self.expect("name", "the name of a class").text
                self.expect("]")
                return ClassType(name)
            first = self.type()
            if word == "dict":
                self.expect(",")
                second = self.type()
            self.expect("]")
            if word == "dict":
                return DictType(first, second)
            return _OF_ELEMENTS[word](first)
        if not is_attribute_name(word) or word in DTYPES:
            raise self.error(f"{word!r} is not a type", token)
        return ClassType(word)

    def _tuple(self) -> Type:
        self.expect("[")
        if self.accept("("):
            self.expect(")")
            self.expect("]")
            return TupleType(())
        elements = [self.type()]
        while self.accept(","):
            if len(elements) == 1 and self.accept("..."):
                self.expect("]")
                return VariadicTupleType(elements[0])
            elements.append(self.type())
        self.expect("]")
        return TupleType(tuple(elements))

    def _tensor(self) -> Type:
        if not self.accept("["):
            return TensorType()
        dtype: str | None = None
        if not self.accept("?"):
            token = self.expect("name", "a dtype or `?`")
            dtype = token.text
            if dtype not in DTYPES:
                raise self.error(f"{dtype!r} is not a dtype", token)
        if dtype is not None and self.accept("]"):
            return TensorType(dtype)
        self.expect(",")
        self.expect("(")
        sizes: list[Dim] = []
        while not self.at(")"):
            if sizes:
                self.expect(",")
            sizes.append(self._dim())
        self.expect(")")
        self.expect("]")
        return TensorType(dtype, tuple(sizes))

    def _dim(self) -> Dim:
        if self.accept("?"):
            return None
        if self.at("name"):
            return self.advance().text
        return self.integer("a size, a symbol or `?`", low=0, high=_MAX_SIZE)

    # --- constants ------------------------------------------------------------------------------

    def constant(self) -> Constant:
        """Read a constant; `(literal: type)` gives it a type other than its own."""
        start = self.token
        if not self.accept("("):
            return self._typed(self.literal(), start)
        if self.accept(")"):
            return self._typed((), start)
        value = self.literal()
        if self.accept(":"):
            type_ = self.type()
            self.expect(")")
            return Constant(value, type_)
        return self._typed(self._rest_of_tuple(value), start)

    def _typed(self, value: Any, start: Any) -> Constant:
        type_ = default_type(value)
        if type_ is None:
            raise self.error("a constant that no type describes", start)
        return Constant(value, type_)

    def literal(self) -> Any:
        """Read the literal of a constant and return its value."""
        token = self.token
        match token.kind:
            case "number":
                if token.text.removeprefix("-").isdecimal():
                    return self.integer("an int of 64 bits", low=INT_MIN, high=INT_MAX)
                return self.float_(self.advance())
            case "string":
                return self.string()
            case "-":
                self.advance()
                self.expect_word("inf")
                return -float("inf")
            case "...":
                self.advance()
                return ...
            case "pooled":
                index = int(self.advance().text[1:])
                if index >= len(self.pool):
                    raise self.error(f"there is no constant #{index}", token)
                return self.pool[index]
            case "function":
                return FunctionRef(self.function_name())
            case "(":
                return self._tuple_literal()
            case "name":
                return self._word()
        raise self.expected("a constant")

    def _tuple_literal(self) -> tuple[Any, ...]:
        self.enter()
        self.expect("(")
        if self.accept(")"):
            self.leave()
            return ()
        result = self._rest_of_tuple(self.literal())
        self.leave()
        return result

    def _rest_of_tuple(self, first: Any) -> tuple[Any, ...]:
        parts = [first]
        self.expect(",")
        while not self.at(")"):
            if len(parts) > 1:
                self.expect(",")
            parts.append(self.literal())
        self.expect(")")
        return tuple(parts)

    def _word(self) -> Any:
        token = self.advance()
        word = token.text
        if word in _WORDS:
            return _WORDS[word]
        if word in DTYPES:
            return np.dtype(word)
        if word in EXCEPTIONS:
            return ExceptionRef(word)
        if word in ("complex", "slice", "range", "exception"):
            return self._composed(word)
        raise self.error(f"{word!r} is not a constant", token)

    def _composed(self, word: str) -> Any:
        self.enter()
        start = self.token
        self.expect("(")
        parts = [self.literal()]
        while self.accept(","):
            parts.append(self.literal())
        self.expect(")")
        self.leave()
        kinds = [type(part) for part in parts]
        if word == "complex" and kinds == [float, float]:
            return complex(*parts)
        if word == "slice" and len(parts) == 3:
            return slice(*parts)
        if word == "range" and kinds in ([int, int], [int, int, int]) and 0 not in parts[2:]:
            return range(*parts)
        if (
            word == "exception"
            and kinds == [str, str]
            and (parts[1] in EXCEPTIONS or (not parts[1] and parts[0] in EXCEPTIONS))
        ):
            return ExceptionRef(*parts)
        raise self.error(f"these are not the parts of a {word}", start)

    def function_name(self) -> str:
        """Read `@name` or `@"name"`."""
        token = self.expect("function", "a function")
        if token.text != "@":
            return token.text[1:]
        return self.string("the name of a function")


__all__ = ["LiteralParser", "RuleError"]
