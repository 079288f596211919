def main(xs: list[int]):
    return max(0, *xs)
