def main(x, n):
    return x * n


CALL = (3, 2)
