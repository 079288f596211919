"""What the processor can do, since `-march=native` makes code that others may not run."""

from __future__ import annotations

import functools
import os
import platform
from pathlib import Path

_VECTOR_FEATURES = (
    "sse2", "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl",
    "avx512_bf16", "avx512_fp16", "amx_tile", "neon", "asimd", "asimdhp", "sve", "sve2",
)  # fmt: skip


@functools.cache
def describe_cpu() -> tuple[str, frozenset[str]]:
    """Return the name of the processor and its features, as far as the system tells."""
    name, features = "", frozenset[str]()
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _, value = line.partition(":")
                key = key.strip().lower()
                if key in {"model name", "cpu part"} and not name:
                    name = value.strip()
                elif key in {"flags", "features", "isa"}:
                    features = frozenset(value.split())
                elif not key and features:
                    break  # one processor is enough
    except OSError:  # not Linux
        pass
    return f"{platform.machine()} {name or platform.processor()}".strip(), features


def machine_identity() -> str:
    """Return a text that is the same on machines that run the same compiled code."""
    name, features = describe_cpu()
    library = ""
    if hasattr(os, "confstr") and "CS_GNU_LIBC_VERSION" in os.confstr_names:
        library = os.confstr("CS_GNU_LIBC_VERSION") or ""
    return f"{name}; {library}; {' '.join(sorted(features))}"


def vector_features() -> tuple[str, ...]:
    """Return those features of the processor that matter to vector code."""
    _, features = describe_cpu()
    return tuple(name for name in _VECTOR_FEATURES if name in features)


def usable_cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
