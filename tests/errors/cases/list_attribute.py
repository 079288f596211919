def main(xs: list[int]):
    xs.push(3)
    return xs
