def main(n: int):
    try:
        n += 1
    except ValueError:
        pass
    with open("x"):
        n += 1
    import math
    global total
    del n
    return math.pi


total = 0
