def main(n: int):
    if n > 0:
        raise "text"
    raise
