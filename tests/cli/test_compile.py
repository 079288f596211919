"""`scriptc compile`: what it finds, what it writes, what it prints."""

import os
from pathlib import Path

import numpy as np
import pytest

import scriptc


def archives() -> list[str]:
    """Return all files that are here but for those of Python, which writes what it has compiled."""
    found = (path for path in Path().rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.suffix not in (".py", ".pyc"))


def test_compiles_what_the_file_scripts_and_constructs(cli, model) -> None:
    ran = cli("compile", model)
    assert (ran.status, ran.err) == (0, "")
    header, _, *rows, last = [line for line in ran.out.splitlines() if line.strip()]
    columns = ["name", "kind", "signature", "operations", "parameters", "archive", "time"]
    assert header.split() == columns
    assert [row.split()[:2] for row in rows] == [["double", "function"], ["scale", "module"]]
    assert "double(x: Tensor, times: int = 1) -> Tensor" in rows[0]
    assert rows[1].split()[-5] == "3"  # the parameters of `scale`, before two sizes and units
    assert last == "wrote 2 archives to ./"
    assert archives() == ["double.scriptc", "scale.scriptc"]
    x = np.ones(3, np.float32)
    np.testing.assert_array_equal(scriptc.load("double.scriptc")(x, 2), x * 4)
    np.testing.assert_array_equal(scriptc.load("scale.scriptc")(x)[0], [1, 2, 3])


def test_output_folder_is_made(cli, model) -> None:
    ran = cli("compile", model, "-o", "build/all")
    assert ran.status == 0
    assert ran.out.endswith("wrote 2 archives to build/all/\n")
    assert archives() == ["build/all/double.scriptc", "build/all/scale.scriptc"]


def test_one_object_goes_to_the_file_that_is_named(cli, model) -> None:
    ran = cli("compile", model, "-e", "double", "-o", "twice.scriptc")
    assert ran.status == 0
    assert ran.out.endswith("wrote 1 archive to twice.scriptc\n")
    assert archives() == ["twice.scriptc"]
    ran = cli("compile", model, "-o", "both.scriptc")
    assert ran.status == 1
    assert ran.err == (
        "error[one-file]: `both.scriptc` is one archive, and there are 2 objects to write\n"
        " = help: give a folder to `-o`, or choose one object with `--entry`: `double`, `scale`\n"
    )
    assert archives() == ["twice.scriptc"]


def test_entries(cli, write) -> None:
    path = write(
        "entries.py",
        """
        import numpy as np
        from scriptc import nn

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.act = nn.ReLU()
                self.offset = 2
            def forward(self, x):
                return self.act(x)
            def shifted(self, x, by: int):
                return self.act(x) + self.offset * by

        def plain(x):
            return x + 1

        model = Model()
        number = 5
        """,
    )
    ran = cli("compile", path, "-e", "plain", "-e", "model.shifted", "--entry", "model.act")
    assert (ran.status, ran.err) == (0, "")
    assert archives() == ["model.act.scriptc", "model.shifted.scriptc", "plain.scriptc"]
    shifted = scriptc.load("model.shifted.scriptc")
    np.testing.assert_array_equal(shifted(np.array([-1.0, 1.0]), 3), [6.0, 7.0])

    for name, title, advice in [
        (
            "plan",
            "[unknown-entry]: `entries.py` has no `plan` to compile",
            "did you mean `plain`? it has `plain`, `model`",
        ),
        (
            "model.nothing",
            "[unknown-entry]: `entries.py` has no `model.nothing` to compile",
            "it has `plain`, `model`",
        ),
        (
            "Model",
            "[wrong-entry]: `Model` is a class, which cannot be compiled",
            "construct one at module level, and name that",
        ),
        (
            "number",
            "[wrong-entry]: `number` is of type int, which cannot be compiled",
            "name a function, a module, or a method of an object",
        ),
    ]:
        ran = cli("compile", path, "-e", name, "-o", "never")
        assert (ran.status, ran.err) == (1, f"error{title}\n = help: {advice}\n")
    assert not Path("never").exists()


