def main(n: int):
    if n:
        return "one"
    else:
        raise KeyError("other")
