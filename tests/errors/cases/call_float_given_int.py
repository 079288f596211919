def main(x: float):
    return x / 2


CALL = (3,)
