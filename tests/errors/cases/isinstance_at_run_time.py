def main(x: int | str):
    if isinstance(x, int):
        return 1
    return 0
