def main(names: list[str], sizes: list[int]):
    found = {}
    for i, (name, size) in enumerate(zip(names, sizes)):
        found[name] = size * i
    return found
