class ShapeError(ValueError):
    pass


def main(n: int):
    if n > 2:
        raise ShapeError(f"{n} is too many")
    return n


CALL = (3,)
