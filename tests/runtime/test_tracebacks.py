"""Exceptions of compiled functions point at the user's source as those of plain Python do."""

import linecache
import traceback
from pathlib import Path
from typing import Any

import pytest

from scriptc.ir.builder import constant
from scriptc.ir.graph import ExceptionRef, FunctionRef, Program, Value
from scriptc.ir.location import Location, SourceFile
from scriptc.ir.types import INT, ListType
from scriptc.runtime.interpreter import Executable
from support.small_ops import Make, make_function

TEXT = """\
# Ein Kommentar, 2 Zeilen über der Funktion
def pick(x, i):
    é = "größer"; first = x[i]
    return x[first] + x[
        first * 2
    ]


def fail(x, i):
    if x[0] == i:
        raise ValueError("größer", i)
    return pick(x, i)
"""


class Placed:
    """Builds operations that stand where a piece of the text stands."""

    def __init__(self, make: Make, file: SourceFile) -> None:
        self.make = make
        self.file = file

    def at(self, piece: str, start: int = 0) -> Location:
        offset = self.file.text.index(piece, start)
        before, within = self.file.text[:offset], self.file.text[: offset + len(piece)]
        first = self.file.first_line
        return Location(
            self.file,
            first + before.count("\n"),
            offset - before.rfind("\n") - 1,
            first + within.count("\n"),
            len(within) - within.rfind("\n") - 1,
        )

    def __call__(self, piece: str, name: str, *operands: Any) -> Any:
        self.make.location = self.at(piece)
        return self.make(name, *operands)


def build(file: SourceFile) -> Program:
    program = Program()
    function, make, (x, i) = make_function(
        "pick", {"x": ListType(INT), "i": INT}, origin="model.pick"
    )
    place = Placed(make, file)
    function.location = place.at(TEXT[TEXT.index("def pick") : TEXT.index("\n\n\n")])
    first = place("x[i]", "getitem", x, i)
    left = place("x[first]", "getitem", x, first)
    doubled = place("first * 2", "multiply", first, 2)
    right = place("x[\n        first * 2\n    ]", "getitem", x, doubled)
    total = place("x[first] + x[\n        first * 2\n    ]", "add", left, right)
    make.end("return", total)
    program.add_function(function)

    caller, make, (x, i) = make_function(
        "fail", {"x": ListType(INT), "i": INT}, origin="model.fail"
    )
    place = Placed(make, file)
    caller.location = place.at(TEXT[TEXT.index("def fail") : -1])
    test = make.choose(place("x[0] == i", "equal", place("x[0]", "getitem", x, 0), i), [])
    with make.at(test.blocks[0]):
        make.location = place.at('raise ValueError("größer", i)')
        make.end("raise", ExceptionRef("ValueError"), "größer", i)
    with make.at(test.blocks[1]):
        make.end("yield")
    make.location = place.at("pick(x, i)", TEXT.index("def fail"))
    make.end("return", make.call(function, [x, i]))
    program.add_function(caller)
    return program


