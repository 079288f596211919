"""Passes: rewriting IR without changing what it does. `manager.py` has the pipelines."""
