def main(a: int, b: int):
    return a if a < b else b
