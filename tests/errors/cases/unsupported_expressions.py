def main(xs: list[int]):
    a = {1, 2}
    b = {x for x in xs}
    c = (x for x in xs)
    d = lambda x: x
    e = b"bytes"
    f = [*xs][0] if (g := 1) else 0
    return a, b, c, d, e, f, g
