def main(n: int):
    for i in n:
        print(i)
    return [i for i in n]
