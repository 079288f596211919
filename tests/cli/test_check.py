"""`scriptc check`: all problems of a file in one run."""

import shutil
from pathlib import Path

import pytest

from conftest import Golden

CASES = Path(__file__).parent / "cases"


def test_all_problems_of_all_objects_in_one_run(cli, golden: Golden) -> None:
    shutil.copy(CASES / "many_problems.py", "many_problems.py")
    ran = cli("check", "many_problems.py")
    assert ran.status == 1
    assert ran.out == ""
    golden(CASES / "many_problems.err", ran.err)


def test_a_file_without_problems(cli, model) -> None:
    ran = cli("check", model)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "model.py: no problems; 2 objects: double, scale\n"


def test_a_file_that_compiles_nothing_has_no_problem(cli, write) -> None:
    ran = cli("check", write("plain.py", "x = 1\n"))
    assert (ran.status, ran.out) == (0, "plain.py: no problems, and nothing that is compiled\n")


def test_what_is_found_twice_is_said_once(cli, write) -> None:
    path = write(
        "twice.py",
        """
        import scriptc
        def helper(x):
            return missing
        @scriptc.script
        def one(x):
            return helper(x)
        @scriptc.script
        def two(x):
            return helper(x)
        """,
    )
    ran = cli("check", path)
    assert ran.status == 1
    assert ran.err.count("error[undefined-name]: `missing` is not defined") == 1


def test_an_exception_before_any_problem_ends_the_file(cli, write) -> None:
    path = write(
        "raises.py",
        """
        import pathlib
        def fail(n):
            raise ValueError(f"not {n}")
        value = 1 + fail(2)
        pathlib.Path("reached").touch()
        """,
    )
    ran = cli("check", path)
    assert ran.status == 1
    assert ran.err == (
        "error[file-raised]: `raises.py` raised ValueError: not 2\n"
        " --> raises.py:4:5\n"
        "  |\n"
        '4 |     raise ValueError(f"not {n}")\n'
        "  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ while this ran\n"
        "  = help: `python raises.py` shows the whole traceback\n"
    )
    assert not Path("reached").exists()


def test_any_exception_of_the_file_is_told(cli, write) -> None:
    ran = cli("check", write("own.py", "class Own(BaseException):\n    pass\nraise Own\n"))
    assert ran.status == 1
    assert ran.err.startswith("error[file-raised]: `own.py` raised Own\n --> own.py:3:1\n")


def test_an_exception_of_a_module_points_to_the_line_that_called(cli, write) -> None:
    path = write("calls.py", "import json\n\nx = [json.loads('{')]\n")
    ran = cli("check", path)
    assert ran.status == 1
    assert " --> calls.py:3:6\n" in ran.err
    assert "  |      ^^^^^^^^^^^^^^^ while this ran\n" in ran.err


def test_columns_count_characters(cli, write) -> None:
    path = write("accents.py", 'x = ("é😀", 1 // 0)\n')
    ran = cli("check", path)
    assert ' --> accents.py:1:12\n  |\n1 | x = ("é😀", 1 // 0)\n' in ran.err
    assert "  |            ^^^^^^ while this ran\n" in ran.err


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x = (1,\n", "error[invalid-syntax]: '(' was never closed\n --> bad.py:1:5\n"),
        ("return 1\n", "error[invalid-syntax]: 'return' outside function\n --> bad.py:1:1\n"),
        ("x = '\0'\n", "error[not-python]: `bad.py` is not Python source: "),
    ],
)
def test_what_is_not_python(cli, write, text: str, error: str) -> None:
    ran = cli("check", write("bad.py", text))
    assert ran.status == 1
    assert ran.err.startswith(error)


def test_bytes_that_are_no_text(cli) -> None:
    Path("bytes.py").write_bytes(b"\xff\xfe\x00\x81" * 20)
    ran = cli("check", "bytes.py")
    assert ran.status == 1
    assert ran.err.startswith(
        "error[not-python]: `bytes.py` is not Python source: it is no text in its encoding\n"
    )


def test_other_encodings_and_futures_hold(cli) -> None:
    text = (
        "# coding: latin-1\n"
        "from __future__ import annotations\n"
        "import scriptc\n"
        "def f(x: NotThere) -> int:\n"
        "    return 1\n"
        "assert f.__annotations__ == {'x': 'NotThere', 'return': 'int'}\n"
        "assert len('é') == 1\n"
    )
    Path("latin.py").write_bytes(text.encode("latin-1"))
    assert cli("check", "latin.py").status == 0


