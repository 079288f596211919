DEBUG = False


def main(n: int, shift=None):
    """Tests of constants and of types leave one side."""
    if DEBUG:
        print(n)
    if isinstance(n, str):
        n = 0
    return n if shift is None else n + 1
