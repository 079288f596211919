def main(xs: list[int]):
    """The early exits stay what they are in the source."""
    total = 0
    for x in xs:
        if x == 0:
            continue
        if x < 0:
            break
        total += x
    return total