def test_functions_are_compiled_as_in_the_whole_file(cli, write) -> None:
    text = """
    import numpy as np
    import scriptc
    try:
        import math as m
    except ImportError:
        import cmath as m
    @scriptc.script
    def f(n: int) -> np.ndarray:
        return np.zeros((n, 3), np.float32) + m.sqrt(2.0)
    """
    ran = cli("check", write("imports.py", text))
    assert (ran.status, ran.err) == (0, "")


def test_files_that_are_not_there(cli) -> None:
    ran = cli("check", "nowhere.py")
    assert (ran.status, ran.err) == (1, "error[no-file]: there is no file `nowhere.py`\n")
    ran = cli("check", ".")
    assert ran.status == 1
    assert ran.err.startswith("error[unreadable-file]: `.` cannot be read: ")


def test_exits(cli, write) -> None:
    ran = cli("check", write("leaves.py", "import sys\nsys.exit(3)\n"))
    assert ran.status == 1
    assert ran.err.startswith(
        "error[file-exited]: `leaves.py` ended itself with exit status 3\n = help: "
    )
    assert cli("check", write("ends.py", "import sys\nsys.exit()\n1 // 0\n")).status == 0


def test_the_file_sees_what_a_program_sees(cli, write) -> None:
    write("beside.py", "value = 5\n")
    path = write(
        "looks.py",
        """
        '''The words.'''
        import sys
        import beside
        assert beside.value == 5
        assert sys.argv == [__file__] == ["looks.py"]
        assert __name__ == "looks" and sys.modules[__name__].__doc__ == "The words."
        print("to the standard error")
        """,
    )
    ran = cli("check", path)
    assert (ran.status, ran.err) == (0, "to the standard error\n")


@pytest.mark.filterwarnings("always")
def test_warnings_of_a_trace_are_drawn(cli, write) -> None:
    path = write(
        "branches.py",
        """
        import numpy as np
        import scriptc
        def f(x):
            if x > 0:
                return x * 2
            return x
        f = scriptc.trace(f, np.asarray(2.0))
        """,
    )
    ran = cli("check", path)
    assert ran.status == 0
    title, _, place = ran.err.partition("\n")
    assert title.startswith("warning[trace]: a Python branch was decided by the value of an array")
    assert place.startswith(" --> branches.py:5:5\n  |\n5 |     if x > 0:\n  |     ^^^^^^^^^\n")


@pytest.mark.filterwarnings("always")
def test_a_fallback_to_tracing_is_no_problem(cli, write) -> None:
    path = write(
        "falls.py",
        """
        import numpy as np
        import scriptc
        def f(x):
            with open(__file__):
                return x * 2
        f = scriptc.script(f, (np.ones(2),))
        """,
    )
    ran = cli("check", path)
    assert ran.status == 0
    assert "warning[trace]: traced instead of scripted, because a `with` block" in ran.err
    assert ran.out == "falls.py: no problems; 1 object: f\n"


def test_a_file_may_take_the_errors_itself(cli, write) -> None:
    path = write(
        "handles.py",
        """
        import contextlib
        import numpy as np
        import scriptc
        def helper(f):
            return scriptc.script(f)
        def bad(x):
            return missing
        def worse(x):
            return absent
        try:
            bad = helper(bad)
        except scriptc.CompileError:
            bad = scriptc.trace(lambda x: x * 2, np.ones(2))
        with contextlib.suppress(scriptc.Error):
            scriptc.script(bad.nothing)
        with contextlib.suppress(scriptc.Error):
            scriptc.script(worse)
            raise AssertionError
        """,
    )
    ran = cli("check", path)
    assert (ran.status, ran.out) == (1, "")
    assert "raised AttributeError: " in ran.err  # `suppress` does not take this one
    text = path.read_text().replace("    scriptc.script(bad.nothing)", "    pass")
    ran = cli("check", write("handled.py", text))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "handled.py: no problems; 1 object: bad\n"


def test_an_error_that_a_try_lets_pass_is_a_problem(cli, write) -> None:
    path = write(
        "passes.py",
        """
        import scriptc
        def one(x):
            return missing
        def two(x):
            return absent
        try:
            one = scriptc.script(one)
        except ImportError:
            pass
        two = scriptc.script(two)
        """,
    )
    ran = cli("check", path)
    assert ran.status == 1
    assert "`missing` is not defined" in ran.err
    assert "`absent` is not defined" in ran.err
