"""Finding the source of functions."""

import importlib.util
import warnings

import scriptc


def test_a_file_that_python_warns_of_is_read(tmp_path):
    path = tmp_path / "warned.py"
    path.write_text('PATTERN = "[a-z\\-]"\n\n\ndef double(n: int):\n    return 2 * n\n')
    spec = importlib.util.spec_from_file_location("warned", path)
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scriptc.script(module.double)(4) == 8
