"""Files are written whole or not at all, with the right permissions, and always the same bytes."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import scriptc
from archives.programs import Recurrent, double
from scriptc.runtime.archive import writer
from support.archives import saved

PROGRAMS = Path(__file__).parent / "programs.py"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_failure_midway_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.scriptc"
    function = scriptc.script(double)
    function.save(path)
    before = path.read_bytes()
    original = writer._write_member
    for failure in (OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()):

        def fail(archive, name, data, failure=failure):
            if name == "values.json":
                raise failure
            original(archive, name, data)

        monkeypatch.setattr(writer, "_write_member", fail)
        expected = scriptc.ArchiveError if isinstance(failure, OSError) else type(failure)
        with pytest.raises(expected):
            scriptc.script(Recurrent()).save(path)
        with pytest.raises(expected):
            function.save(tmp_path / "new.scriptc")
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


def test_a_value_that_cannot_be_saved_touches_nothing(tmp_path):
    path = tmp_path / "a.scriptc"
    path.write_bytes(b"old")
    scripted = scriptc.script(Recurrent())
    vars(scripted.root)["calls"] = object()
    with pytest.raises(scriptc.UnsupportedError):
        scripted.save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_data_is_on_disk_before_the_name_is(tmp_path, monkeypatch):
    events = []
    replace, sync = Path.replace, os.fsync

    def note_sync(descriptor):
        events.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def note_replace(self, target):
        events.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    scriptc.script(double).save(tmp_path / "a.scriptc")
    assert events == ["file", "replace", "folder"]


def test_where_nothing_can_be_written(tmp_path):
    function = scriptc.script(double)
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "no" / "a.scriptc", tmp_path / "folder", "a\0b"):
        with pytest.raises(scriptc.ArchiveError, match="cannot write"):
            function.save(target)
    with (tmp_path / "r").open("wb") as stream:
        pass
    with pytest.raises(scriptc.ArchiveError, match=r"cannot write .*closed"):
        function.save(stream)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "r"]


def test_permissions(tmp_path):
    path = tmp_path / "a.scriptc"
    function = scriptc.script(double)
    old = os.umask(0o027)
    try:
        function.save(path)
        assert mode(path) == 0o640
        path.chmod(0o600)
        function.save(path)
        assert mode(path) == 0o600
    finally:
        os.umask(old)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link.scriptc"
    link.symlink_to("folder/real.scriptc")
    scriptc.script(double).save(link)
    assert link.is_symlink()
    assert scriptc.load(tmp_path / "folder" / "real.scriptc").schema
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["real.scriptc"]


def in_new_process(program, *arguments, **environment):
    """Run a program in a new interpreter that can import the programs to save."""
    path = os.pathsep.join([str(PROGRAMS.parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_every_process_writes_the_same_bytes(tmp_path):
    program = """if True:
        import sys, scriptc
        from archives.programs import Recurrent
        scriptc.script(Recurrent()).save(sys.argv[1], extra_files={"b": "1", "a": b"2"})
    """
    path = tmp_path / "a.scriptc"
    in_new_process(program, path, PYTHONHASHSEED="3")
    again = saved(scriptc.script(Recurrent()), extra_files={"a": b"2", "b": "1"})
    assert path.read_bytes() == again


SOURCE = """\
import numpy as np


class TooLargeError(ValueError):
    pass


def helper(x, limit: int):
    if x.sum() > limit:  # größer
        raise TooLargeError("too large", limit)
    return x


def check(x, limit: int = 3):
    return helper(x * 2, limit)
"""

WITHOUT_SOURCE = """if True:
    import sys, traceback
    import numpy as np
    import scriptc

    loaded = scriptc.load(sys.argv[1])
    assert "vanished" not in sys.modules
    assert loaded.code and str(loaded.graph) and loaded(np.zeros(2)).tolist() == [0, 0]
    try:
        loaded(np.ones(2))
    except ValueError as error:
        assert (type(error).__module__, type(error).__name__) == ("vanished", "TooLargeError")
        assert type(error).__mro__[1] is ValueError and error.args == ("too large", 3)
        traceback.print_exc(file=sys.stdout)
    assert "vanished" not in sys.modules
"""


def test_tracebacks_show_the_source_where_there_is_none(tmp_path, monkeypatch):
    source = tmp_path / "vanished.py"
    source.write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import vanished

    archive = tmp_path / "a.scriptc"
    scriptc.script(vanished.check).save(archive)
    monkeypatch.delitem(sys.modules, "vanished")
    source.unlink()
    shown = in_new_process(WITHOUT_SOURCE, archive, PYTHONIOENCODING="utf-8")
    assert 'vanished.py", line 15, in check\n    return helper(x * 2, limit)' in shown
    assert 'vanished.py", line 10, in helper\n    raise TooLargeError("too large"' in shown
    assert "vanished.TooLargeError: ('too large', 3)" in shown


def test_import_does_not_load_what_archives_need():
    program = "import sys, scriptc; print(*{'zipfile', 'safetensors'}.intersection(sys.modules))"
    assert in_new_process(program) == "\n"
