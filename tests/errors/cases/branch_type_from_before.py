def main(n: int):
    label = "none"
    if n > 0:
        count = n + 1
        label = count
    return label
