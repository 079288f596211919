"""Write the network of `g2p-en` as a C program that reads words and prints phonemes.

    python examples/g2p/in_c.py FOLDER
    cd FOLDER && cc -std=c11 -O3 *.c -lm -o g2p && echo compiler | ./g2p

The network is the package's own. Letters and phonemes, which are strings there, are numbers in it;
`main.c`, which is `program.c` here, looks them up in `tables.h`. The program needs no Python, and
maps the weights into memory.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import numpy as np
from package import load_g2p

import scriptc


class Network:
    """What `G2p.predict` does between the strings, with the package's own cells."""

    def __init__(self, g2p):
        self.g2p = g2p

    def predict(self, letters: np.ndarray):
        """Return the numbers of the phonemes for those of letters, the end included."""
        net = self.g2p
        start = np.zeros((1, net.enc_w_hh.shape[-1]), np.float32)
        enc = np.take(net.enc_emb, np.expand_dims(letters, 0), axis=0)
        enc = net.gru(
            enc, len(letters), net.enc_w_ih, net.enc_w_hh, net.enc_b_ih, net.enc_b_hh, h0=start
        )
        h = enc[:, -1, :]
        found = np.zeros(20, np.int64)
        count = 0
        dec = net.dec_emb[2:3]
        for _ in range(20):
            h = net.grucell(dec, h, net.dec_w_ih, net.dec_w_hh, net.dec_b_ih, net.dec_b_hh)
            logits = np.matmul(h, net.fc_w.T) + net.fc_b
            pred = int(logits.argmax())
            if pred == 3:
                break
            found[count] = pred
            count += 1
            dec = net.dec_emb[pred : pred + 1]
        return found[:count]


def write_tables(g2p, path: Path) -> None:
    """Write the letters and phonemes, by their numbers, as a header."""
    lines = ["/* The letters and phonemes of g2p-en by their numbers. Written by in_c.py. */"]
    for name, texts in (("letters", g2p.graphemes), ("phonemes", g2p.phonemes)):
        lines.append(f"enum {{ {name.upper()} = {len(texts)} }};")
        lines.append(f"static const char *const {name}[] = {{")
        lines += [f"    {json.dumps(text)}," for text in texts]
        lines.append("};")
    known = g2p.g2idx
    lines.append(f"enum {{ UNKNOWN = {known['<unk>']}, END = {known['</s>']} }};")
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder = parser.parse_args(arguments).folder
    try:
        g2p = load_g2p()
    except ModuleNotFoundError:
        print("g2p-en is missing: pip install --no-deps g2p-en==2.1.0", file=sys.stderr)
        return 1
    frozen = scriptc.freeze(scriptc.script(Network(g2p).predict))
    scriptc.export_c(frozen, folder, [np.array([1, 2])], name="g2p")
    shutil.copy(Path(__file__).with_name("program.c"), folder / "main.c")
    write_tables(g2p, folder / "tables.h")
    print(f"wrote {', '.join(sorted(path.name for path in folder.iterdir()))} to {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
