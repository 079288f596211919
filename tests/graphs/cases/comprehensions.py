def main(xs: list[int]):
    return [x * y for x in xs if x > 1 for y in range(x)], {x: str(x) for x in xs}
