def main(n: int):
    return n if n > 0 else "negative"
