def main(name: str, n: int, x: float):
    return f"{name.upper()!r:>10} {n:03d} {x:.{n}f}", " ".join([name] * n)
