from collections import OrderedDict


def main(n: int, table: OrderedDict, other: "Missing", made: int(3)):
    return table
