def main(n: int):
    if n > 0:
        return n
    if n < -5:
        return None
    return "negative"
