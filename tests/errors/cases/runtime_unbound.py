def main(n: int):
    if n > 5:
        found = n
    return found


CALL = (3,)
