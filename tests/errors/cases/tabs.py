def main(n: int, name: str):
	if n > 0:
		total = n +	name
		return total
	return 0
