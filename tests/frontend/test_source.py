"""Finding the source of functions: whatever is compiled is what runs, or nothing is."""

import importlib.util
import linecache
import os
import warnings

import pytest

import scriptc


def load(path, text):
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    return module


def codes(function):
    with pytest.raises(scriptc.CompileError) as caught:
        scriptc.script(function)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def test_a_file_that_python_warns_of_is_read(tmp_path):
    module = load(
        tmp_path / "warned.py", 'PATTERN = "[a-z\\-]"\n\n\ndef double(n: int):\n    return 2 * n\n'
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scriptc.script(module.double)(4) == 8


EDITS = [
    "def f(n: int):\n    return n + 3\n",  # another constant
    "def f(n: int):\n    return n - 2\n",  # another operator
    "def f(n: int):\n    return abs(n)\n",  # another name
    "def f(k: int):\n    return k + 2\n",  # another parameter
    "def g(n: int):\n    return n + 2\n",  # another function
    "\ndef f(n: int):\n    return n + 2\n",  # moved
    "def f(n: int:\n",  # broken
    "",
]


@pytest.mark.parametrize("edited", EDITS)
def test_an_edited_file_is_noticed(tmp_path, edited):
    path = tmp_path / "edited.py"
    module = load(path, "def f(n: int):\n    return n + 2\n")
    assert scriptc.script(module.f)(1) == 3
    path.write_text(edited)
    os.utime(path, (1, 1))
    assert codes(module.f) in (["source-changed"], ["no-source"])
    linecache.checkcache(str(path))


def test_an_edit_elsewhere_does_not_matter(tmp_path):
    path = tmp_path / "elsewhere.py"
    module = load(path, "def f(n: int):\n    return n + 2\n\n\nX = 1\n")
    path.write_text("def f(n: int):\n    # a comment\n    return n + 2\n\n\nX = 2\n")
    os.utime(path, (1, 1))
    assert scriptc.script(module.f)(1) == 3


def test_a_helper_of_an_edited_file_is_named(tmp_path):
    path = tmp_path / "helper.py"
    helper = load(path, "def helper(n):\n    return n + 2\n").helper
    path.write_text("def helper(n):\n    return n * 2\n")
    os.utime(path, (1, 1))

    def f(n: int):
        return helper(n)

    with pytest.raises(scriptc.CompileError, match="its file has changed"):
        scriptc.script(f)


def test_code_without_a_file_has_no_source():
    scope = {}
    exec("def f(n):\n    return n", scope)
    assert codes(scope["f"]) == ["no-source"]
    exec(compile("def f(n):\n    return n", "<stdin>", "exec"), scope)
    assert codes(scope["f"]) == ["no-source"]


def test_code_that_claims_another_file_is_noticed():
    scope = {}
    exec(compile("def load(n):\n    return n", __file__, "exec"), scope)
    assert codes(scope["load"]) == ["source-changed"]


def test_lambdas_are_told_apart():
    pair = (lambda x: x + 1, lambda x: x + 2)
    assert [scriptc.script(f, example_inputs=(1,))(10) for f in pair] == [11, 12]
    functions = [
        lambda x,
               y=2: x * y
    ]  # fmt: skip
    assert scriptc.script(functions[0], example_inputs=(1,))(10) == 20


def test_a_built_in_is_refused_with_what_to_pass():
    for thing in (len, 3, "text", int):
        with pytest.raises(scriptc.Error, match="script"):
            scriptc.script(thing)
