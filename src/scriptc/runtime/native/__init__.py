"""Native code: specialised programs as C, compiled, cached and called without the GIL."""
