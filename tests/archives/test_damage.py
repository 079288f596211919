"""Damaged, foreign and hostile files give an `ArchiveError` that says what, and nothing else."""

import io
import json
import os
import pickle
import random
import zipfile

import numpy as np
import pytest

import scriptc
from archives.programs import FUNCTIONS, Recurrent, double, modules, raises
from support.archives import members_of, rebuilt, saved, zipped


def load_or_refuse(data):
    """Return what loads, or None where an `ArchiveError` refuses it. Nothing else may happen."""
    try:
        return scriptc.load(data)
    except scriptc.ArchiveError:
        return None


@pytest.fixture(scope="module")
def archive():
    return saved(scriptc.script(double), extra_files={"a.txt": "hello"})


@pytest.fixture(scope="module")
def module_archive():
    return saved(scriptc.script(Recurrent()))


def test_every_truncation_is_refused(archive):
    for size in range(len(archive)):
        assert load_or_refuse(archive[:size]) is None


def test_every_byte_is_guarded(archive):
    bits = random.Random(0)
    for position in range(len(archive)):
        damaged = bytearray(archive)
        damaged[position] ^= 1 << bits.randrange(8)
        loaded = load_or_refuse(bytes(damaged))
        # Some bytes of a zip file mean nothing, such as the time of a member.
        assert loaded is None or saved(loaded) == saved(scriptc.script(double))


def test_blocks_of_noise_are_guarded(module_archive):
    noise = random.Random(1)
    expected = saved(scriptc.load(module_archive))
    for _ in range(300):
        damaged = bytearray(module_archive)
        start = noise.randrange(len(damaged))
        end = min(start + noise.choice([2, 30, 500]), len(damaged))
        if noise.random() < 0.5:
            damaged[start:end] = noise.randbytes(end - start)
        else:
            del damaged[start:end]
        loaded = load_or_refuse(bytes(damaged))
        assert loaded is None or saved(loaded) == expected


REFUSED = {
    "the file is empty": b"",
    "this is not a scriptc archive": b"hello, world, this is no archive",
    "a pickle, which scriptc never reads": pickle.dumps([1, 2]),
    "cut off or damaged": b"PK\x03\x04 and then nothing",
    "this zip file is no scriptc archive": zipped({"a": b""}),
    "a NumPy array; read it with np.load": b"\x93NUMPY\x01\x00 and so on",
    "compressed with gzip": b"\x1f\x8b and so on",
    "as torch.save writes it": zipped({"x/data.pkl": b"", "x/data/0": b""}),
    "a TorchScript file": zipped({"x/data.pkl": b"", "x/code/__torch__.py": b""}),
}


def test_foreign_files_are_named():
    buffer = io.BytesIO()
    np.savez(buffer, a=np.ones(2))
    refused = {**REFUSED, r"an \.npz file of NumPy arrays": buffer.getvalue()}
    from safetensors.numpy import save

    refused["a safetensors file, which holds no program"] = save({"a": np.ones(2)})
    for message, data in refused.items():
        with pytest.raises(scriptc.ArchiveError, match=message):
            scriptc.load(data)


@pytest.mark.torch
def test_torchscript_files_are_named(tmp_path):
    torch = pytest.importorskip("torch")
    linear = torch.nn.Linear(2, 2)
    path = tmp_path / "model.pt"
    torch.jit.save(torch.jit.trace(linear, torch.ones(2)), path)
    with pytest.raises(scriptc.ArchiveError, match=r"model\.pt: this is a TorchScript file"):
        scriptc.load(path)
    torch.save(linear.state_dict(), path)
    with pytest.raises(scriptc.ArchiveError, match="a PyTorch checkpoint"):
        scriptc.load(path)


def test_what_is_not_there_or_no_file(tmp_path):
    with pytest.raises(scriptc.ArchiveError, match=r"cannot read .*nothing\.scriptc: No such file"):
        scriptc.load(tmp_path / "nothing.scriptc")
    with pytest.raises(scriptc.ArchiveError, match=r"Is a directory|not a regular file"):
        scriptc.load(tmp_path)
    with pytest.raises(scriptc.ArchiveError, match="not a regular file"):
        scriptc.load(os.devnull)
    with pytest.raises(scriptc.ArchiveError, match="cannot read"):
        scriptc.load("a\0b")
    with pytest.raises(scriptc.ArgumentError, match="a path, a file object or bytes, not a int"):
        scriptc.load(3)
    with pytest.raises(scriptc.ArgumentError, match="open it in mode 'rb'"):
        scriptc.load(io.StringIO("x"))
    (tmp_path / "a").write_bytes(b"x")
    with (tmp_path / "a").open("ab") as stream, pytest.raises(scriptc.ArchiveError):
        scriptc.load(stream)


