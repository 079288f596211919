"""Name tables: which operation a Python name stands for."""
