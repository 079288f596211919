"""Train two classifiers of digits, compile, save and load them, and compare with eager NumPy.

python examples/digits/classify.py [--epochs N] [--folder PATH]
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from models import ConvDigits, RecurrentDigits
from sklearn.datasets import load_digits
from training import conv_loss, recurrent_loss, train

import scriptc
from scriptc import nn

TEST = 500


def split() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return images and digits to train with, and images and digits to test with."""
    data = load_digits()
    images = (data.images / 16).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(images))
    train_part, test_part = order[TEST:], order[:TEST]
    return images[train_part], data.target[train_part], images[test_part], data.target[test_part]


def road(model: nn.Module, archive: Path):
    """Compile, save and load a model; return the loaded program."""
    start = time.perf_counter()
    scripted = scriptc.script(model.eval())
    compiled = time.perf_counter()
    scripted.save(archive)
    saved = time.perf_counter()
    loaded = scriptc.load(archive)
    end = time.perf_counter()
    print(loaded)
    print(
        f"compile {compiled - start:.2f} s, save {saved - compiled:.3f} s, "
        f"load {end - saved:.3f} s, {archive.stat().st_size / 1e3:.0f} kB"
    )
    return loaded


def convolutional(parts, epochs: int, folder: Path) -> bool:
    images, digits, test_images, test_digits = parts
    model = ConvDigits()
    start = time.perf_counter()
    loss = train(model, conv_loss, images[:, None], digits, epochs, 0.01)
    print(f"trained {epochs} epochs in {time.perf_counter() - start:.1f} s, loss {loss:.3f}")
    loaded = road(model, folder / "conv.scriptc")

    same = True
    for size in (TEST, 8, 1):
        left = early = told = 0
        for first in range(0, TEST, size):
            batch = test_images[first : first + size, None]
            expected, found = model(batch), loaded(batch)
            same = same and all(map(np.array_equal, expected, found))
            told += int((found[0] == test_digits[first : first + size]).sum())
            early += int(found[1].sum())
            left += bool(found[1].all())
        print(
            f"batches of {size:>3}: {told / TEST:.1%} right; the early exit told {early} of {TEST} "
            f"images, and {left} of {-(-TEST // size)} batches left by it"
        )
    return same


def recurrent(parts, epochs: int, folder: Path) -> bool:
    images, digits, test_images, test_digits = parts
    model = RecurrentDigits()
    start = time.perf_counter()
    loss = train(model, recurrent_loss, images, digits, epochs, 0.01)
    print(f"trained {epochs} epochs in {time.perf_counter() - start:.1f} s, loss {loss:.3f}")
    loaded = road(model, folder / "recurrent.scriptc")

    expected = [model(image) for image in test_images]
    found = [loaded(image) for image in test_images]
    told = sum(digit == right for (digit, _), right in zip(found, test_digits, strict=True))
    rows = Counter(count for _, count in found)
    print(f"{told / TEST:.1%} right; sure after")
    for count in sorted(rows):
        print(f"  {count} rows: {rows[count]:>3} {'#' * (rows[count] // 5)}")
    return expected == found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20, help="times to go over the digits")
    parser.add_argument("--folder", type=Path, help="keep the archives here")
    options = parser.parse_args(arguments)

    nn.manual_seed(0)
    parts = split()
    print(f"{len(parts[0])} digits to train with, {TEST} to test with")
    same = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for example in (convolutional, recurrent):
            print(f"\n--- {example.__name__}")
            equal = example(parts, options.epochs, folder)
            print(f"same as eager NumPy on every image: {'yes' if equal else 'NO'}")
            same = same and equal
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
