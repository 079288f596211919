import math


def main(n: int):
    functions = [math.sin, math.cos]
    return functions[0](n)
