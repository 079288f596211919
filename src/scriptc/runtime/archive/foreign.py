"""Telling what a file is that is not an archive of ours, so that the error can say it."""

from __future__ import annotations

from collections.abc import Sequence

_HEADS = (
    (b"\x80", "a pickle, which scriptc never reads"),
    (b"\x93NUMPY", "a NumPy array; read it with np.load"),
    (b"\x1f\x8b", "compressed with gzip; decompress it first"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"\x7fELF", "an executable or a shared library"),
)


def identify_head(head: bytes) -> str:
    """Say what a file is by its first bytes; nothing if they tell nothing."""
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**32:
        return "a safetensors file, which holds no program"
    return next((what for start, what in _HEADS if head.startswith(start)), "")


def identify_zip(names: Sequence[str]) -> str:
    """Say what a zip file is by its members; nothing if they tell nothing."""
    tails = {name.partition("/")[2] for name in names}
    if "data.pkl" in tails and ("constants.pkl" in tails or any(n.endswith(".py") for n in tails)):
        return "a TorchScript file, as torch.jit.save writes it"
    if "data.pkl" in tails:
        return "a PyTorch checkpoint, as torch.save writes it; it holds no program"
    if names and all(name.endswith(".npy") for name in names):
        return "an .npz file of NumPy arrays; read it with np.load"
    return ""
