"""Dicts whose keys are known while a function is specialised: each key is a value that changes.

Such a dict is to the evaluator what a module is: an object whose parts are values, also behind
branches and in loops. It becomes a dict again where the function returns it. All keys are there
from one place of the program on; a dict of which that cannot be told is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scriptc.ir.builder import constant
from scriptc.ir.graph import Block, Constant, Instance, Operation, Value
from scriptc.ir.passes.object_state import NotSpecializable, ObjectState
from scriptc.ir.types import ClassType, DictType, Type, prune

MAX_KEYS = 64


def can_follow(made: Operation) -> bool:
    """Tell whether all that is done with a dict is known from the program alone.

    Its keys are strings of the text, and each is there before it is asked for; new ones come in the
    block that makes the dict only. It is returned, by itself or in a tuple that is, and nothing
    changes it once it is in a tuple.
    """
    assert made.parent is not None
    known = {_name(key) for key in made.operands[::2]}
    if None in known or any(map(is_mapping, made.operands[1::2])):
        return False
    names: set[Value] = {made.result}
    in_tuple = False
    for operation in made.parent.walk():
        used = [i for i, value in enumerate(operation.operands) if value in names]
        if not used:
            continue
        if operation.opdef is None:
            if operation.name not in ("refine", "return"):
                return False
            names |= set(operation.results)
        elif operation.name == "tuple":
            if in_tuple or not _is_returned(operation.result):
                return False
            in_tuple = True
        elif (
            used != [0]
            or (operation.name == "setitem" and in_tuple)
            or not _is_known_use(operation, made, known)
        ):
            return False
    return len(known) <= MAX_KEYS


def _is_known_use(operation: Operation, made: Operation, known: set[str | None]) -> bool:
    """Tell whether an operation asks for, or changes, what a dict is known to have."""
    if operation.name == "len":
        return True
    key = _name(operation.operands[1]) if len(operation.operands) > 1 else None
    if key is None:
        return False
    if operation.name == "setitem":
        if operation.parent is made.parent:
            known.add(key)
        return key in known and not is_mapping(operation.operands[2])
    return operation.name in ("contains", "dict_get") or (
        operation.name == "getitem" and key in known
    )


def _is_returned(value: Value) -> bool:
    """Tell whether all that is done with a tuple is to return it."""
    return all(
        user.name == "return" or (user.name == "tuple" and _is_returned(user.result))
        for user in value.uses
    )


def is_mapping(value: Value) -> bool:
    """Tell whether a value is a dict, or an object of a class."""
    return isinstance(prune(value.type), DictType | ClassType)


def _name(key: Value) -> str | None:
    """Return a key that is a string of the text."""
    return key.value if isinstance(key, Constant) and type(key.value) is str else None


class KnownDict(Instance):
    """A dict that is being followed. Its keys are in the order in which they were put in.

    `block` is where it was made: only there keys may come; there is none for an argument, which
    stays as it is. `type` is its type as a value. One that has `left` is part of a value, and must
    not change any more.
    """

    __slots__ = ("block", "keys", "left", "type")

    def __init__(self, type_: Type, block: Block | None = None) -> None:
        super().__init__("dict")
        self.block = block
        self.type = type_
        self.keys: list[str] = []
        self.left = False


class KnownDicts:
    """All dicts of one function."""

    def __init__(self, objects: ObjectState) -> None:
        self._objects = objects
        self._made: list[KnownDict] = []
        """Keeps them alive: an attribute is known by the identity of its owner."""

    def take(self, owner: KnownDict, parts: Mapping[str, Value]) -> None:
        """Note what an argument holds."""
        self._made.append(owner)
        for key, value in parts.items():
            owner.keys.append(key)
            self._objects.state[id(owner.__dict__), key] = value

    def apply(
        self, operation: Operation, given: Sequence[Value | Instance], block: Block
    ) -> Sequence[Value | Instance] | None:
        """Return the results of an operation on dicts; None if it is about none that is known."""
        if operation.name == "dict":
            return [self._new(operation, given, block)] if can_follow(operation) else None
        if not given or not isinstance(given[0], KnownDict):
            return None
        owner, *others = given
        assert isinstance(owner, KnownDict)
        match operation.name, others:
            case "getitem", [key]:
                return [self._read(owner, self._key(key, operation), operation)]
            case "setitem", [key, value]:
                self._write(owner, self._key(key, operation), value, operation, block)
                return []
            case "contains", [key]:
                found = self._key(key, operation) in owner.keys
                return [constant(found, operation.result.type)]
            case "dict_get", [key, default]:
                name = self._key(key, operation)
                return [self._read(owner, name, operation) if name in owner.keys else default]
            case "len", []:
                return [constant(len(owner.keys), operation.result.type)]
        raise self._refusal(f"`{operation.name}` of a dict", operation)

    def parts(self, owner: KnownDict, operation: Operation, *, returned: bool) -> list[Value]:
        """Return keys and values in turn, to make a dict of where one is a value."""
        if owner.block is None:
            raise self._refusal("an argument that is a dict is returned", operation)
        if owner.left and not returned:
            raise self._refusal("a dict is part of several values", operation)
        owner.left |= not returned
        found: list[Value] = []
        for key in owner.keys:
            value = self._read(owner, key, operation)
            if not isinstance(value, Value):
                raise self._refusal("an object of a class is in a dict", operation)
            found += [constant(key), value]
        return found

    def _new(
        self, operation: Operation, given: Sequence[Value | Instance], block: Block
    ) -> KnownDict:
        type_ = prune(operation.result.type)
        assert isinstance(type_, DictType)
        made = KnownDict(type_, block)
        self._made.append(made)
        for key, value in zip(given[::2], given[1::2], strict=True):
            self._write(made, self._key(key, operation), value, operation, block)
        return made

    def _key(self, key: Value | Instance, operation: Operation) -> str:
        if not isinstance(key, Constant) or type(key.value) is not str:
            raise self._refusal("a dict whose keys are not known strings", operation)
        return key.value

    def _read(self, owner: KnownDict, key: str, operation: Operation) -> Value | Instance:
        if key not in owner.keys:
            raise self._refusal(f"the key {key!r} is missing", operation)
        return self._objects.state[id(owner.__dict__), key]

    def _write(
        self,
        owner: KnownDict,
        key: str,
        value: Value | Instance,
        operation: Operation,
        block: Block,
    ) -> None:
        if owner.block is None:
            raise self._refusal("an argument that is a dict changes", operation)
        if owner.left:
            raise self._refusal("a dict changes that is part of a value", operation)
        if not isinstance(value, Value):
            raise self._refusal("a dict holds a dict, or an object of a class", operation)
        if key not in owner.keys:
            if block is not owner.block or len(owner.keys) == MAX_KEYS:
                raise self._refusal("a key of a dict that is not always there", operation)
            owner.keys.append(key)
        self._objects.state[id(owner.__dict__), key] = value

    def _refusal(self, reason: str, operation: Operation) -> NotSpecializable:
        return self._objects.refusal(reason, operation.location)
