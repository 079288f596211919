"""Loops that threads share: the outermost one becomes a function of its own, for `sc_parallel_for`.

Each element is computed by the same code wherever the parts begin, so the number of threads changes
no bit. Scratch memory is there once for each part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from scriptc.runtime.native.emitter.context import Context

_HEAD = re.compile(r"( *)for \(int64_t (\w+) = 0; \2 < (.+); \+\+\2\) \{")
_NAME = re.compile(r"(?<![\w.>])[A-Za-z_]\w*(?!\w)(?! *\()")
_STRANGE = re.compile(r"[\"'#]|->|\breturn\b|\bgoto\b|\bws\b")
_DECLARATION = r"(?:^ *|[{{(;] *)(?:const )?([A-Za-z_]\w*)( \*(?:const )?| ){name} ?[=;]"
_INNER = re.compile(r"(?:^ *|\()(?:const )?[A-Za-z_]\w* (?:\*const |\*)?(\w+) ?[=;]")
_WORDS = frozenset((
    "for", "if", "else", "const", "int", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t",
    "uint16_t", "uint32_t", "uint64_t", "float", "double", "bool", "INFINITY", "NAN", "INT64_MIN",
    "INT64_MAX", "true", "false",
))  # fmt: skip
_OWN = ("begin", "end", "worker")
"""Parameters of the function."""


class Split:
    """A loop that threads may share.

    `grains` holds, for each length that the loop may have, how many rounds are worth a thread.
    """

    def __init__(self, context: Context, grains: Mapping[str, str]) -> None:
        self.context, self.grains = context, grains

    def workers(self, length: str) -> str:
        """Write code that finds how many parts a loop has; return the variable."""
        name = self.context.writer.name("parts")
        self.context.line(
            f"const int64_t {name} = sc_workers(ws, {length}, {self.grains[length]});"
        )
        return name

    def emit(self, begin: int, scratch: Mapping[str, str]) -> None:
        """Put the loop that stands from line `begin` on into a function, if it is one loop.

        `scratch` are pointers to memory that each part has its own of, and its size.
        """
        lines = self.context.writer.lines
        body = lines[begin:]
        at = 1 if body and body[0].lstrip().startswith("#pragma omp simd") else 0
        head = _HEAD.fullmatch(body[at]) if len(body) > at else None
        if head is None or not _is_one(body[at:], head[1]):
            return
        indent, index, length = head.groups()
        grain = self.grains.get(length)
        if grain is None or (_is_number(length, grain) and int(length) < 2 * int(grain)):
            return
        body[at] = f"{indent}for (int64_t {index} = begin; {index} < end; ++{index}) {{"
        captured = self._captured(lines[:begin], [*body, *scratch.values()])
        if captured is None:
            return
        name = self.context.writer.name(f"{self.context.symbol}_loop")
        del lines[begin:]
        parameters = "void *arg, int64_t begin, int64_t end, int worker"
        text = [
            f"struct {name} {{",
            *(f"    {type_} {n};" for n, type_ in captured.items()),
            "};",
            "",
            f"static __attribute__((unused)) void {name}_part({parameters}) {{",
            f"    const struct {name} *const a = (const struct {name} *)arg;",
            "    (void)worker;",
        ]
        for n, type_ in captured.items():
            own = f" + worker * ({scratch[n]})" if n in scratch else ""
            pointer = type_.endswith("*")
            start = f"{type_}const" if pointer else f"const {type_}"
            text.append(f"    {start} {n} = a->{n}{own};")
        text += [line[len(indent) - 4 :] for line in body]
        self.context.functions.append("\n".join([*text, "}", ""]))
        self.context.line(f"struct {name} {name}_arg = {{{', '.join(captured)}}};")
        self.context.line(f"sc_parallel_for(ws, {length}, {grain}, {name}_part, &{name}_arg);")

    def _captured(self, before: Sequence[str], body: Sequence[str]) -> dict[str, str] | None:
        """Return what the loop uses from around it, with the types; None if that is not clear."""
        code = [line for line in body if not line.lstrip().startswith("#pragma omp simd")]
        if any(map(_STRANGE.search, code)):
            return None
        inner = {m[1] for line in code for m in _INNER.finditer(line)}
        names = dict.fromkeys(m[0] for line in code for m in _NAME.finditer(line))
        known = [*self.context.prologue, *before]
        found: dict[str, str] = {}
        for name in names:
            if name in inner or name in _WORDS or name in _OWN:
                continue
            pattern = re.compile(_DECLARATION.format(name=name))
            matches = [m for line in known for m in pattern.finditer(line) if m[1] in _WORDS]
            types = {f"{m[1]} *" if "*" in m[2] else m[1] for m in matches}
            if len(types) != 1:
                return None
            found[name] = types.pop()
        return found or None


def _is_number(*codes: str) -> bool:
    return all(code.isdigit() for code in codes)


def _is_one(lines: Sequence[str], indent: str) -> bool:
    """Tell whether lines are one loop: nothing else stands as far out as its head and its end."""
    return lines[-1] == f"{indent}}}" and all(
        line.startswith(f"{indent}    ") for line in lines[1:-1]
    )
