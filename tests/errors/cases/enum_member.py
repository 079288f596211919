import enum


class Color(enum.Enum):
    RED = 1


def main(n: int):
    return n == Color.RED