def test_a_file_of_a_later_format_says_what_to_install(archive):
    later = rebuilt(archive, {}, version=7, oldest_reader=7, oldest_scriptc="3.1.0")
    with pytest.raises(scriptc.ArchiveError, match=r"pip install 'scriptc>=3\.1\.0'"):
        scriptc.load(later)
    with pytest.raises(scriptc.ArchiveError, match="install scriptc of a later version"):
        scriptc.load(rebuilt(archive, {}, oldest_reader=7, oldest_scriptc="\x1b[31m"))
    # A later format that readers of this one understand may have members that they do not know.
    scriptc.load(rebuilt(archive, {"more": b"x"}, version=2))
    with pytest.raises(scriptc.ArchiveError, match="'more' is unknown"):
        scriptc.load(rebuilt(archive, {"more": b"x"}))


def test_operations_of_another_version_are_refused(archive):
    for version, message in ((9, "does not have; install"), (0, "means something else")):
        with pytest.raises(scriptc.ArchiveError, match=message):
            scriptc.load(rebuilt(archive, {}, operations={"multiply": version}))
    with pytest.raises(scriptc.ArchiveError, match=r"uses `mul_div` .*install the version"):
        scriptc.load(rebuilt(archive, {}, operations={"multiply": 1, "mul_div": 1}))
    with pytest.raises(scriptc.ArchiveError, match="not those of the program"):
        scriptc.load(rebuilt(archive, {}, operations={}))


def test_members_are_those_of_the_manifest(archive):
    parts = members_of(archive)
    for name in parts:
        rest = {other: data for other, data in parts.items() if other != name}
        assert load_or_refuse(zipped(rest)) is None
    with pytest.raises(scriptc.ArchiveError, match="'more' does not belong"):
        scriptc.load(zipped({**parts, "more": b""}))
    with pytest.raises(scriptc.ArchiveError, match="SHA-256"):
        scriptc.load(zipped({**parts, "values.json": parts["values.json"] + b" "}))
    with pytest.raises(scriptc.ArchiveError, match="is compressed"):
        scriptc.load(zipped(parts, zipfile.ZIP_DEFLATED))
    with pytest.raises(scriptc.ArchiveError, match=r"no relative|not a relative path"):
        scriptc.load(rebuilt(archive, {"extra/../../a": b""}))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as twice:
        for name, data in parts.items():
            twice.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            twice.writestr("values.json", parts["values.json"])
    with pytest.raises(scriptc.ArchiveError, match="one twice"):
        scriptc.load(buffer.getvalue())


