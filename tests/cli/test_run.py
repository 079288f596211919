"""`scriptc run`: inputs of every kind, what is shown, what is written, and what is refused."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

PROGRAMS = """
    import numpy as np
    import scriptc

    @scriptc.script
    def kinds(n: int, x: float, flag: bool, word: str, many: list[int], pair: tuple[int, float],
              table: dict[str, list[float]], maybe: str | None = None) -> str:
        total = 0
        for i in many:
            total += i
        return f"{n} {x} {flag} {word} {total} {pair[0]} {pair[1]} {len(table)} {maybe}"

    @scriptc.script
    def keys(x: np.ndarray) -> dict[str, np.ndarray]:
        return {"file": x, "twice": x * 2}

    @scriptc.script
    def nested(x: np.ndarray):
        return x, (x + 1, [x + 2]), 5, "word", [1, 2, 3], None

    @scriptc.script
    def subtract(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a - b

    @scriptc.script
    def nothing(x: np.ndarray) -> None:
        print("printed by the program")
"""


@pytest.fixture
def programs(cli, write) -> None:
    assert cli("compile", write("programs.py", PROGRAMS)).status == 0


def loaded(path: str) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def test_a_module_on_arrays(cli, model) -> None:
    cli("compile", model)
    x = np.array([[1, -1, 2]], np.float32)
    np.save("x.npy", x)
    ran = cli("run", "scale.scriptc", "x.npy", "-o", "out.npz")
    assert (ran.status, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines() if line.strip()]
    assert lines[0] == ["output", "type", "shape", "value"]
    assert [line[:2] for line in lines[2:4]] == [["out0", "float32"], ["out1", "float32"]]
    assert ran.out.endswith("\nwrote 2 outputs to out.npz\n")
    out = loaded("out.npz")
    assert list(out) == ["out0", "out1"]
    np.testing.assert_array_equal(out["out0"], [[1, 0, 6]])
    np.testing.assert_array_equal(out["out1"], x)
    assert out["out0"].dtype == np.float32


def test_values_take_the_form_of_their_parameter(cli, programs) -> None:
    values = ["3", "4", "true", "two words", "[1, 2]", "[1, 2]", '{"a": [1], "b": []}']
    ran = cli("run", "kinds.scriptc", *values)
    assert (ran.status, ran.err) == (0, "")
    assert "'3 4.0 True two words 3 1 2.0 2 None'" in ran.out
    named = dict(zip(["n", "x", "flag", "word", "many", "pair", "table"], values, strict=True))
    arguments = [f"--arg={name}={value}" for name, value in named.items()]
    ran = cli("run", "kinds.scriptc", *arguments, "--arg", 'maybe="a=b"')
    assert ran.status == 0
    assert "'3 4.0 True two words 3 1 2.0 2 a=b'" in ran.out
    ran = cli("run", "kinds.scriptc", "--arg", "-3", *[f"-a{v}" for v in values[1:]])
    assert "'-3 4.0 True " in ran.out


def test_arrays_in_json(cli, programs) -> None:
    ran = cli("run", "subtract.scriptc", "[[1.5, 2], [3, 4]]", "1", "-o", "out.npy")
    assert ran.status == 0
    np.testing.assert_array_equal(np.load("out.npy"), [[0.5, 1], [2, 3]])


def test_npz_by_name_and_in_order(cli, programs) -> None:
    np.savez("named.npz", b=np.array(1.0), a=np.array(5.0))
    np.savez("ordered.npz", np.array(1.0), np.array(5.0))
    assert cli("run", "subtract.scriptc", "named.npz", "-o", "named_out.npy").status == 0
    assert cli("run", "subtract.scriptc", "ordered.npz", "-o", "ordered_out.npy").status == 0
    assert (np.load("named_out.npy"), np.load("ordered_out.npy")) == (4.0, -4.0)
    np.save("b.npy", np.array(2.0))
    assert cli("run", "subtract.scriptc", "5", "--arg", "b=b.npy", "-o", "file.npy").status == 0
    assert np.load("file.npy") == 3.0


def test_outputs_of_a_dict_have_its_keys(cli, programs) -> None:
    assert cli("run", "keys.scriptc", "[1, 2]", "-o", "out.npz").status == 0
    out = loaded("out.npz")
    assert list(out) == ["file", "twice"]
    np.testing.assert_array_equal(out["twice"], [2, 4])


def test_all_parts_of_a_result_are_shown(cli, programs) -> None:
    ran = cli("run", "nested.scriptc", "[1, 2]")
    assert ran.status == 0
    rows = [line.split()[:2] for line in ran.out.splitlines() if line.startswith("out")]
    assert rows[1:] == [
        ["out0", "int64"],
        ["out1.0", "int64"],
        ["out1.1.0", "int64"],
        ["out2", "int"],
        ["out3", "str"],
        ["out4", "list"],
        ["out5", "NoneType"],
    ]
    ran = cli("run", "nested.scriptc", "[1, 2]", "-o", "out.npz")
    assert ran.status == 1
    assert ran.err == (
        "error[bad-output]: the output `out5` is None, which is no array, number or string\n"
        " = help: leave out `-o` to see the result\n"
    )
    assert not Path("out.npz").exists()


def test_a_program_may_print(cli, programs) -> None:
    ran = cli("run", "nothing.scriptc", "1")
    assert ran.status == 0
    assert ran.out.startswith("printed by the program\n")


def test_what_the_program_raises_is_shown_at_its_line(cli, model) -> None:
    cli("compile", model)
    np.save("x.npy", np.ones((5, 3), np.float32))
    ran = cli("run", "scale.scriptc", "x.npy", "-o", "out.npz")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(
        "error[program-raised]: the program raised ValueError: 5 rows are too many\n"
    )
    assert "--> model.py:22:" in ran.err
    assert 'raise ValueError(f"{len(x)} rows are too many")' in ran.err
    assert not Path("out.npz").exists()


def test_arguments_that_do_not_fit(cli, programs) -> None:
    ran = cli("run", "subtract.scriptc", "1")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        "error[bad-argument]: subtract() needs an argument for `b`; call it as subtract(a, b)\n"
        " = help: the program is subtract(a: Tensor, b: Tensor) -> Tensor\n"
    )
    for arguments, reason in [
        (["1", "2", "3"], "subtract() takes 2 positional arguments, and was given 3"),
        (["1", "--arg", "c=2"], "subtract() has no parameter `c`"),
        (["1", '"text"'], "subtract() expects Tensor as `b`, and was given a str"),
        (["1", "--arg", "a=2"], "`a` is given twice, by its name and in order"),
    ]:
        ran = cli("run", "subtract.scriptc", *arguments)
        assert ran.status == 1
        assert ran.err.startswith(f"error[bad-argument]: {reason}"), ran.err


def test_values_that_are_no_values(cli, programs) -> None:
    ran = cli("run", "subtract.scriptc", "1", "x.npz.txt")
    assert ran.status == 1
    assert ran.err == (
        "error[bad-input]: `x.npz.txt` is neither a file of arrays nor JSON\n"
        " = help: pass a .npy or .npz file, or a value in JSON; a string is written "
        "'\"x.npz.txt\"'\n"
    )
    ran = cli("run", "subtract.scriptc", "1", "[[1], [2, 3]]")
    assert ran.status == 1
    assert ran.err.startswith("error[bad-input]: [[1], [2, 3]] makes no array: ")


def bad_files() -> dict[str, bytes]:
    objects, truncated, archive = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(objects, np.array([print, None]), allow_pickle=True)
    np.save(truncated, np.ones(1000))
    np.savez(archive, a=np.array([{}], object), allow_pickle=True)
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w") as file:
        file.writestr("a.npy", b"no array")
    return {
        "objects.npy": objects.getvalue(),
        "truncated.npy": truncated.getvalue()[:500],
        "pickle.npy": pickle.dumps([1, 2]),
        "empty.npy": b"",
        "text.npy": b"1 2 3\n",
        "zip.npy": archive.getvalue(),
        "objects.npz": archive.getvalue(),
        "damaged.npz": archive.getvalue()[:100],
        "text.npz": text.getvalue(),
        "array.npz": truncated.getvalue(),
    }


def test_files_that_hold_no_arrays(cli, programs) -> None:
    for name, content in bad_files().items():
        Path(name).write_bytes(content)
        ran = cli("run", "keys.scriptc", name, "-o", "out.npz")
        assert (ran.status, ran.out) == (1, ""), name
        assert ran.err.startswith(f"error[unreadable-file]: `{name}` cannot be read: "), ran.err
        assert "allow_pickle" not in ran.err
        if name.startswith("objects"):
            assert "files that hold pickled objects are refused" in ran.err
    ran = cli("run", "keys.scriptc", "nowhere.npy")
    assert (ran.status, ran.err) == (1, "error[no-file]: there is no file `nowhere.npy`\n")
    assert not Path("out.npz").exists()


def test_archives_that_are_none(cli, programs) -> None:
    whole = Path("keys.scriptc").read_bytes()
    for name, content in {
        "text.scriptc": b"no archive",
        "empty.scriptc": b"",
        "cut.scriptc": whole[: len(whole) // 2],
        "changed.scriptc": whole.replace(b"twice", b"twixe"),
        "foreign.scriptc": bad_files()["text.npz"],
    }.items():
        Path(name).write_bytes(content)
        for command in ("run", "show"):
            ran = cli(command, name)
            assert (ran.status, ran.out) == (1, ""), name
            assert ran.err.startswith("error[bad-archive]: "), ran.err
            assert name in ran.err
    for command in ("run", "show"):
        ran = cli(command, "nowhere.scriptc")
        assert (ran.status, ran.err) == (1, "error[no-file]: there is no file `nowhere.scriptc`\n")
        ran = cli(command, ".")
        assert ran.status == 1
        assert ran.err.startswith("error[")


def test_outputs_that_cannot_be_written(cli, programs) -> None:
    ran = cli("run", "keys.scriptc", "1", "-o", "out.npy")
    assert ran.status == 1
    assert ran.err == (
        "error[bad-output]: a .npy file holds one array, and the program returned 2\n"
        " = help: write them to a .npz file\n"
    )
    ran = cli("run", "keys.scriptc", "1", "-o", "out.txt")
    assert ran.status == 1
    assert ran.err.startswith("error[bad-output]: `out.txt` is no file of arrays\n")
    ran = cli("run", "keys.scriptc", "1", "-o", "no/folder/out.npz")
    assert ran.status == 1
    assert ran.err.startswith("error[unwritable]: `no/folder/out.npz` cannot be written: ")
    Path("folder.npz").mkdir()
    ran = cli("run", "keys.scriptc", "1", "-o", "folder.npz")
    assert ran.status == 1
    assert ran.err.startswith("error[unwritable]: `folder.npz` cannot be written: ")
    left = {path.name for path in Path().iterdir()} - {"folder.npz", "programs.py"}
    assert all(name.endswith(".scriptc") for name in left)


def test_an_output_replaces_the_one_before_whole(cli, programs) -> None:
    assert cli("run", "keys.scriptc", json.dumps([1.0] * 100), "-o", "out.npz").status == 0
    Path("out.npz").chmod(0o600)
    assert cli("run", "keys.scriptc", "[7]", "-o", "out.npz").status == 0
    np.testing.assert_array_equal(loaded("out.npz")["twice"], [14])
    assert [path.name for path in Path().glob("*.npz*")] == ["out.npz"]


def test_byte_order_of_a_file_does_not_matter(cli, programs) -> None:
    np.save("big.npy", np.array([1.0, 2.0], ">f4"))
    assert cli("run", "keys.scriptc", "big.npy", "-o", "out.npz").status == 0
    twice = loaded("out.npz")["twice"]
    assert (twice.dtype, twice.tolist()) == (np.dtype(np.float32), [2.0, 4.0])
