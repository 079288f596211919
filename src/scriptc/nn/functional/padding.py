"""Padding of the last one or two dimensions."""

import numpy as np


def pad1d(x: np.ndarray, before: int, after: int, mode: str = "zeros") -> np.ndarray:
    """Pads the last dimension of `(N, C, L)`.

    Args:
        x: `(N, C, L)`.
        before: how many elements to add in front.
        after: how many to add at the end.
        mode: `zeros`, `reflect` (without repeating the edge), `replicate`
            (repeats the edge) or `circular`.

    Raises:
        ValueError: the mode, or more padding than `reflect` (`L - 1`) or
            `circular` (`L`) can take from `x`.
    """
    check_pads(x.shape[2], max(before, after), mode)
    widths = ((0, 0), (0, 0), (before, after))
    if mode == "zeros":
        return np.pad(x, widths, mode="constant")
    if mode == "reflect":
        return np.pad(x, widths, mode="reflect")
    if mode == "replicate":
        return np.pad(x, widths, mode="edge")
    return np.pad(x, widths, mode="wrap")


def pad2d(
    x: np.ndarray, rows: tuple[int, int], columns: tuple[int, int], mode: str = "zeros"
) -> np.ndarray:
    """Pads the last two dimensions of `(N, C, H, W)`.

    Args:
        x: `(N, C, H, W)`.
        rows: how many to add (above, below).
        columns: how many to add (left, right).
        mode: as for `pad1d`.

    Raises:
        ValueError: as for `pad1d`.
    """
    check_pads(x.shape[2], max(rows[0], rows[1]), mode)
    check_pads(x.shape[3], max(columns[0], columns[1]), mode)
    widths = ((0, 0), (0, 0), rows, columns)
    if mode == "zeros":
        return np.pad(x, widths, mode="constant")
    if mode == "reflect":
        return np.pad(x, widths, mode="reflect")
    if mode == "replicate":
        return np.pad(x, widths, mode="edge")
    return np.pad(x, widths, mode="wrap")


def check_pads(length: int, widest: int, mode: str) -> None:
    """Checks one dimension of a padding.

    Raises:
        ValueError: as for `pad1d`.
    """
    if mode == "reflect":
        if widest >= length:
            raise ValueError(f"reflect padding of {widest} needs more than {length} elements")
    elif mode == "circular":
        if widest > length:
            raise ValueError(f"circular padding of {widest} needs at least {widest} elements")
    elif mode != "zeros" and mode != "replicate":
        raise ValueError(f"unknown padding mode '{mode}'")
