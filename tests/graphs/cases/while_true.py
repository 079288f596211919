def main(n: int):
    while True:
        n -= 3
        if n < 0:
            return n
