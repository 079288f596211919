"""Tracing: run a function on recording values, and build the IR of what it did."""
