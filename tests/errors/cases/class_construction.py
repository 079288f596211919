class Point:
    def __init__(self, x):
        self.x = x


def main(n: int):
    return Point(n)
