def main(n: int):
    return n + zzqq
