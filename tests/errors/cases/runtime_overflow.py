def main(n: int):
    product = 1
    for i in range(n):
        product = product * (i + 1)
    return product


CALL = (30,)
