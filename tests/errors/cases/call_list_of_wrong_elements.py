def main(xs: list[int], table: dict[str, list[float]]):
    return xs, table


CALL = ([1, 2], {"a": [1.0], "b": [2.0, 3]})
