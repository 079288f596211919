def main(n: int):
    """A loop over mixed types is taken apart; it leaves by loops that run once."""
    log = []
    for x in (1, "two", 3.5):
        if n == 1:
            continue
        if n == 2:
            break
        log.append(str(x))
    return log
