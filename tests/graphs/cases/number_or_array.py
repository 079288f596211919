def main(x, weights: list[float]):
    total = 0.0
    for i, weight in enumerate(weights):
        total += weight * x[i]
    return total
