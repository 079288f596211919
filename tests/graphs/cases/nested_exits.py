def main(n: int):
    for i in range(n):
        for j in range(i):
            if i * j == 12:
                return i, j
            if j > 3:
                break
    return -1, -1
