"""The cache of compiled code: whole entries only, from folders of the user only, in any weather."""

import contextlib
import hashlib
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from scriptc.runtime.native import cache as cache_module
from scriptc.runtime.native.cache import Cache, UnfitFolderError, open_cache, temporary_cache

KEY = hashlib.sha256(b"a key").hexdigest()
Make = Callable[[Path], Path]


def make_object(content: bytes = b"the object", name: str = "code.so") -> Make:
    def make(folder: Path) -> Path:
        (folder / "code.c").write_text("int x;\n")
        (folder / name).write_bytes(content)
        return folder / name

    return make


def refuse(folder: Path) -> Path:
    raise AssertionError("it is in the cache")


@pytest.fixture
def cache(cache_folder: Path) -> Cache:
    cache = open_cache()
    assert cache.folder == cache_folder
    return cache


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_entry_is_made_once_and_whole(cache: Cache) -> None:
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert cache.find(KEY) is None
    path = cache.fetch(KEY, make_object())
    assert path == cache.folder / KEY / "code.so"
    assert cache.fetch(KEY, refuse) == cache.find(KEY) == path
    assert names(cache.folder) == [KEY]
    assert names(path.parent) == ["code.c", "code.so", "entry.json"]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_fails_leaves_nothing(cache: Cache) -> None:
    def fail(folder: Path) -> Path:
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.fetch(KEY, fail)
    assert names(cache.folder) == []
    assert cache.fetch(KEY, make_object()).read_bytes() == b"the object"


# --- damaged entries ---


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(data)


def replace_by_link(path: Path) -> None:
    kept = path.with_name("elsewhere")
    path.rename(kept)
    path.symlink_to(kept)


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def change_record(**facts: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        record = path.with_name("entry.json")
        record.write_text(json.dumps(json.loads(record.read_text()) | facts))

    return change


def write_record(text: str) -> Callable[[Path], None]:
    return lambda path: path.with_name("entry.json").write_text(text)


def link_folder(path: Path) -> None:
    """Another entry, whole, in another place."""
    kept = path.parent.with_name("elsewhere")
    path.parent.rename(kept)
    path.parent.symlink_to(kept)


def plant(path: Path) -> None:
    """Another object, and its true checksum, under the key of this one."""
    path.write_bytes(b"planted")
    change_record(key="0" * 64, sha256=hashlib.sha256(b"planted").hexdigest())(path)


DAMAGES: list[Callable[[Path], None]] = [
    truncate,
    flip,
    Path.unlink,
    lambda path: path.write_bytes(b""),
    replace_by_link,
    replace_by_pipe,
    replace_by_folder,
    link_folder,
    plant,
    lambda path: path.with_name("entry.json").unlink(),
    lambda path: [item.unlink() for item in path.parent.iterdir()],
    change_record(object="../../elsewhere"),
    change_record(object="/bin/true"),
    change_record(object=None),
    change_record(sha256=None),
    write_record(""),
    write_record("[]"),
    write_record("null"),
    write_record("{}"),
    write_record('{"object": "code.so"'),
    write_record("[" * 100_000),
    lambda path: path.with_name("entry.json").write_bytes(b"\xff\xfe"),
]


@pytest.mark.parametrize("number", range(len(DAMAGES)))
def test_a_damaged_entry_is_made_anew(cache: Cache, number: int) -> None:
    path = cache.fetch(KEY, make_object())
    DAMAGES[number](path)
    assert cache.find(KEY) is None
    assert cache.fetch(KEY, make_object(b"made anew")).read_bytes() == b"made anew"
    assert not path.is_symlink()
    assert cache.fetch(KEY, refuse) == path


def test_something_else_in_the_place_of_an_entry(cache: Cache) -> None:
    (cache.folder / KEY).write_text("a file")
    assert cache.fetch(KEY, make_object()).read_bytes() == b"the object"


def test_an_entry_made_meanwhile_is_taken(cache: Cache) -> None:
    def make(folder: Path) -> Path:
        made = make_object(b"ours")(folder)
        other = Cache(cache.folder, cache.limit)
        with other.working_folder() as work:
            other._store(KEY, work, make_object(b"theirs")(work))
        return made

    assert cache.fetch(KEY, make).read_bytes() == b"theirs"
    assert names(cache.folder) == [KEY]


# --- where a cache may be ---


def refused(says: str) -> None:
    """The cache of the user is not used, which a warning says; a private folder is."""
    cache_module._open.cache_clear()
    with pytest.warns(UserWarning, match=says):
        cache = open_cache()
    assert cache.folder == temporary_cache().folder
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    path = cache.fetch(os.urandom(32).hex(), make_object())
    assert path.read_bytes() == b"the object"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_cache() is cache, "one warning is enough"


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707, 0o777, 0o1777])
def test_a_folder_that_is_open_to_others_is_refused(cache_folder: Path, mode: int) -> None:
    cache_folder.mkdir(parents=True)
    cache_folder.chmod(mode)
    refused("open to other users")


