def main(n: int):
    match n:
        case 1:
            return "one"
    return "other"
