import math


def main(n: int, name: str):
    a = n(3)
    b = name.upper
    c = math(3)
    return a, b, c
