"""Archives: a program with its tensors and values in one file. `docs/archive.md` is the format."""
