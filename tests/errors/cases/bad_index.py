def main(xs: list[int], d: dict[str, int], t: tuple[int, str]):
    a = xs["x"]
    b = d[0]
    c = t[2]
    return a, b, c
