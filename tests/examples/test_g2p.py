"""The grapheme-to-phoneme network of g2p-en, as the package ships it, over the whole road."""

import importlib.util
import re
import shutil
import subprocess

import pytest

from support.examples import example
from support.road import outcome, save_and_load

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("g2p_en") is None,
    reason="g2p-en is installed apart: pip install --no-deps g2p-en==2.1.0",
)


def test_the_example(capsys):
    with example("g2p", "transcribe") as [transcribe]:
        assert transcribe.main(["--rounds", "1"]) == 0
    printed = capsys.readouterr().out
    total, same = map(int, re.search(r"(\d+) words, (\d+) of them", printed).groups())
    assert total == same >= 1000
    assert re.search(r"^able +yes +EY1 B AH0 L$", printed, re.MULTILINE)


def test_odd_words():
    with example("g2p", "package", "transcribe") as [package, transcribe]:
        g2p = package.load_g2p()
        predict = transcribe.compile_predict(g2p)
    loaded = save_and_load(predict)
    for word in ("", "a", "naïve", "ABC", "x1-y", "supercalifragilisticexpialidocious" * 3):
        expected = outcome(g2p.predict, (word,))
        assert outcome(predict, (word,)) == expected
        assert outcome(loaded, (word,)) == expected


def test_the_comparison_sees_a_difference(capsys, monkeypatch):
    with example("g2p", "transcribe") as [transcribe]:
        elsewhere = transcribe.transcribe_elsewhere

        def wrong(archive, words):
            found, seconds = elsewhere(archive, words)
            return [*found[:-1], [*found[-1], "ZH"]], seconds

        monkeypatch.setattr(transcribe, "transcribe_elsewhere", wrong)
        assert transcribe.main(["--rounds", "1", "--words", "10", "--all"]) == 1
    assert "10 words, 9 of them" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_program_in_c(tmp_path, capsys):
    """Built strictly, with all optimisation, it prints for each line what the package says."""
    with example("g2p", "package", "in_c", "words") as [package, in_c, words]:
        assert in_c.main([str(tmp_path)]) == 0
        g2p = package.load_g2p()
        some = words.english_words(package.weights_path(g2p).parent / "homographs.en")[::20]
    assert "tables.h" in capsys.readouterr().out
    sources = [path.name for path in sorted(tmp_path.glob("*.c"))]
    strict = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O3"]
    subprocess.run(["cc", *strict, *sources, "-lm", "-o", "g2p"], cwd=tmp_path, check=True)
    given = [*some, "", "naïve", "ABC", "x1-y", "supercalifragilisticexpialidocious" * 3]
    ran = subprocess.run(
        ["./g2p"], cwd=tmp_path, input="\n".join([*given, ""]), capture_output=True, text=True,
        encoding="utf-8", check=True,
    )  # fmt: skip
    printed = ran.stdout.splitlines()
    assert printed == [" ".join(g2p.predict(word)) for word in given]
    (tmp_path / "g2p.weights").unlink()
    ran = subprocess.run(
        ["./g2p"], cwd=tmp_path, input="a", capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "g2p.weights" in ran.stderr
