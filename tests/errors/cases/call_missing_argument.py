def main(x, *, scale: float, shift: float = 0.0):
    return x * scale + shift


CALL = (1,)
