def main(values: list[int]):
    total = 0
    for value in values:
        total += valeu
    return total
