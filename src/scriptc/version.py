"""The version of scriptc, which archives name."""

__version__ = "0.1.0"
