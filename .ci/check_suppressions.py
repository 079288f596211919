"""Fail where a suppression does not name its rule and its reason.

Usage: python .ci/check_suppressions.py [FILE...]   (without files: src, tests, docs, examples)
"""

import io
import re
import sys
import tokenize
from pathlib import Path

SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no (?:cover|branch))", re.IGNORECASE)
EXPLAINED = re.compile(
    r"#\s*("
    r"noqa: [A-Z]+\d+(,\s?[A-Z]+\d+)*"
    r"|type: ignore\[[a-z-]+(,\s?[a-z-]+)*\]"
    r"|pragma: no (cover|branch)"
    r")\s*(#|-|:)\s+\S+"
)
ROOTS = ("src", "tests", "docs", "examples", "benchmarks", ".ci")


def find_unexplained(source: str) -> list[tuple[int, str]]:
    """Lines of `source`, with their comments, whose suppression lacks a rule or a reason."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        (token.start[0], token.string)
        for token in tokens
        if token.type == tokenize.COMMENT
        for start in SUPPRESSION.finditer(token.string)
        if not EXPLAINED.match(token.string, start.start())
    ]


def main(arguments: list[str]) -> int:
    """Print every unexplained suppression; return 1 if there is one."""
    paths = [Path(name) for name in arguments]
    if not paths:
        paths = sorted(path for root in ROOTS for path in Path(root).rglob("*.py"))
    failed = False
    for path in paths:
        for line, comment in find_unexplained(path.read_text(encoding="utf-8")):
            failed = True
            print(f"{path}:{line}: suppression without rule or reason: {comment}")
    if failed:
        print(
            "Write `# noqa: RULE - why`, `# type: ignore[rule]  # why`, `# pragma: no cover - why`."
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
