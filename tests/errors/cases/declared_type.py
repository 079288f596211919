def main(n: int):
    name: str = n
    names: list[str] = [1, 2]
    return name, names
