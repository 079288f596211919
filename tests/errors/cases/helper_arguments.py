def helper(x, *, key, other=1):
    return x


def main(n: int):
    a = helper(n)
    b = helper(n, kye=2, key=1)
    c = helper(n, 2, key=3)
    d = helper(n, key=1, x=2)
    return a, b, c, d
