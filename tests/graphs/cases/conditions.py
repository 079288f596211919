def main(a: int, b: bool, text: str):
    return (a > 0 and b) or not text, 0 < a <= 10, a or 7, text and "yes"
