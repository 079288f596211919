def main(n: int):
    return n


CALL = (1, 2, 3)
