def outer(x):
    return inner(x) + 1


def inner(x):
    return x.upper() + x


def main(n: int, s: str):
    return inner(s), outer(n)