def test_names_that_are_imported_are_not_the_files_own(cli, write, model) -> None:
    write("library.py", "import scriptc\n@scriptc.script\ndef theirs(x):\n    return x\n")
    text = """
    import scriptc
    from library import theirs
    @scriptc.script
    def ours(x):
        return theirs(x)
    again = ours
    """
    ran = cli("compile", write("imports.py", text))
    assert ran.status == 0
    assert archives() == ["ours.scriptc"]


def test_modules_that_the_file_compiles_itself_are_not_compiled_again(cli, write) -> None:
    text = """
    import numpy as np
    import scriptc
    from scriptc import nn
    first, second = nn.ReLU(), nn.ReLU()
    traced = scriptc.trace(first, np.ones(2))
    scripted = scriptc.script(second)
    """
    ran = cli("compile", write("own.py", text))
    assert ran.status == 0
    kinds = {row.split()[0]: row for row in ran.out.splitlines() if row.strip()}
    assert "traced module" in kinds["traced"]
    assert "traced" not in kinds["scripted"].split()
    assert archives() == ["scripted.scriptc", "traced.scriptc"]


def test_nothing_to_compile(cli, write) -> None:
    ran = cli("compile", write("nothing.py", "def f(x):\n    return x\n"))
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        "error[nothing-to-compile]: `nothing.py` scripts nothing\n"
        " = help: decorate a function with `@scriptc.script`, or construct a module at module "
        "level; or choose with `--entry`: `f`\n"
    )


def test_a_problem_anywhere_writes_nothing(cli, write) -> None:
    text = """
    import scriptc
    @scriptc.script
    def good(x):
        return x
    @scriptc.script
    def bad(x):
        return missing
    """
    ran = cli("compile", write("half.py", text), "-o", "build")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(
        "error[undefined-name]: `missing` is not defined\n --> half.py:8:12\n"
    )
    assert archives() == []


def test_emit(cli, model) -> None:
    ran = cli("compile", model, "-e", "double", "--emit", "graph")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("func @double(%x: Tensor, %times: int = 1) -> Tensor")
    ran = cli("compile", model, "-e", "double", "--emit", "code")
    assert ran.out == (
        "def double(x: Tensor, times: int=1) -> Tensor:\n"
        "    for _ in range(times):\n"
        "        x = x * 2\n"
        "    return x\n"
    )
    both = cli("compile", model, "--emit", "code")
    assert both.out.startswith(f"# double\n{ran.out}\n# scale\ndef forward(self, x: Tensor)")
    assert archives() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_may_not_be_written(cli, model) -> None:
    Path("closed").mkdir(mode=0o500)
    ran = cli("compile", model, "-o", "closed")
    assert ran.status == 1
    assert ran.err.startswith("error[unwritable]: `closed/double.scriptc` cannot be written: ")
    assert archives() == []


def test_outputs_that_cannot_be(cli, model, write) -> None:
    write("taken", "")
    ran = cli("compile", model, "-o", "taken")
    assert ran.status == 1
    assert ran.err.startswith("error[unwritable]: `taken` cannot be written: ")
    Path("double.scriptc").mkdir()
    ran = cli("compile", model, "-e", "double")
    assert ran.status == 1
    assert ran.err.startswith("error[unwritable]: `double.scriptc` cannot be written: ")
    assert archives() == ["taken"]


def test_wrong_command_lines(cli, model) -> None:
    for arguments in [("compile",), ("compile", model, "--emit", "c"), ("nonsense",), ("--what",)]:
        ran = cli(*arguments)
        assert (ran.status, ran.out) == (2, "")
        assert "Usage: scriptc" in ran.err


def test_archives_go_where_the_command_stands(cli, write) -> None:
    Path("elsewhere").mkdir()
    text = """
    import os
    import scriptc
    os.chdir("elsewhere")
    @scriptc.script
    def f(x):
        return x
    """
    assert cli("compile", write("moves.py", text)).status == 0
    assert archives() == ["f.scriptc"]
