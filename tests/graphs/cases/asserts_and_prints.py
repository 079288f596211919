def main(n: int):
    assert n > 0, f"{n} is not positive"
    print("n =", n, sep="", end="!")
    return n
