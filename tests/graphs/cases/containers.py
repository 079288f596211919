def main(pair: tuple[int, str], xs: list[int]):
    n, text = pair
    first, *rest = xs
    table = {text: [n, first], "rest": rest}
    table[text][0] += 1
    return table, (n, *pair), [*xs, n]
