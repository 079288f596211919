def scale(x, by=2, *, shift: float = 0.0):
    return x * by + shift


def main(x: float, n: int):
    """A helper is compiled once for each combination of types."""
    return scale(x), scale(x, n), scale(n, shift=x), scale(x, by=n)