def test_a_folder_of_another_user_is_refused(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache_folder.mkdir(parents=True, mode=0o700)
    user = os.geteuid()
    if user == 0:
        os.chown(cache_folder, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    refused("belongs to another user")


def test_a_link_is_refused(cache_folder: Path, tmp_path: Path) -> None:
    cache_folder.parent.mkdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    cache_folder.symlink_to(tmp_path / "elsewhere")
    refused("not a folder")


def test_a_folder_that_others_can_replace_is_refused(cache_folder: Path) -> None:
    cache_folder.mkdir(parents=True, mode=0o700)
    cache_folder.parent.chmod(0o777)
    refused("writable by every user")
    cache_folder.parent.chmod(0o1777)  # as /tmp: others cannot rename what is ours
    cache_module._open.cache_clear()
    assert open_cache().folder == cache_folder


def test_a_folder_that_cannot_be_made(
    tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", Path("/proc/scriptc")):
        monkeypatch.setenv("SCRIPTC_CACHE_DIR", str(place))
        refused("cannot be used")


def test_a_folder_that_cannot_be_written_into(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        cache_folder.mkdir(parents=True, mode=0o500)
    else:  # nothing stops root but a read-only file system
        make = cache_module.tempfile.mkdtemp

        def mkdtemp(*, prefix: str, dir: Path | None = None) -> str:
            if dir == cache_folder:
                raise OSError(30, "Read-only file system")
            return make(prefix=prefix, dir=dir)

        monkeypatch.setattr(cache_module.tempfile, "mkdtemp", mkdtemp)
    refused("Read-only|Permission denied")


TEMPORARY = """
import os
from scriptc.runtime.native.cache import temporary_cache
folder = temporary_cache().folder
(folder / "file").write_text("")
child = os.fork()
if not child:
    other = temporary_cache().folder
    assert other != folder
    print(other, flush=True)
else:
    assert os.waitpid(child, 0)[1] == 0
    assert (folder / "file").exists()  # the child has removed its own
    print(folder)
"""


def test_the_private_folder_goes_with_its_process() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", TEMPORARY], check=True, capture_output=True, text=True
    )
    made = [Path(line) for line in ran.stdout.splitlines()]
    assert len(set(made)) == 2
    assert not any(path.exists() for path in made)


# --- bounds ---


def test_what_was_not_used_for_the_longest_time_goes_first(cache: Cache) -> None:
    keys = [hashlib.sha256(bytes([i])).hexdigest() for i in range(4)]
    now = time.time()
    for i, key in enumerate(keys[:3]):
        path = cache.fetch(key, make_object(bytes(10_000)))
        os.utime(path.with_name("entry.json"), (now - 1000 + i, now - 1000 + i))
    assert cache.info().entries == 3
    cache.limit = 25_000
    assert cache.find(keys[0]) is not None  # now it is the one that was used last
    cache.fetch(keys[3], make_object(bytes(10_000)))
    assert [cache.find(key) is not None for key in keys] == [True, False, False, True]
    assert cache.info().size <= cache.limit


def test_what_is_far_below_the_limit_is_not_counted_each_time(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    entries = cache._entries
    monkeypatch.setattr(cache, "_entries", lambda: counted.append(1) or entries())
    keys = [hashlib.sha256(bytes([i])).hexdigest() for i in range(4)]
    for key in keys:
        cache.fetch(key, make_object(bytes(10_000)))
    assert len(counted) == 1
    cache.limit = 25_000
    cache.fetch(KEY, make_object())
    assert len(counted) == 2


def test_an_entry_larger_than_the_limit_is_kept_while_it_is_new(cache: Cache) -> None:
    cache.limit = 0
    path = cache.fetch(KEY, make_object())
    assert path.exists()
    os.utime(path.with_name("entry.json"), (1, 1))
    cache.shrink()
    assert cache.info().entries == 0


def test_failures_count_as_well(cache: Cache) -> None:
    with cache.working_folder() as work:
        make_object(bytes(10_000))(work)
        kept = cache.keep_failed(KEY, work)
    assert kept.name == f"{KEY}.failed"
    info = cache.info()
    assert (info.entries, info.size > 10_000) == (0, True)
    os.utime(kept, (1, 1))
    cache.limit = 5_000
    cache.shrink()
    assert names(cache.folder) == []


def test_what_killed_processes_left_is_removed(cache: Cache) -> None:
    old, new = cache.folder / "work-old", cache.folder / "work-new"
    lock = cache.folder / f"{KEY}.lock"
    for folder in (old, new):
        folder.mkdir()
        (folder / "half").write_text("")
    lock.write_text("")
    for path in (old, lock):
        os.utime(path, (1, 1))
    cache.shrink()
    assert names(cache.folder) == ["work-new"]
    assert cache.info().entries == 0


def test_clear(cache: Cache) -> None:
    outside = cache.folder.parent / "outside"
    outside.mkdir()
    (outside / "file").write_text("")
    cache.fetch(KEY, make_object())
    (cache.folder / "link").symlink_to(outside)
    assert cache.clear().entries == 1
    assert names(cache.folder) == []
    assert (outside / "file").exists()
    assert cache.info().size == 0
    cache.folder.chmod(0o777)
    with pytest.raises(UnfitFolderError):
        cache.clear()


# --- many processes ---


def object_of(key: str) -> bytes:
    return key.encode() * 500


def fork(work: Callable[[], None]) -> int:
    """Do something in a process of its own, which ends with status 0 if all is well."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def use(cache: Cache, keys: list[str], log: Path, seed: int) -> None:
    order = random.Random(seed)
    for key in order.sample(keys, len(keys)):

        def make(folder: Path, key: str = key) -> Path:
            with log.open("a") as file:
                file.write(f"{key}\n")
            path = folder / "code.so"
            with path.open("wb") as file:
                for part in range(10):
                    time.sleep(0.001)
                    file.write(object_of(key)[part * 3200 : (part + 1) * 3200])
                    file.flush()
            return path

        assert cache.fetch(key, make).read_bytes() == object_of(key)


def keys_of(round_: int) -> list[str]:
    return [hashlib.sha256(f"{round_} {i}".encode()).hexdigest() for i in range(6)]


def test_many_processes_make_each_entry_once(cache: Cache, tmp_path: Path) -> None:
    for round_ in range(3):
        log, keys = tmp_path / f"log{round_}", keys_of(round_)
        children = [
            fork(lambda seed=seed, log=log, keys=keys: use(cache, keys, log, seed))
            for seed in range(8)
        ]
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
        assert sorted(log.read_text().split()) == sorted(keys)
    assert sorted(names(cache.folder)) == sorted(key for r in range(3) for key in keys_of(r))


def test_many_processes_that_are_killed(cache: Cache, tmp_path: Path) -> None:
    order = random.Random(1)
    for round_ in range(6):
        log, keys = tmp_path / f"log{round_}", keys_of(round_)
        children = [
            fork(lambda seed=seed, log=log, keys=keys: use(cache, keys, log, seed))
            for seed in range(8)
        ]
        for child in order.sample(children, 4):
            time.sleep(order.random() * 0.03)
            os.kill(child, signal.SIGKILL)
        statuses = [os.waitpid(child, 0)[1] for child in children]
        assert {*statuses} <= {0, signal.SIGKILL}
        assert statuses.count(0) >= 4
        for key in keys:
            assert cache.fetch(key, refuse).read_bytes() == object_of(key)


def test_without_locks_the_answers_are_the_same(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "LOCK_SECONDS", 0)
    log, keys = tmp_path / "log", keys_of(0)
    children = [fork(lambda seed=seed: use(cache, keys, log, seed)) for seed in range(8)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    assert names(cache.folder) == sorted(keys)


def test_a_lock_ends_with_its_process(cache: Cache, tmp_path: Path) -> None:
    held = tmp_path / "held"

    def hold(folder: Path) -> Path:
        held.write_text("")
        time.sleep(60)
        return folder

    def hold_on() -> None:
        cache.fetch(KEY, hold)

    child = fork(hold_on)
    while not held.exists():
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    begin = time.monotonic()
    assert cache.fetch(KEY, make_object()).read_bytes() == b"the object"
    assert time.monotonic() - begin < 10
    os.waitpid(child, 0)


def test_clearing_while_others_work(cache: Cache, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def work() -> None:
        for round_ in range(4):
            with contextlib.suppress(FileNotFoundError):  # it was removed when we came to read
                use(cache, keys_of(round_), log, round_)

    children = [fork(work) for _ in range(2)]
    alive = set(children)
    while alive:
        cache.clear()
        for child in list(alive):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                assert status == 0
                alive.discard(child)
        time.sleep(0.005)
    assert cache.fetch(KEY, make_object()).read_bytes() == b"the object"