def frames(function: Any, *arguments: Any) -> tuple[Any, list[Any], str]:
    """Call a function that raises; return the error, its frames in the source, and the text."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        found = traceback.extract_tb(error.__traceback__)
        shown = [
            (f.filename, f.name, f.lineno, f.end_lineno, f.colno, f.end_colno, f.line)
            for f in found
            if f.filename.endswith("model.py")
        ]
        lines = traceback.format_exception(error)
        start = next(i for i, line in enumerate(lines) if "model.py" in line)
        return (type(error), error.args), shown, "".join(lines[start:])
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("x", "i"),
    [
        ([1, 2], 7),
        ([1, 9], 1),
        ([0, 1], 1),
        ([5], 5),
        ([2**62, 1, 2**62, 3], 0),
    ],
    ids=["subscript", "left", "two lines", "raise", "index"],
)
def test_a_traceback_is_that_of_plain_python(x: list[int], i: int, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(TEXT, encoding="utf-8")
    namespace: dict[str, Any] = {}
    exec(compile(TEXT, str(path), "exec"), namespace)
    executable = Executable(build(SourceFile(str(path), TEXT)))
    for name in ("fail", "pick"):
        if name == "pick" and i == 5:
            continue
        expected = frames(namespace[name], x, i)
        assert expected[1]
        # The second call goes without the frames that compile on first use.
        for _ in range(2):
            assert frames(executable.entry(name), x, i) == expected
        assert frames(executable.function(name), x, i)[1] == expected[1]


def test_overflow_points_at_the_operation(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(TEXT, encoding="utf-8")
    pick = Executable(build(SourceFile(str(path), TEXT))).entry("pick")
    values = [1, 2**62, 2**62, 0]
    error, (*_, last), text = frames(pick, values, 0)
    assert error == (
        OverflowError,
        ("integer overflow: 9223372036854775808 does not fit in 64 bits",),
    )
    assert last[2:6] == (4, 6, 11, 5)
    assert "overflow(" not in text


def test_source_that_is_not_here_is_shown_all_the_same(tmp_path: Path) -> None:
    path = str(tmp_path / "gone" / "model.py")
    whole = SourceFile(path, TEXT)
    part = SourceFile(path, TEXT[TEXT.index("def fail") :], first_line=9)
    try:
        fail = Executable(build(whole)).entry("fail")
        _, shown, text = frames(fail, [1], 3)
        assert [line for *_, line in shown] == ["return pick(x, i)", 'é = "größer"; first = x[i]']
        assert "\n                          ~^^^\n" in text
        linecache.checkcache()
        assert linecache.getline(path, 12).strip() == "return pick(x, i)"

        linecache.cache.pop(path)
        function, make, _ = make_function("f", {})
        function.location = Location(part, 9, 0, 12, 21)
        make.location = Location(part, 11, 8, 11, 37)
        make.end("raise", ExceptionRef("ValueError"))
        program = Program()
        program.add_function(function)
        _, ((*_, line),), _ = frames(Executable(program).entry("f"))
        assert line == 'raise ValueError("größer", i)'
    finally:
        linecache.cache.pop(path, None)


def test_a_file_that_exists_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(TEXT.replace("é", "e"), encoding="utf-8")
    fail = Executable(build(SourceFile(str(path), TEXT))).entry("fail")
    _, shown, _ = frames(fail, [1], 3)
    assert shown[-1][-1] == 'e = "größer"; first = x[i]'


def test_operations_of_another_file_are_noted() -> None:
    own = SourceFile("here/model.py", "def f(x):\n    return g(x)\n")
    other = SourceFile("there/library.py", "def g(x):\n    return x[5]\n", first_line=40)
    function, make, (x,) = make_function("f", {"x": ListType(INT)}, origin="model.f")
    function.location = Location(own, 1, 0, 2, 15)
    make.location = Location(other, 41, 11, 41, 15)
    value: Value = make("getitem", x, 5)
    make.end("return", value)
    program = Program()
    program.add_function(function)
    with pytest.raises(IndexError) as caught:
        Executable(program).entry("f")([1])
    assert caught.value.__notes__ == [
        'in `f`, from File "there/library.py", line 41\n    return x[5]'
    ]
    assert str(caught.value) == "list index out of range"


def test_operations_without_a_place_are_noted() -> None:
    function, make, (x,) = make_function("f", {"x": ListType(INT)})
    make.end("return", make("getitem", x, 5))
    program = Program()
    program.add_function(function)
    with pytest.raises(IndexError) as caught:
        Executable(program).entry("f")([1])
    assert caught.value.__notes__ == [
        "raised by an operation of `f` that stands nowhere in the source"
    ]


@pytest.mark.parametrize(
    "place",
    [(0, 0, 0, 0), (-5, 0, 1, 1), (5, 0, 3, 0), (1, -3, 1, 2), (2**40, 0, 2**40, 1), (1, 9, 1, 2)],
)
def test_places_that_make_no_sense_do_no_harm(place: tuple[int, int, int, int]) -> None:
    file = SourceFile("m\0odel.py", "")
    function, make, (x,) = make_function("f", {"x": ListType(INT)})
    function.location = make.location = Location(file, *place)
    make.end("return", make("getitem", x, 0))
    program = Program()
    program.add_function(function)
    assert Executable(program).entry("f")([4]) == 4
    with pytest.raises(IndexError):
        Executable(program).entry("f")([])


def test_an_exception_that_passes_twice_has_one_note() -> None:
    error = KeyError("x")

    class Raises:
        def __getitem__(self, index: int) -> int:
            raise error

    function, make, (x,) = make_function("f", {"x": ListType(INT)})
    make.end("return", make("getitem", x, 0))
    program = Program()
    program.add_function(function)
    unchecked = Executable(program)
    function.body.arguments[0].type = ListType(INT)
    entry = unchecked.entry("f")
    entry.__globals__[".slow0"] = lambda value: True
    for _ in range(2):
        with pytest.raises(KeyError):
            entry(Raises())
    assert len(error.__notes__) == 1


def test_the_trampoline_of_a_first_call_is_not_shown() -> None:
    callee, make, (x,) = make_function("callee", {"x": ListType(INT)})
    make.end("return", make("getitem", x, 0))
    function, make, (x,) = make_function("f", {"x": ListType(INT)})
    make.end("return", make.structure("call", [constant(FunctionRef("callee")), x], [INT]).result)
    program = Program()
    program.add_function(callee)
    program.add_function(function)
    with pytest.raises(IndexError) as caught:
        Executable(program).entry("f")([])
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[1:] == ["f", "f", "callee"]