def test_members_that_overlap_are_no_bomb(archive):
    # Each entry of the directory points at the data of the first member.
    parts = members_of(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        infos = opened.infolist()
    data = bytearray(archive)
    directory = archive.index(b"PK\x01\x02")
    position = directory
    for info in infos:
        data[position + 20 : position + 28] = (len(archive) - 500).to_bytes(4, "little") * 2
        position += 46 + len(info.filename)
    assert len(parts) == len(infos)
    with pytest.raises(scriptc.ArchiveError, match="larger than"):
        scriptc.load(bytes(data))


MANIFESTS = [
    {"format": "other"}, {"version": "1"}, {"version": True}, {"oldest_reader": None},
    {"producer": 3}, {"producer": "\x1b[2J"}, {"entry": 1}, {"entry": "nothing"}, {"entry": ""},
    {"is_module": 1}, {"is_module": True}, {"operations": []}, {"operations": {"multiply": "1"}},
    {"operations": {"\x1b": 1}}, {"members": {}}, {"members": {"program.graph": 1}},
    {"members": {"program.graph": {"size": -1, "sha256": "0" * 64}}},
    {"members": {"program.graph": {"size": 1, "sha256": "A" * 64}}},
]  # fmt: skip


def test_bad_manifests_are_refused(archive):
    for change in MANIFESTS:
        with pytest.raises(scriptc.ArchiveError, match=r"manifest\.json|program\.graph|values"):
            scriptc.load(rebuilt(archive, {}, **change))
    parts = members_of(archive)
    for text in (b"", b"[]", b"{", b"\xff", b"null", b"[" * 100_000, b'{"format": NaN}'):
        with pytest.raises(scriptc.ArchiveError, match=r"manifest\.json"):
            scriptc.load(zipped({**parts, "manifest.json": text}))


def test_bad_sources_and_tensors_are_refused(archive):
    for text in ("{}", "[1]", '[{"path": "a", "first_line": 1}]', "[", '[{"path": "a"'):
        with pytest.raises(scriptc.ArchiveError, match=r"sources\.json"):
            scriptc.load(rebuilt(archive, {"sources.json": text.encode()}))
    bad = b'[{"path": "a\\u0000", "first_line": 1, "text": ""}]'
    with pytest.raises(scriptc.ArchiveError, match="cannot be printed"):
        scriptc.load(rebuilt(archive, {"sources.json": bad}))
    for data in (b"", b"\xff" * 30, b"\x02\0\0\0\0\0\0\0{}x", b"\x08\0\0\0\0\0\0\0notjson "):
        with pytest.raises(scriptc.ArchiveError, match=r"tensors\.safetensors"):
            scriptc.load(rebuilt(archive, {"tensors.safetensors": data}))


PROGRAM = "program.graph"
HOSTILE = [
    ("multiply", "no_such_operation"),
    ("multiply", "__import__"),
    ("multiply %x, %k", 'call @"os.system", %x'),
    ("multiply %x, %k", "call @double, %x, %k, %k"),
    ("multiply %x, %k", 'get_attr %x, "__class__"'),
    ("%x: Tensor", "%class: Tensor"),
    ("%x: Tensor", "%0: Tensor"),
    ('from "', 'from "\\x1b[31m'),
    ('from "', 'from "\\ud800'),
    ("return", "raise"),
    ("return %0", "raise SystemExit"),
    ("return %0", "raise KeyboardInterrupt, %x"),
    ("return %0", "raise BaseException"),
    ("return %0", 'raise exception("print(1) or ValueError", "ValueError")'),
    ("return %0", 'raise exception("a.b\\n", "ValueError")'),
    ("return %0", 'raise exception("os.system", "GeneratorExit")'),
    ("func @double", "func @other"),
    ("Tensor", "Missing"),
    ("}", ""),
    ("{", "{ {"),
    ("return %0", "return #0"),
    ("return %0", "yield %0"),
    ("loc(f0", "loc(f7"),
    ("multiply %x, %k", "multiply " + "(" * 300 + "1"),
    ("multiply %x, %k", "multiply %x, (1: str)"),
    (": int = 2", ": int = 2.5e"),
    (") ->", ") composite ->"),
]


@pytest.mark.parametrize(("old", "new"), HOSTILE)
def test_hostile_programs_are_refused(archive, old, new):
    text = members_of(archive)[PROGRAM].decode()
    assert old in text, text
    with pytest.raises(scriptc.ArchiveError, match=r"program\.graph|manifest\.json"):
        scriptc.load(rebuilt(archive, {PROGRAM: [(old, new)]}))


HOSTILE_CLASSES = [
    ("state: ", "__class__: "),
    ("state: ", "scriptc_class: "),
    ("state: ", "None: "),
    ("state: Tensor", "state: int"),
    ('class Recurrent "', 'class Recurrent "\\x1b'),
    ("class Recurrent ", "class Other "),
    ('submodules "inner"', 'submodules "\\n"'),
    ('buffers "state"', 'buffers "nothing"'),
    ('parameters "weight"', 'parameters "rows", "nothing"'),
    ("method forward @Recurrent.forward", "method forward @nothing"),
    ("method forward @Recurrent.forward", "method __reduce__ @Dense.forward2"),
    ('"state", ', '"__dict__", '),
    ("calls: int", "calls: str"),
    ("sizes: dict[str, int]", "sizes: dict[int, int]"),
]


@pytest.mark.parametrize(("old", "new"), HOSTILE_CLASSES)
def test_hostile_classes_are_refused(module_archive, old, new):
    with pytest.raises(scriptc.ArchiveError, match=r"program\.graph|values\.json"):
        scriptc.load(rebuilt(module_archive, {PROGRAM: [(old, new)]}))


HOSTILE_VALUES = [
    ('"root": {"object": 0}', '"root": null'),
    ('"root": {"object": 0}', '"root": {"object": 1}'),
    ('"root": {"object": 0}', '"root": 1'),
    ('"instance": "Recurrent"', '"instance": "Other"'),
    ('"instance": "Recurrent"', '"instance": "Dense"'),
    ('"calls": 0', '"calls": "4"'),
    ('"calls": 0', '"calls": {"object": 0}'),
    ('"calls": 0', '"more": 4'),
    ('"inner": {"object": 3}', '"inner": {"object": 0}'),
    ('"inner": {"object": 3}', '"inner": {"object": 6}'),
    ('"repr": "rows=4"', '"repr": "\\u001b[31m"'),
]


@pytest.mark.parametrize(("old", "new"), HOSTILE_VALUES)
def test_hostile_values_are_refused(module_archive, old, new):
    with pytest.raises(scriptc.ArchiveError, match=r"values\.json|program\.graph"):
        scriptc.load(rebuilt(module_archive, {"values.json": [(old, new)]}))


def test_a_chain_of_modules_without_end_is_refused(module_archive):
    # Every instance of the class holds another one, until the last.
    chain = 400
    text = members_of(module_archive)[PROGRAM].decode()
    text = 'class Link "m.Link" {\n  next: Link | None\n  submodules "next"\n}\n\n' + text
    lines = json.loads(members_of(module_archive)["values.json"])
    first = len(lines["objects"])
    for i in range(chain):
        following = {"object": first + i + 1} if i + 1 < chain else None
        lines["objects"].append({"instance": "Link", "attributes": {"next": following}})
    lines["root"] = {"object": first}
    changed = {PROGRAM: text.encode(), "values.json": json.dumps(lines).encode()}
    with pytest.raises(scriptc.ArchiveError, match="nested more than 100 levels deep"):
        scriptc.load(rebuilt(module_archive, changed, entry=""))


def mutated(text, chance):
    """Return a text with some of its words dropped, doubled or swapped."""
    words = text.replace(",", " , ").replace(":", " : ").split(" ")
    for _ in range(chance.choice([1, 1, 2, 5])):
        a, b = chance.randrange(len(words)), chance.randrange(len(words))
        match chance.randrange(4):
            case 0:
                words[a] = words[b]
            case 1:
                words.insert(a, words[b])
            case 2:
                del words[a]
            case 3:
                words[a], words[b] = words[b], words[a]
    return " ".join(words)


def test_mutated_programs_and_values_load_or_are_refused():
    chance = random.Random(2)
    programs = [function for function, _ in FUNCTIONS] + [object_ for object_, _ in modules()]
    loaded = refused = 0
    for object_ in programs:
        archive = saved(scriptc.script(object_))
        parts = members_of(archive)
        for name in ("program.graph", "values.json"):
            text = parts[name].decode()
            for _ in range(25):
                changed = mutated(text, chance).encode("utf-8", "surrogatepass")
                found = load_or_refuse(rebuilt(archive, {name: changed}))
                if found is None:
                    refused += 1
                else:
                    loaded += 1
                    # What was accepted can be looked at and saved.
                    assert repr(found)
                    assert str(found.graph)
                    assert scriptc.load(saved(found))
    assert loaded > 20
    assert refused > 100


def test_nothing_of_an_archive_is_imported(archive):
    import sys

    old, new = "return %0", 'raise exception("antigravity.Error", "ValueError")'
    loaded = scriptc.load(rebuilt(archive, {PROGRAM: [(old, new)]}))
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it has no message
        loaded(np.ones(1))
    assert type(caught.value).__module__ == "antigravity"
    assert "antigravity" not in sys.modules


def test_user_exceptions_are_the_imported_class():
    from archives.programs import RangeExceededError

    loaded = scriptc.load(saved(scriptc.script(raises)))
    with pytest.raises(RangeExceededError) as caught:
        loaded(11)
    assert caught.value.args == ("too large", 11)
