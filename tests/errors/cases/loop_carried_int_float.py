def main(values: list[float]):
    total = 0
    for value in values:
        total = total + value
    return total
