def main(n: int):
    xs = [1, "a", 2.5]
    ys = [n]
    ys.append("x")
    d = {"a": 1, 2: "b"}
    d["c"] = None
    return xs, ys, d
