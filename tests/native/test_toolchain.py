"""Finding a C compiler, and compiling with it, on machines of all kinds."""

import ctypes
import importlib.util
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from scriptc.runtime.native import compilers, toolchain
from scriptc.runtime.native.cache import CacheError
from scriptc.runtime.native.compilers import (
    Compiler,
    NativeUnavailableError,
    NoCompiler,
    find_compiler,
)
from scriptc.runtime.native.toolchain import (
    CompilationError,
    MissingHeaders,
    compile_shared,
    find_headers,
    warn_unavailable,
)

ANSWER = '#include "scriptc.h"\nSC_API int answer(void) { return 42; }\n'


def answer_of(path: Path) -> int:
    return ctypes.CDLL(str(path)).answer()


def test_source_becomes_a_shared_object_beside_its_source(cache_folder: Path) -> None:
    path = compile_shared(ANSWER, name="the answer")
    assert answer_of(path) == 42
    assert path.is_relative_to(cache_folder)
    assert path.name.startswith("the_answer.")
    assert path.with_suffix(".c").read_text() == ANSWER
    assert {p.name for p in path.parent.iterdir()} == {path.name, "the_answer.c", "entry.json"}
    made = path.stat()
    assert compile_shared(ANSWER, name="the answer") == path
    assert path.stat().st_mtime_ns == made.st_mtime_ns


def test_what_the_compiler_refuses_is_kept_to_be_read(cache_folder: Path) -> None:
    source = "int answer(void) { return missing; }\n"
    with pytest.raises(CompilationError, match="missing") as caught:
        compile_shared(source, name="refused")
    assert caught.value.source.is_relative_to(cache_folder)
    assert caught.value.source.read_text() == source
    assert str(caught.value.source) in str(caught.value)
    assert "missing" in caught.value.output
    assert "missing" in (caught.value.source.parent / "output.txt").read_text()


