def main(xs: list[int]):
    for x in xs:
        if x > 3:
            found = x
            break
    else:
        found = -1
    return found
