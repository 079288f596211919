import datetime

NOW = datetime.datetime(2020, 1, 1)
MIXED = [1, "a"]
BIG = 2**70


def main(n: int):
    return NOW, MIXED, BIG
