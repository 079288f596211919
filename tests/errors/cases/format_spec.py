def main(n: int, xs: list[int]):
    print(f"{n:>5}")
    return f"{xs:>10}"


CALL = (3, [1])
