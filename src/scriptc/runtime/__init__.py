"""Running programs: the interpreter, the values that cross its border, and archives."""
