async def main(n: int):
    return n
