"""What `scriptc` offers: the names, where they come from, and that importing it costs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import scriptc

SOURCE = Path(scriptc.__file__).read_text(encoding="utf-8")


def test_every_public_name_is_there() -> None:
    for name in scriptc.__all__:
        assert getattr(scriptc, name) is not None
    assert set(scriptc.__all__) <= set(dir(scriptc))


def test_a_name_that_is_not_there_raises() -> None:
    with pytest.raises(AttributeError, match="no attribute 'scrpt'"):
        getattr(scriptc, "scrp" + "t")


def test_type_checkers_see_what_is_imported_at_run_time() -> None:
    (guarded,) = (n for n in ast.parse(SOURCE).body if isinstance(n, ast.If))
    seen = {
        (node.module, alias.name)
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {(home, name) for name, home in scriptc._HOME_OF.items()} | {("scriptc", "nn")}


def test_errors_have_one_base() -> None:
    for name in scriptc.__all__:
        found = getattr(scriptc, name)
        if isinstance(found, type) and issubclass(found, Exception) and name.endswith("Error"):
            assert issubclass(found, scriptc.Error), name


def test_importing_imports_neither_the_compiler_nor_what_is_heavy() -> None:
    program = "import sys, scriptc; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    loaded = set(result.stdout.split())
    assert not loaded & {"scriptc.frontend", "scriptc.ir", "typer", "rich", "torch", "safetensors"}


def test_loading_and_running_imports_no_compiler(tmp_path: Path) -> None:
    scriptc.script(add).save(tmp_path / "add.scriptc")
    program = (
        "import sys, numpy, scriptc; f = scriptc.load(sys.argv[1]); print(f(numpy.ones(1))); "
        "print(*sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "add.scriptc")],
        check=True,
        capture_output=True,
        text=True,
    )
    answer, loaded = result.stdout.splitlines()
    assert answer == "[2.]"
    assert not {"scriptc.frontend", "scriptc.api", "numpy.random", "typer"} & set(loaded.split())


def add(x):
    return x + 1
