def main(n: int):
    def inner(x):
        return x + n

    return inner(3)
