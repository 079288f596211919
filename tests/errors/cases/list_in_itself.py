def main():
    xs = []
    xs.append(xs)
    return xs