def test_the_key_has_everything_that_the_code_depends_on(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        compile_shared(ANSWER, name="answer"),
        compile_shared(ANSWER + "\n", name="answer"),
        compile_shared(ANSWER, name="other"),
        compile_shared(ANSWER, name="answer", extra=["-DX=1"]),
    ]
    for name, value in [
        ("machine_identity", lambda: "another processor"),
        ("_headers_checksum", lambda: "other headers"),
        ("__version__", "0.0.0"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(toolchain, name, value)
            paths.append(compile_shared(ANSWER, name="answer"))
    found = find_compiler()
    assert isinstance(found, Compiler)
    other = Compiler("cc", found.command, "another version", found.target, found.flags)
    with monkeypatch.context() as patch:
        patch.setattr(toolchain, "find_compiler", lambda: other)
        paths.append(compile_shared(ANSWER, name="answer"))
    assert len({path.parent for path in paths}) == len(paths) == 8
    assert compile_shared(ANSWER, name="answer") == paths[0]


def test_glue_for_python_is_compiled_and_imported(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """\
#include <Python.h>
#include <numpy/arrayobject.h>
static PyObject *answer(PyObject *self, PyObject *none) {
    (void)self; (void)none;
    npy_intp size = 42;
    return PyArray_SimpleNew(1, &size, NPY_FLOAT64);
}
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, 0}, {0, 0, 0, 0}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "glue_test", 0, -1, methods, 0, 0, 0, 0};
PyMODINIT_FUNC PyInit_glue_test(void) {
    import_array();
    return PyModule_Create(&module);
}
"""
    path = compile_shared(source, name="glue_test", python=True)
    spec = importlib.util.spec_from_file_location("glue_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    assert module.answer().shape == (42,)
    # Another NumPy, or another Python, may lay out its objects in another way.
    found = find_headers()
    other = toolchain.PythonHeaders(found.folders, "another ABI")
    monkeypatch.setattr(toolchain, "find_headers", lambda: other)
    assert compile_shared(source, name="glue_test", python=True) != path


def test_headers_that_are_missing(
    cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sysconfig

    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / name))
    find_headers.cache_clear()
    try:
        found = find_headers()
        assert isinstance(found, MissingHeaders)
        assert found.path == tmp_path / "include" / "Python.h"
        with pytest.raises(NativeUnavailableError, match=r"Python\.h: install .*-dev"):
            compile_shared(ANSWER, name="answer", python=True)
    finally:
        find_headers.cache_clear()
    assert answer_of(compile_shared(ANSWER, name="answer")) == 42


# --- which compiler ---


def test_no_compiler_at_all_is_one_warning(programs) -> None:
    assert find_compiler() == NoCompiler()
    with pytest.raises(NativeUnavailableError, match=r"pip install scriptc\[native\]") as caught:
        compile_shared(ANSWER, name="answer")
    with pytest.warns(UserWarning, match=r"interpreter.*pip install scriptc\[native\]"):
        warn_unavailable(caught.value)
    with warnings.catch_warnings(record=True) as again:
        warn_unavailable(caught.value)
    assert again == []


def test_the_order_of_compilers(programs, real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gcc", "clang", "cc", "mine"):
        programs(name, real)
        compilers._find.cache_clear()
        found = find_compiler()
        assert isinstance(found, Compiler)
        assert found.name == ("cc" if name == "mine" else name)
    monkeypatch.setenv("CC", "mine")
    assert find_compiler().name == "CC"


def test_cc_may_have_spaces_and_arguments(
    programs, real: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    script = programs("my own cc", f'echo "$1|$2" >> "{log}"\n{real}')
    source = "#ifndef ONE\n#error no ONE\n#endif\n" + ANSWER.replace("42", "TWO + 1")
    monkeypatch.setenv("CC", f"'{script}' -DONE '-DTWO=(40 + 1)'")
    assert answer_of(compile_shared(source, name="answer")) == 42
    assert set(log.read_text().splitlines()) == {"-DONE|-DTWO=(40 + 1)"}
    monkeypatch.setenv("CC", str(script))
    found = find_compiler()
    assert found.command == (str(script),)
    assert found.rejected == ()


BROKEN = {
    "exit 3": "exit status 3",
    "echo 'fatal error: no licence' >&2; exit 1": "no licence",
    "exit 0": "it compiled nothing",
    "kill -9 $$": "exit status -9",
    "head -c 300 /dev/urandom; printf '\\377\\376 error'; exit 1": "cannot compile",
    "yes error | head -c 3000000; exit 1": "cannot compile",
}


def test_compilers_that_do_not_work(programs, real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    programs("gcc", real)
    for script, reason in BROKEN.items():
        programs("cc", f"PATH=/usr/bin:/bin\n{script}")
        compilers._find.cache_clear()
        found = find_compiler()
        assert found.name == "gcc", script
        ((name, said),) = [(r.name, r.reason) for r in found.rejected]
        assert name == "cc"
        assert reason in said
        assert len(said) < 400
    (programs("cc", "")).write_bytes(b"\x7fELF, or so it says")
    compilers._find.cache_clear()
    assert "cannot be started" in find_compiler().rejected[0].reason
    for cc in ("no-such-compiler -O2", "'unbalanced", "/", "cc\tx"):
        monkeypatch.setenv("CC", cc)
        found = find_compiler()
        assert (found.name, found.rejected[0].name) == ("gcc", "CC"), cc


def test_only_broken_compilers(programs) -> None:
    programs("cc", "echo error: out of order; exit 1")
    programs("gcc", "exit 0")
    with pytest.raises(NativeUnavailableError, match=r"cc: .*out of order.*gcc: .*nothing.*pip"):
        compile_shared(ANSWER, name="answer")


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_compiler_that_hangs_is_stopped_with_what_it_started(
    programs, real: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "started"
    programs("cc", f'sleep 60 &\necho $! >> "{started}"\nwait')
    programs("gcc", real)
    monkeypatch.setattr(compilers, "PROBE_SECONDS", 0.2)
    monkeypatch.setattr(compilers, "_try_flags", _with_time(compilers._try_flags, monkeypatch))
    begin = time.monotonic()
    found = find_compiler()
    assert time.monotonic() - begin < 10
    assert found.name == "gcc"
    assert "took longer than 0.2 s" in found.rejected[0].reason
    assert not any(is_running(int(line)) for line in started.read_text().split())


def _with_time(try_flags, monkeypatch: pytest.MonkeyPatch):
    """Give the compiler that works the time that it needs on a busy machine."""

    def run(command, *rest):
        if Path(command[0]).name == "gcc":
            monkeypatch.setattr(compilers, "PROBE_SECONDS", 60)
        return try_flags(command, *rest)

    return run


def without(*flags: str) -> str:
    return "\n".join(
        f'for a in "$@"; do [ "$a" = {flag} ] && echo "error: unknown {flag}" && exit 1; done'
        for flag in flags
    )


def test_flags_that_a_compiler_does_not_know(programs, real: str) -> None:
    programs("cc", f"{without('-march=native', '-fopenmp-simd')}\n{real}")
    found = find_compiler()
    assert isinstance(found, Compiler)
    assert "-march=native" not in found.flags
    assert "-fopenmp-simd" not in found.flags
    assert {*compilers.REQUIRED_FLAGS, "-fno-math-errno"} <= {*found.flags}
    assert answer_of(compile_shared(ANSWER, name="answer")) == 42


def test_a_flag_that_right_answers_need(programs, real: str) -> None:
    programs("cc", f"{without('-ffp-contract=off')}\n{real}")
    found = find_compiler()
    assert isinstance(found, NoCompiler)
    assert "unknown -ffp-contract=off" in found.rejected[0].reason


def test_what_is_known_of_a_compiler_is_kept_until_it_changes(
    programs, real: str, tmp_path: Path, cache_folder: Path
) -> None:
    log = tmp_path / "log"
    programs("cc", f'echo run >> "{log}"\n{real}')
    first = find_compiler()
    path = compile_shared(ANSWER, name="answer")
    runs = log.read_text()

    def again() -> None:
        compilers._find.cache_clear()
        assert find_compiler() == first
        assert compile_shared(ANSWER, name="answer") == path

    again()
    assert log.read_text() == runs, "a warm start has no need of the compiler"
    (note,) = cache_folder.glob("*.note")
    for damaged in ("", "{", "[]", note.read_text().replace("-O3", "-O0"), "{}"):
        note.write_text(damaged)
        again()
        assert log.read_text() != runs
        runs = log.read_text()
    programs("cc", f'echo run >> "{log}"\n# another\n{real}')
    again()
    assert log.read_text() != runs


# --- compilations that go wrong ---


def behaves(script: str, real: str) -> str:
    """A compiler that works for small files, and behaves in another way for `answer.c`."""
    return f'for a in "$@"; do [ "$a" = answer.c ] && {{ {script}; }}; done\n{real}'


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("printf '\\377 internal error'; exit 4", "exit status 4"),
        ("kill -11 $$", "exit status -11"),
        ("exit 0", "wrote nothing"),
        ("sleep 60", "took longer than 0.5 s"),
    ],
)
def test_a_compilation_that_fails(
    programs, real: str, cache_folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    programs("cc", behaves(script, real))
    find_compiler()
    monkeypatch.setattr(toolchain, "COMPILE_SECONDS", 0.5)
    for _ in range(2):
        with pytest.raises(CompilationError, match=says) as caught:
            compile_shared(ANSWER, name="answer")
        assert caught.value.source.read_text() == ANSWER
    assert sorted(p.name[64:] for p in cache_folder.iterdir()) == [".failed", ".note"]
    monkeypatch.setattr(toolchain, "COMPILE_SECONDS", 60)
    assert answer_of(compile_shared(ANSWER, name="other")) == 42


def test_an_interrupt_stops_the_compiler(programs, real: str, tmp_path: Path, cache_folder) -> None:
    started = tmp_path / "started"
    programs("cc", behaves(f'echo $$ > "{started}"; sleep 60', real))
    find_compiler()
    program = (
        "import signal\nfrom scriptc.runtime.native.toolchain import compile_shared\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n    compile_shared('int x;', name='answer')\n"
        "except KeyboardInterrupt:\n    print('interrupted')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
    )
    while not (started.exists() and started.read_text().strip()):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[0] == "interrupted\n"
    assert not is_running(int(started.read_text()))
    assert not list(cache_folder.glob("work-*"))


def test_a_full_disk_is_not_the_end(
    programs, real: str, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = behaves('case "$PWD" in *caché*) echo No space left on device; exit 1;; esac', real)
    programs("cc", full)
    find_compiler()
    usage = toolchain.shutil.disk_usage

    def disk_usage(folder: Path):
        found = usage(folder)
        return found._replace(free=0) if folder.is_relative_to(cache_folder) else found

    monkeypatch.setattr(toolchain.shutil, "disk_usage", disk_usage)
    path = compile_shared(ANSWER, name="answer")
    assert answer_of(path) == 42
    assert not path.is_relative_to(cache_folder)
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700


def test_no_place_at_all(
    programs, real: str, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs("cc", real)
    find_compiler()

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scriptc.runtime.native.cache._temporary", toolchain_temporary())
    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(CacheError, match=r"no place for compiled code.*No space"):
        compile_shared(ANSWER, name="answer")


def toolchain_temporary() -> object:
    from scriptc.runtime.native.cache import _Temporary

    return _Temporary()


def test_odd_places(tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "a 'folder' with $HOME, é and \udcff\n"
    odd.mkdir()
    monkeypatch.chdir(odd)
    monkeypatch.setenv("TMPDIR", str(odd))
    monkeypatch.setenv("SCRIPTC_CACHE_DIR", str(odd))
    path = compile_shared(ANSWER, name="answer")
    assert os.fspath(path).startswith(os.fspath(odd))
    assert answer_of(path) == 42
    assert [p.name for p in odd.iterdir()] == ["native-1"]


@pytest.mark.slow
def test_the_compiler_of_the_wheel(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ziglang")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CC", raising=False)
    found = find_compiler()
    assert found.name == "ziglang"
    assert {group[0] for group in compilers.OPTIONAL_FLAGS} <= {*found.flags}
    assert answer_of(compile_shared(ANSWER, name="answer")) == 42
    for header in toolchain.INCLUDE.glob("*.h"):
        source = f'#include "{header.name}"\n{ANSWER}'
        extra = ["-Wall", "-Wextra", "-Werror"]
        assert answer_of(compile_shared(source, name=header.stem, extra=extra)) == 42


def test_denormals_stay(tmp_path: Path) -> None:
    """Code that is loaded leaves the processor's rounding and its denormals as they are."""
    program = tmp_path / "program.py"
    program.write_text(
        """
import numpy as np
import scriptc
from scriptc.runtime.native.compilers import find_compiler


def half(x: np.ndarray) -> np.ndarray:
    return x * np.float32(0.5)


halved = scriptc.script(half, backend="native")
x = np.full(9, np.finfo(np.float32).smallest_normal)
y = halved(x)
assert (y == x / 2).all() and (y > 0).all(), y
least = np.finfo(np.float32).smallest_subnormal
assert (np.full(9, least) * np.float32(3) > least).all()
assert np.nextafter(np.float64(0), 1) / 1 > 0
assert not [flag for flag in find_compiler().flags if "fast" in flag]
"""
    )
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
