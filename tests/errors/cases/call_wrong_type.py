def main(n: int, name: str = "x"):
    return name * n


CALL = ("3",)
