def main(xs: list, table: dict):
    return xs, table
