"""scriptc, a script compiler: plain Python on NumPy becomes a typed, readable program of its own."""
