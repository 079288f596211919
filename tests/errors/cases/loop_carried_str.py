def main(n: int):
    found = None
    while n > 0:
        found = n if found is None else str(found)
        n -= 1
    return found
