"""Brings constructor arguments into the one form that `forward` sees."""


def single(value: int | tuple[int, ...], what: str) -> tuple[int]:
    """A tuple of one int, from an int or a tuple.

    Raises:
        ValueError: it is neither.
    """
    values = (value,) if isinstance(value, int) else tuple(value)
    if len(values) != 1:
        raise ValueError(f"{what} is an int or a tuple of one, not {value!r}")
    return (values[0],)


def pair(value: int | tuple[int, ...], what: str) -> tuple[int, int]:
    """A tuple of two ints, from an int or a tuple.

    Raises:
        ValueError: it is neither.
    """
    values = (value, value) if isinstance(value, int) else tuple(value)
    if len(values) != 2:
        raise ValueError(f"{what} is an int or a tuple of two, not {value!r}")
    return (values[0], values[1])
