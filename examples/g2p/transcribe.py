"""Compile the pronunciation network of `g2p-en`, and compare it with the package, word by word.

    python examples/g2p/transcribe.py [--words N] [--all] [--archive PATH]

`G2p.predict` and what it calls are compiled as they are in the package. The program is saved, then
loaded in another process that has no g2p-en, and transcribes there.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from package import load_g2p, weights_path
from words import english_words

import scriptc

# The other process: no g2p-en, no source of the network, only the archive.
READER = """
import json, sys, time
sys.modules["g2p_en"] = None  # importing it is an error
import scriptc
start = time.perf_counter()
predict = scriptc.load(sys.argv[1])
seconds = time.perf_counter() - start
found = [predict(word) for word in json.load(sys.stdin)]
json.dump({"seconds": seconds, "found": found}, sys.stdout)
"""


def compile_predict(g2p):
    """Compile `predict`; a part that had to be traced instead would be an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", scriptc.FallbackWarning)
        return scriptc.script(g2p.predict, example_inputs=("hello",))


def transcribe_elsewhere(archive: Path, words: list[str]) -> tuple[list[list[str]], float]:
    """Load the archive in a process of its own; return its transcriptions and the time to load."""
    done = subprocess.run(
        [sys.executable, "-c", READER, str(archive)],
        input=json.dumps(words),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"the process that loads the archive failed:\n{done.stderr}")
    answer = json.loads(done.stdout)
    return answer["found"], answer["seconds"]


def compare_speed(one, other, words: list[str], rounds: int) -> tuple[float, float]:
    """Return the median seconds per word of two functions, which take turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, spent in zip((one, other), times, strict=True):
            start = time.perf_counter()
            for word in words:
                function(word)
            spent.append((time.perf_counter() - start) / len(words))
    return statistics.median(times[0]), statistics.median(times[1])


def seconds_of(function, *args):
    """Return what a call returns, and how long it took."""
    start = time.perf_counter()
    result = function(*args)
    return result, time.perf_counter() - start


def print_table(words: list[str], expected: list[list[str]], found: list[list[str]]) -> None:
    width = max(map(len, words))
    print(f"{'word':<{width}}  same  phonemes")
    print(f"{'-' * width}  ----  --------")
    for word, one, other in zip(words, expected, found, strict=True):
        difference = "" if one == other else f"  the package says: {' '.join(one)}"
        answer = "yes" if one == other else "NO"
        print(f"{word:<{width}}  {answer:<4}  {' '.join(other)}{difference}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=int, metavar="N", help="take N words only")
    parser.add_argument("--all", action="store_true", help="print every word, not each fiftieth")
    parser.add_argument("--archive", type=Path, help="keep the archive here")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of the timing")
    options = parser.parse_args(arguments)

    g2p = load_g2p()
    words = english_words(weights_path(g2p).parent / "homographs.en")
    if options.words is not None:
        words = words[:: max(1, len(words) // options.words)][: options.words]

    predict, compiling = seconds_of(compile_predict, g2p)
    print("compiled: " + ", ".join(sorted(predict.program.functions)))
    print()
    with tempfile.TemporaryDirectory() as folder:
        archive = options.archive or Path(folder) / "g2p.scriptc"
        _, saving = seconds_of(predict.save, archive)
        size = archive.stat().st_size
        found, loading = transcribe_elsewhere(archive, words)
    expected = [g2p.predict(word) for word in words]

    shown = slice(None) if options.all else slice(None, None, max(1, len(words) // 25))
    print_table(words[shown], expected[shown], found[shown])
    same = sum(one == other for one, other in zip(expected, found, strict=True))
    print()
    print(f"{len(words)} words, {same} of them transcribed as the package does")

    package, compiled = compare_speed(g2p.predict, predict, words[::40], options.rounds)
    print(f"compile {compiling:.2f} s, save {saving:.2f} s, load {loading:.3f} s")
    print(f"the archive has {size / 1e6:.1f} MB, the weights in the package ", end="")
    print(f"{weights_path(g2p).stat().st_size / 1e6:.1f} MB")
    print(f"per word: package {package * 1e3:.2f} ms, compiled {compiled * 1e3:.2f} ms ", end="")
    print(f"({compiled / package:.2f} times)")
    return 0 if same == len(words) else 1


if __name__ == "__main__":
    sys.exit(main())
