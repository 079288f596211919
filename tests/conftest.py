"""What every test may use: goldens, and PyTorch tests that skip where there is no PyTorch."""

import atexit
import difflib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Whatever a test compiles and runs is verified before and after each pass.
os.environ.setdefault("SCRIPTC_VERIFY_PASSES", "1")

# The interpreter is what most tests are about; those of native code ask for it.
os.environ.setdefault("SCRIPTC_BACKEND", "interpreter")

# No test reads or fills the cache of the user who runs it: all processes of a run have their own.
if "SCRIPTC_TESTS_CACHE" not in os.environ:
    os.environ["SCRIPTC_TESTS_CACHE"] = tempfile.mkdtemp(prefix="scriptc-tests-")
    atexit.register(shutil.rmtree, os.environ["SCRIPTC_TESTS_CACHE"], ignore_errors=True)
os.environ["SCRIPTC_CACHE_DIR"] = os.environ["SCRIPTC_TESTS_CACHE"]
os.environ.pop("SCRIPTC_CACHE_SIZE", None)

# An example may hold a whole compilation, so none has a deadline. CI draws the same ones each time.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the compiler prints now into the golden files; review the diff",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if importlib.util.find_spec("torch") is not None:
        return
    skip = pytest.mark.skip(reason="needs PyTorch")
    for item in items:
        if item.get_closest_marker("torch"):
            item.add_marker(skip)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """`golden(path, text)`: fail unless the file at `path` holds `text`; write it when updating."""
    root = request.config.rootpath
    update = request.config.getoption("--update-golden")
    # A node id is repository-relative and exact; parameters may hold characters for the shell.
    command = f"pytest --update-golden {str(request.node.nodeid)!r}"

    def check(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        name = path.relative_to(root) if path.is_relative_to(root) else path
        if not path.exists():
            pytest.fail(f"{name} does not exist; write it with\n    {command}", pytrace=False)
        expected = path.read_text(encoding="utf-8")
        if expected == text:
            return
        diff = difflib.unified_diff(
            expected.splitlines(),
            text.splitlines(),
            f"{name} (golden)",
            f"{name} (now)",
            lineterm="",
        )
        shown = "\n".join(diff) or "(only the end of the last line differs)"
        pytest.fail(f"{shown}\n\nIf this is right, update with\n    {command}", pytrace=False)

    return check
