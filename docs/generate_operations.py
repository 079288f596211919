"""Write `operations.md`, the reference of all operations, from the registry.

    python docs/generate_operations.py

The page is kept in the repository, so that it can be read without building anything; a test holds
it to the registry.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from scriptc.ir.opdef import OpDef, Trait
from scriptc.ir.ops import FAMILIES, REGISTRY
from scriptc.ir.text import STRUCTURAL

PAGE = Path(__file__).with_name("operations.md")

# The functions of the Python array API standard, 2024.12, by section; extensions at the end.
STANDARD = {
    "creation": "arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid "
    "ones ones_like tril triu zeros zeros_like",
    "data types": "astype can_cast finfo iinfo isdtype result_type",
    "elementwise": "abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift "
    "bitwise_invert bitwise_or bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh "
    "divide equal exp expm1 floor floor_divide greater greater_equal hypot imag isfinite isinf "
    "isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not logical_or "
    "logical_xor maximum minimum multiply negative nextafter not_equal positive pow real "
    "reciprocal remainder round sign signbit sin sinh square sqrt subtract tan tanh trunc",
    "indexing": "take take_along_axis",
    "linear algebra": "matmul matrix_transpose tensordot vecdot",
    "manipulation": "broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims "
    "repeat reshape roll squeeze stack tile unstack",
    "searching": "argmax argmin count_nonzero nonzero searchsorted where",
    "sets": "unique_all unique_counts unique_inverse unique_values",
    "sorting": "argsort sort",
    "statistics": "cumulative_prod cumulative_sum max mean min prod std sum var",
    "utility": "all any diff",
    "linalg": "cholesky cross det diagonal eigh eigvalsh inv matmul matrix_norm matrix_power "
    "matrix_rank matrix_transpose outer pinv qr slogdet solve svd svdvals tensordot trace vecdot "
    "vector_norm",
    "fft": "fft ifft fftn ifftn rfft irfft rfftn irfftn hfft ihfft fftfreq rfftfreq fftshift "
    "ifftshift",
}


def render() -> str:
    """Return the text of the page."""
    count = len(REGISTRY)
    lines = [
        "# Operations",
        "",
        "<!-- Written by docs/generate_operations.py from the registry. Do not edit. -->",
        "",
        f"All {count} operations: what a script may call, and what `.graph` calls it. A function",
        "or a method of NumPy or Python that is not here cannot be called from a script; one of",
        "your own can. Each is declared in `src/scriptc/ir/ops/`, and tested against what it",
        "stands for. The structural operations (`if`, `for`, `call` and so on) are explained in",
        "[The IR](ir.md).",
        "",
        "*Effects* says what an operation does besides giving a result: `view`, the result may",
        "share memory with an operand; `writes`, the first operand is changed; `effect`, something",
        "else is (output, a stream of random numbers).",
        "",
    ]
    lines += _standard()
    for name, ops in FAMILIES.items():
        lines += _family(name, ops)
    return "\n".join(lines).rstrip() + "\n"


def _standard() -> Iterator[str]:
    spelled = {s.name for opdef in REGISTRY.values() for s in opdef.spellings}
    yield "## The array API standard"
    yield ""
    yield "Which functions of the standard (2024.12) there are; those in parentheses are missing."
    yield ""
    yield "| Section | There | Functions |"
    yield "|---|---|---|"
    for section, text in STANDARD.items():
        prefix = f"numpy.{section}." if section in ("linalg", "fft") else "numpy."
        names = text.split()
        method = "ndarray." if prefix == "numpy." else prefix
        has = [not spelled.isdisjoint({prefix + name, method + name}) for name in names]
        shown = [f"`{n}`" if there else f"(`{n}`)" for n, there in zip(names, has, strict=True)]
        yield f"| {section} | {sum(has)} of {len(names)} | {' '.join(shown)} |"
    yield ""


def _family(name: str, ops: Iterable[OpDef]) -> Iterator[str]:
    listed = sorted(ops, key=lambda opdef: opdef.name)
    module = importlib.import_module(f"scriptc.ir.ops.{name}")
    yield f"## {name.capitalize()}"
    yield ""
    yield (module.__doc__ or "").partition("\n\n")[0].replace("\n", " ").strip()
    yield ""
    yield "| Operation | Written as | Meaning | Effects |"
    yield "|---|---|---|---|"
    for opdef in listed:
        cells = (_code(str(opdef.schema)), _spellings(opdef), _cell(opdef.doc), _effects(opdef))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _spellings(opdef: OpDef) -> str:
    found = [_code(opdef.python)] if opdef.python is not None else []
    found += [_code(s.name.removeprefix("builtins.")) for s in opdef.spellings]
    return ", ".join(dict.fromkeys(found))


def _effects(opdef: OpDef) -> str:
    shown = {Trait.VIEW: "view", Trait.WRITES: "writes", Trait.EFFECT: "effect"}
    return ", ".join(word for trait, word in shown.items() if trait in opdef.traits)


assert not STRUCTURAL & set(REGISTRY), "a declared operation has the name of a structural one"

if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    print(f"{PAGE.name}: {len(REGISTRY)} operations")
