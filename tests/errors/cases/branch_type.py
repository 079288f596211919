def main(n: int):
    if n > 0:
        x = n
    else:
        x = "negative"
    return x
