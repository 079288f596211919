"""Check the wheel in a folder: its size, that it is pure Python, and that it holds what it must.

Usage: python .ci/check_wheel.py FOLDER
"""

import sys
import zipfile
from pathlib import Path

LIMIT_BYTES = 2_000_000
REQUIRED = ("scriptc/__init__.py", "scriptc/py.typed")


def main(folder: Path) -> int:
    """Print the size of the one wheel in `folder`; return 1 where something is wrong with it."""
    (wheel,) = folder.glob("scriptc-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    size = wheel.stat().st_size
    problems = [f"{name} is missing" for name in REQUIRED if name not in names]
    if not any(name.endswith("/licenses/LICENSE") for name in names):
        problems.append("the licence is missing")
    if not wheel.name.endswith("-none-any.whl"):
        problems.append("it is not pure Python")
    if size >= LIMIT_BYTES:
        problems.append(f"it is larger than {LIMIT_BYTES:,} bytes")
    print(f"{wheel.name}: {size:,} bytes, {len(names)} files")
    for problem in problems:
        print(f"{wheel.name}: {problem}")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
