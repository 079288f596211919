def main(xs: list[int]):
    xs.sort(key=None)
    return xs
