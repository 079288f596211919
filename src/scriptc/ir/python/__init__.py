"""From IR to Python syntax trees: what the interpreter and `.code` share.

`variables` decides which values share a Python variable, `templates` holds how operations are
written, `expressions` nests them, `emitter` adds control flow, and `spelling` writes source.
"""
