def main(n: int, name: str):
    total = (
        n
        + name
        + n
    )
    return total
