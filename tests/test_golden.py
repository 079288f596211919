"""The `golden` fixture, on which the expected IR and the expected errors rest."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).with_name("conftest.py")
CASE = """
from pathlib import Path

def test_case(golden):
    golden(Path(__file__).with_name("case.txt"), "one\\nthree\\n")
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(test_case=CASE)
    return pytester


def test_equal_text_passes(project: pytest.Pytester) -> None:
    (project.path / "case.txt").write_text("one\nthree\n", encoding="utf-8")
    project.runpytest().assert_outcomes(passed=1)


def test_other_text_fails_with_a_diff_and_the_command(project: pytest.Pytester) -> None:
    (project.path / "case.txt").write_text("one\ntwo\n", encoding="utf-8")
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["-two", "+three", "*pytest --update-golden 'test_case.py::*"])
    assert (project.path / "case.txt").read_text(encoding="utf-8") == "one\ntwo\n"


def test_a_missing_newline_at_the_end_fails(project: pytest.Pytester) -> None:
    (project.path / "case.txt").write_text("one\nthree", encoding="utf-8")
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*only the end of the last line differs*"])


def test_a_missing_file_fails(project: pytest.Pytester) -> None:
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*case.txt does not exist*"])


def test_updating_writes_the_file(project: pytest.Pytester) -> None:
    project.runpytest("--update-golden").assert_outcomes(passed=1)
    assert (project.path / "case.txt").read_text(encoding="utf-8") == "one\nthree\n"
    project.runpytest().assert_outcomes(passed=1)


def test_torch_tests_skip_only_without_torch(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makepyfile(test_case="import pytest\n@pytest.mark.torch\ndef test_case():\n    pass\n")
    project.makeini("[pytest]\nmarkers = torch: needs PyTorch\n")
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: None)
    project.runpytest_inprocess().assert_outcomes(skipped=1)
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: object())
    project.runpytest_inprocess().assert_outcomes(passed=1)
