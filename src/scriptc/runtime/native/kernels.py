"""Kernels: C that no program changes, and which headers and kernels a program needs.

Products and convolutions take longer to compile than the programs that use them. In a C file on its
own they are static functions of a header; code that is compiled here has them in objects of their
own, which are compiled once and linked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

APART = "SC_KERNELS_APART"
"""What is defined where kernels are in objects of their own."""

_HEADERS = {"gemm": "scriptc_gemm.h", "conv": "scriptc_conv.h"}
_NEEDS = {"conv": ("conv", "gemm"), "gemm": ("gemm",)}
_NAME = re.compile(r"\bsc_(gemm|conv)_(?:\w*_)?(f32|f64)\b")


@dataclass(frozen=True, order=True)
class Kernel:
    """The kernels of one header for one type."""

    family: str
    dtype: str

    @property
    def name(self) -> str:
        return f"{self.family}_{self.dtype}"

    @property
    def source(self) -> str:
        """The C file that becomes the object."""
        return (
            f'#define {APART}\n#define SC_KERNELS_{self.name}\n#include "{_HEADERS[self.family]}"\n'
        )


def headers_of(text: str) -> list[str]:
    """Return the headers of the kernels that functions in C call."""
    return [header for family, header in _HEADERS.items() if f"sc_{family}_" in text]


def kernels_of(text: str) -> tuple[Kernel, ...]:
    """Return the kernels that functions in C call, over any number of calls."""
    found = {
        Kernel(family, match[2]) for match in _NAME.finditer(text) for family in _NEEDS[match[1]]
    }
    return tuple(sorted(found))
