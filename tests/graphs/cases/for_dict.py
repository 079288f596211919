def main(table: dict[str, int]):
    total = 0
    for key, value in table.items():
        if key != "skip":
            total += value
    return total
