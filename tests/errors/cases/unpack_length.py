def main(t: tuple[int, int, int]):
    a, b = t
    c, d, e, *f, g = t
    (h, i), j = t
    return a, b, c, d, e, f, g, h, i, j
