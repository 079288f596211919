def main(n: int, names: list[str]):
    a = n + "x"
    b = names - names
    c = names * 1.5
    d = -names
    e = n < "x"
    return a, b, c, d, e
