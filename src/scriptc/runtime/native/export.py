"""A program as a C project: it needs a C compiler to be built, and no Python to run.

    model.c          the program, and how weights and state are held
    model.h          what a C or C++ program calls
    scriptc.h        what it builds on; scriptc_kernels.h: loops that all programs share
    model.weights    the weights, which the program maps into memory (not with `embed`)
    main.c           runs the example
    CMakeLists.txt

The code is that of a native call; the files around it are written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from scriptc.ir.diagnostic import ArgumentError
from scriptc.ir.graph import Instance, Program
from scriptc.runtime.native.abi import (
    C_TYPES,
    DictSlot,
    ListSlot,
    NoneSlot,
    Parameter,
    ScalarSlot,
    Slot,
    TensorSlot,
    TextSlot,
    TupleSlot,
    leaves,
)
from scriptc.runtime.native.compile import NativeSource, attribute, compile_call, slot_of
from scriptc.runtime.native.emitter.function import scalar_literal
from scriptc.runtime.native.emitter.values import Unsupported
from scriptc.runtime.native.toolchain import INCLUDE

_ALIGNMENT = 64
_MAGIC = b"scriptc1"
_INCLUDE = re.compile(r'#include "(scriptc\w*\.h)"\n')
_PER_LINE = 12


def export_c(
    program: Program,
    entry: str,
    root: Instance | None,
    arguments: Sequence[Any],
    name: str,
    *,
    embed: bool = False,
) -> dict[str, bytes]:
    """Return the files of a C project by their names.

    `arguments` are an example of what it is called with: they decide dtypes and ranks; sizes stay
    open. Raises `Unsupported` where the program has no native form, and `ArgumentError` for
    arguments that C cannot take.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ArgumentError(f"{name!r} cannot be the name of a C function; use letters and digits")
    slots = []
    for value in arguments:
        slot = slot_of(value)
        if slot is None:
            kind = type(value).__qualname__
            raise ArgumentError(f"C takes arrays, numbers, and tuples and lists of them, no {kind}")
        slots.append(_open(slot))
    source = compile_call(program, entry, slots, root, f"{name}_entry")
    return _Project(source, root, arguments, name, embed=embed).files()


def _open(slot: Slot) -> Slot:
    """Return a slot that takes any sizes and strides."""
    match slot:
        case TensorSlot():
            return replace(slot, sizes=(None,) * slot.rank, contiguous=False)
        case TupleSlot(elements):
            return replace(slot, elements=tuple(map(_open, elements)))
    return slot


@dataclass
class _Held:
    """Something that the program holds: a weight, a constant, or a part of its state."""

    label: str
    slot: TensorSlot | ScalarSlot
    value: Any
    offset: int = 0


@dataclass
class _Argument:
    """One leaf of the arguments: its C name, its slot, and the example."""

    name: str
    slot: ScalarSlot | TensorSlot | ListSlot
    value: Any


@dataclass
class _Project:
    source: NativeSource
    root: Instance | None
    examples: Sequence[Any]
    name: str
    embed: bool
    weights: list[_Held] = field(default_factory=list)
    state: list[_Held] = field(default_factory=list)
    inputs: list[_Argument] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        entry = self.source.entry
        examples = iter(self.examples)
        constants = iter(self.source.constants)
        assigned = {path: i for i, (path, _) in enumerate(entry.assigned)}
        states: dict[int, _Held] = {}
        for path, watched in entry.watched:
            if watched is None and path in assigned:
                changed = ".".join(path)
                raise Unsupported(f"the first call finds another kind of value in {changed}")
        for parameter in entry.parameters:
            if not parameter.path and not parameter.constant:
                self._take(_c_name(parameter.name), parameter.slot, next(examples))
                continue
            value = attribute(self.root, parameter.path) if parameter.path else next(constants)
            self._hold(parameter, value, assigned.get(parameter.path), states)
        for i, (path, slot) in enumerate(entry.assigned):
            if i not in states:  # assigned and never read
                held = _held("state", slot, attribute(self.root, path))
                states[i] = held
        self.state = [states[i] for i in range(len(entry.assigned))]
        offset = _ALIGNMENT
        for held in (*self.weights, *self.state):
            if isinstance(held.slot, TensorSlot):
                held.offset = offset
                offset += -(-held.value.nbytes // _ALIGNMENT) * _ALIGNMENT
        self.size = offset

    def _take(self, name: str, slot: Slot, value: Any) -> None:
        match slot:
            case DictSlot(elements, keys):
                for i, (key, element) in enumerate(zip(keys, elements, strict=True)):
                    part = key if key.isidentifier() else i
                    self._take(f"{name}_{part}", element, value[key])
            case TupleSlot(elements):
                for i, (element, part) in enumerate(zip(elements, value, strict=True)):
                    self._take(f"{name}_{i}", element, part)
            case NoneSlot() | TextSlot():
                return
            case _:
                self.inputs.append(_Argument(name, slot, value))
                self.passed.append(name)

    def _hold(
        self, parameter: Parameter, value: Any, state: int | None, states: dict[int, _Held]
    ) -> None:
        if isinstance(parameter.slot, NoneSlot | TextSlot):
            return
        held = _held(".".join(parameter.path) or parameter.name, parameter.slot, value)
        if state is not None:
            states[state] = held
            self.passed.append(self._state(state, held))
        elif isinstance(held.slot, TensorSlot):
            self.passed.append(f"&model->weights[{len(self.weights)}]")
            self.weights.append(held)
        else:
            self.passed.append(scalar_literal(np.dtype(held.slot.dtype).type(value)))

    @staticmethod
    def _state(index: int, held: _Held) -> str:
        return f"&state->s{index}" if isinstance(held.slot, TensorSlot) else f"state->s{index}"

    # --- files ----------------------------------------------------------------------------------

    def files(self) -> dict[str, bytes]:
        name = self.name
        texts = {
            f"{name}.h": self._header(),
            f"{name}.c": self._code(),
            "main.c": self._main(),
            "CMakeLists.txt": _CMAKE.replace("@NAME@", name),
            "scriptc.h": (INCLUDE / "scriptc.h").read_text("utf-8"),
            "scriptc_kernels.h": self._kernels(),
        }
        made = {n: text.encode() for n, text in texts.items()}
        if not self.embed:
            made[f"{name}.weights"] = self._blob()
        return made

    def _kernels(self) -> str:
        """Return the headers of the program as one file, without `scriptc.h`."""
        seen: set[str] = {"scriptc.h"}

        def expand(text: str) -> str:
            def include(match: re.Match[str]) -> str:
                header = match[1]
                body = (INCLUDE / header).read_text("utf-8")
                if header in seen and "#ifndef" in body[:4000]:
                    return ""
                if header == "scriptc.h":
                    return ""
                seen.add(header)
                return expand(body)

            return _INCLUDE.sub(include, text)

        wanted = "".join(m[0] for m in _INCLUDE.finditer(self.source.text))
        return '#include "scriptc.h"\n' + expand(wanted)

    def _blob(self) -> bytes:
        blob = bytearray(self.size)
        blob[: len(_MAGIC)] = _MAGIC
        blob[8:16] = self.size.to_bytes(8, "little")
        for held in (*self.weights, *self.state):
            if isinstance(held.slot, TensorSlot):
                data = _in_order(held.value)
                blob[held.offset : held.offset + len(data)] = data
        return bytes(blob)

    # --- model.h ----------------------------------------------------------------------------------

    def _parameters(self) -> list[str]:
        listed = [f"const {self.name} *model"]
        if self.state:
            listed.append(f"{self.name}_state *state")
        listed.append("sc_workspace *ws")
        for argument in self.inputs:
            if isinstance(argument.slot, ScalarSlot):
                listed.append(f"{C_TYPES[argument.slot.dtype]} {argument.name}")
            else:
                kind = "sc_tensor" if isinstance(argument.slot, TensorSlot) else "sc_list"
                listed.append(f"const {kind} *{argument.name}")
        for i, leaf in enumerate(leaves(self.source.entry.result)):
            listed.append(f"{_result_type(leaf)} *out{i}")
        return listed

    def _header(self) -> str:
        name, entry = self.name, self.source.entry
        state = ""
        if self.state:
            members = "".join(
                f"    {_member_type(held.slot)} s{i}; /* {_comment(held.label)} */\n"
                for i, held in enumerate(self.state)
            )
            state = _STATE_HEADER.replace("@MEMBERS@", members)
        described = [
            f" *   {a.name}: {_describe(a.slot)}\n" for a in self.inputs
        ] + [
            f" *   out{i}: {_describe(leaf)}\n" for i, leaf in enumerate(leaves(entry.result))
        ]  # fmt: skip
        return (
            _HEADER.replace("@STATE@", state)
            .replace("@DESCRIBED@", "".join(described))
            .replace("@PARAMETERS@", ",\n    ".join(self._parameters()))
            .replace("@FILE@", "NULL" if self.embed else f'"{name}.weights"')
            .replace("@FUNCTION@", _comment(entry.function))
            .replace("@GUARD@", f"{name.upper()}_H")
            .replace("@NAME@", name)
        )

    # --- model.c ----------------------------------------------------------------------------------

    def _code(self) -> str:
        name, entry = self.name, self.source.entry
        body = _INCLUDE.sub("", self.source.text)
        tensors = [h for h in self.weights if isinstance(h.slot, TensorSlot)]
        return "\n".join(
            [
                "#define _POSIX_C_SOURCE 200809L",
                "#if defined(__GNUC__) /* without -fopenmp-simd */",
                '#pragma GCC diagnostic ignored "-Wunknown-pragmas"',
                "#endif",
                "#pragma STDC FP_CONTRACT OFF",
                f'#include "{name}.h"',
                '#include "scriptc_kernels.h"',
                _MAPPING if not self.embed else "",
                body,
                f"struct {name} {{",
                f"    sc_tensor weights[{len(tensors) + 1}];",
                f"    void *packs[{entry.packs + 1}];",
                "    void *mapped;",
                "    size_t size;",
                "};",
                "",
                *self._embedded(),
                *self._open_function(),
                *self._close_function(),
                *self._state_functions(),
                *self._run_function(),
                *self._message_function(),
            ]
        )

    def _embedded(self) -> Iterator[str]:
        if not self.embed:
            return
        blob = self._blob()
        words = np.frombuffer(blob, "<u4")
        yield f"static const _Alignas(64) uint32_t embedded[{len(words)}] = {{"
        for i in range(0, len(words), _PER_LINE):
            yield "    " + ", ".join(f"0x{w:x}u" for w in words[i : i + _PER_LINE]) + ","
        yield "};"

    def _open_function(self) -> Iterator[str]:
        name, entry = self.name, self.source.entry
        yield f"int {name}_open({name} **opened, const char *file) {{"
        yield f"    {name} *model = ({name} *)calloc(1, sizeof *model);"
        yield f"    if (!model) return {name}_no_memory;"
        if self.embed:
            yield "    (void)file;"
            yield "    const char *base = (const char *)embedded;"
        else:
            yield f"    int status = map_weights(file, {self.size}, &model->mapped);"
            yield "    if (status) {"
            yield "        free(model);"
            yield f"        return status == 1 ? {name}_no_file : {name}_bad_file;"
            yield "    }"
            yield f"    model->size = {self.size};"
            yield "    const char *base = (const char *)model->mapped;"
        yield "    (void)base;"
        tensors = [h for h in self.weights if isinstance(h.slot, TensorSlot)]
        for i, held in enumerate(tensors):
            yield f"    /* {_comment(held.label)} */"
            yield from self._describe_tensor(f"model->weights[{i}]", held)
        if entry.packs:
            constants = [
                f"&model->weights[{i}]"
                for i, h in enumerate(tensors)
                if any(h.value is c for c in self.source.constants)
            ]
            yield f"    if ({entry.symbol}_pack({', '.join(['model->packs', *constants])})) {{"
            yield f"        {name}_close(model);"
            yield f"        return {name}_no_memory;"
            yield "    }"
        yield "    *opened = model;"
        yield "    return 0;"
        yield "}"
        yield ""

    @staticmethod
    def _describe_tensor(target: str, held: _Held) -> Iterator[str]:
        yield f"    {target}.data = (void *)(base + {held.offset});"
        for axis, size in enumerate(held.value.shape):
            yield f"    {target}.shape[{axis}] = {size};"
            stride = held.value.strides[axis] // held.value.itemsize
            yield f"    {target}.strides[{axis}] = {stride};"

    def _close_function(self) -> Iterator[str]:
        yield f"void {self.name}_close({self.name} *model) {{"
        yield "    if (!model) return;"
        if self.source.entry.packs:
            yield f"    for (int i = 0; i < {self.source.entry.packs}; i++) free(model->packs[i]);"
        if not self.embed:
            yield "    unmap_weights(model->mapped, model->size);"
        yield "    free(model);"
        yield "}"
        yield ""

    def _state_functions(self) -> Iterator[str]:
        if not self.state:
            return
        name = self.name
        yield _COPY
        yield f"int {name}_state_open(const {name} *model, {name}_state *state) {{"
        yield "    memset(state, 0, sizeof *state);"
        base = "embedded" if self.embed else "model->mapped"
        yield "    (void)model;"
        yield f"    const char *base = (const char *){base};"
        yield "    (void)base;"
        for i, held in enumerate(self.state):
            if isinstance(held.slot, TensorSlot):
                yield "    {"
                yield "        sc_tensor first;"
                yield "        memset(&first, 0, sizeof first);"
                yield from ("    " + line for line in self._describe_tensor("first", held))
                yield (
                    f"        if (keep(&state->s{i}, &first, {held.slot.rank}, "
                    f"sizeof({C_TYPES[held.slot.dtype]}))) {{"
                )
                yield f"            {name}_state_close(state);"
                yield f"            return {name}_no_memory;"
                yield "        }"
                yield "    }"
            else:
                literal = scalar_literal(np.dtype(held.slot.dtype).type(held.value))
                yield f"    state->s{i} = {literal};"
        yield "    return 0;"
        yield "}"
        yield ""
        yield f"void {name}_state_close({name}_state *state) {{"
        yield "    (void)state;"
        for i, held in enumerate(self.state):
            if isinstance(held.slot, TensorSlot):
                yield f"    free(state->s{i}.allocation);"
                yield f"    state->s{i}.allocation = NULL;"
        yield "}"
        yield ""

    def _run_function(self) -> Iterator[str]:
        name, entry = self.name, self.source.entry
        yield f"int {name}_run({', '.join(self._parameters())}) {{"
        yield "    (void)model;"
        results = [*leaves(entry.result)]
        yield from self._before_run(results)
        outputs = [f"out{i}" for i in range(len(results))]
        for i, held in enumerate(self.state):
            yield f"    {_member_type(held.slot)} new{i};"
            yield f"    memset(&new{i}, 0, sizeof new{i});"
            if isinstance(held.slot, TensorSlot):
                yield f"    new{i}.source = -1;"
            outputs.append(f"&new{i}")
        packs = ["model->packs"] if entry.packs else []
        call = ", ".join(["ws", *self.passed, *outputs, *packs])
        yield "    ws->message[0] = 0;"
        yield f"    int status = {entry.symbol}({call});"
        yield "    sc_workspace_reset(ws);"
        yield from self._new_state(outputs)
        for i, leaf in enumerate(results):
            if isinstance(leaf, TensorSlot | ListSlot):
                member = "allocation" if isinstance(leaf, TensorSlot) else "data"
                yield "    if (status) {"
                yield f"        free(out{i}->{member});"
                yield f"        out{i}->{member} = NULL;"
                yield "    }"
        for i, leaf in enumerate(results):
            if isinstance(leaf, TensorSlot):
                for k in range(i):
                    if isinstance(results[k], TensorSlot):
                        yield f"    if (!status && out{i}->source == {-2 - k}) {{"
                        yield f"        *out{i} = *out{k};"
                        yield f"        out{i}->allocation = NULL;"
                        yield f"        out{i}->source = {-2 - k};"
                        yield "    }"
        yield "    return status;"
        yield "}"
        yield ""

    def _before_run(self, results: Sequence[ScalarSlot | TensorSlot | ListSlot]) -> Iterator[str]:
        """Yield the lines that empty the results and test the sizes of the arguments."""
        for i, leaf in enumerate(results):
            if isinstance(leaf, TensorSlot | ListSlot):
                yield f"    memset(out{i}, 0, sizeof *out{i});"
            if isinstance(leaf, TensorSlot):
                yield f"    out{i}->source = -1;"
        for argument in self.inputs:
            if isinstance(argument.slot, TensorSlot):
                for axis, size in enumerate(argument.slot.sizes):
                    if size is not None:
                        test = f"{argument.name}->shape[{axis}] != {size}"
                        yield f"    if ({test}) return {self.name}_bad_size;"

    def _new_state(self, outputs: Sequence[str]) -> Iterator[str]:
        results = [*leaves(self.source.entry.result)]
        count = len(results)
        for i, held in enumerate(self.state):
            if not isinstance(held.slot, TensorSlot):
                yield f"    if (!status) state->s{i} = new{i};"
                continue
            rank, item = held.slot.rank, f"sizeof({C_TYPES[held.slot.dtype]})"
            yield f"    if (status) free(new{i}.allocation);"
            for k in range(count + i):
                if k < count and not isinstance(results[k], TensorSlot):
                    continue
                if k >= count and not isinstance(self.state[k - count].slot, TensorSlot):
                    continue
                shared = outputs[k] if k < count else f"&state->s{k - count}"
                yield f"    if (!status && new{i}.source == {-2 - k}) {{"
                yield (
                    f"        new{i} = *{shared};"
                    if shared.startswith("out")
                    else (f"        new{i} = state->s{k - count};")
                )
                yield f"        new{i}.allocation = NULL;"
                yield "    }"
            yield f"    if (!status) status = replace(&state->s{i}, &new{i}, {rank}, {item});"

    def _message_function(self) -> Iterator[str]:
        name = self.name
        yield f"const char *{name}_message(int status) {{"
        yield "    switch (status) {"
        yield '    case 0: return "no error";'
        for code, text in (
            ("NO_MEMORY", "there is no memory left"),
            ("NO_FILE", "the file of the weights cannot be read"),
            ("BAD_FILE", "the file of the weights is not that of this program"),
            ("BAD_SIZE", "an array has another size than the program was written for"),
        ):
            yield f'    case {name}_{code.lower()}: return "{text}";'
        for i, site in enumerate(self.source.entry.sites):
            what = f"{site.exception}: {site.message}" if site.exception else "the program stops"
            what = what.removesuffix(": ")
            if site.location is not None:
                what += f" (line {site.location.line} of {site.location.file.path})"
            yield f"    case {i + 1}: return {_c_string(what)};"
        yield '    default: return "an unknown error";'
        yield "    }"
        yield "}"
        yield ""

    # --- main.c ---------------------------------------------------------------------------------

    def _main(self) -> str:
        name, entry = self.name, self.source.entry
        lines = [f'#include "{name}.h"', "#include <inttypes.h>", ""]
        passed = []
        prepare = []
        for argument in self.inputs:
            slot, label = argument.slot, argument.name
            if isinstance(slot, ScalarSlot):
                passed.append(scalar_literal(np.dtype(slot.dtype).type(argument.value)))
                continue
            value = np.asarray(argument.value)
            dtype = slot.dtype if isinstance(slot, TensorSlot) else slot.element.dtype
            lines += _array_text(f"{label}_data", value, dtype)
            passed.append(f"&{label}")
            if isinstance(slot, ListSlot):
                lines.append(
                    f"static sc_list {label} = {{{label}_data, {value.size}, {value.size}}};"
                )
                continue
            lines.append(f"static sc_tensor {label};")
            prepare.append(f"    {label}.data = {label}_data;")
            for axis, size in enumerate(value.shape):
                stride = int(np.prod(value.shape[axis + 1 :], dtype=np.int64))
                prepare.append(f"    {label}.shape[{axis}] = {size};")
                prepare.append(f"    {label}.strides[{axis}] = {stride};")
        state = ["&state"] if self.state else []
        results = [*leaves(entry.result)]
        outs = [f"&out{i}" for i in range(len(results))]
        call = ", ".join(["model", *state, "&ws", *passed, *outs])
        lines += [
            "",
            *_printers(results),
            "int main(int argc, char **argv) {",
            f"    {name} *model;",
            "    static sc_workspace ws;",
            *(f"    {_result_type(leaf)} out{i};" for i, leaf in enumerate(results)),
            *([f"    {name}_state state;"] if self.state else []),
            *prepare,
            f'    const char *file = argc > 1 ? argv[1] : "{name}.weights";',
            f"    int status = {name}_open(&model, file);",
            "    if (status) {",
            f'        fprintf(stderr, "%s: %s\\n", file, {name}_message(status));',
            "        return 1;",
            "    }",
        ]
        if self.state:
            lines.append(f"    status = {name}_state_open(model, &state);")
            lines.append(f"    if (!status) status = {name}_run({call});")
        else:
            lines.append(f"    status = {name}_run({call});")
        lines += [
            "    if (status) {",
            f'        fprintf(stderr, "%s %s\\n", {name}_message(status), ws.message);',
            "        return 1;",
            "    }",
        ]
        for i, leaf in enumerate(results):
            lines += _print_result(i, leaf)
        for i, leaf in enumerate(results):
            if isinstance(leaf, TensorSlot | ListSlot):
                member = "allocation" if isinstance(leaf, TensorSlot) else "data"
                lines.append(f"    free(out{i}.{member});")
        if self.state:
            lines.append(f"    {name}_state_close(&state);")
        lines += [
            "    sc_workspace_free(&ws);",
            f"    {name}_close(model);",
            "    return 0;",
            "}",
            "",
        ]
        return "\n".join(lines)


def _held(label: str, slot: Slot, value: Any) -> _Held:
    if not isinstance(slot, TensorSlot | ScalarSlot):
        raise ArgumentError(f"C holds arrays and numbers, and `{label}` is neither")
    return _Held(label, slot, value)


def _in_order(array: np.ndarray[Any, Any]) -> bytes:
    """Return the elements as they lie in memory, so that the strides stay true."""
    if array.flags.c_contiguous or array.ndim == 0:
        return array.tobytes()
    if array.flags.f_contiguous:
        return array.tobytes("F")
    raise ArgumentError("a constant that does not lie in one piece of memory cannot be exported")


def _array_text(name: str, value: np.ndarray[Any, Any], dtype: str) -> Iterator[str]:
    flat = value.astype(dtype).ravel()
    yield f"static {C_TYPES[dtype]} {name}[{max(flat.size, 1)}] = {{"
    for i in range(0, max(flat.size, 1), _PER_LINE):
        yield "    " + ", ".join(map(scalar_literal, flat[i : i + _PER_LINE])) + ","
    yield "};"


def _printers(results: Sequence[ScalarSlot | TensorSlot | ListSlot]) -> list[str]:
    """Return the functions that print these results."""
    kinds = set()
    for leaf in results:
        kinds.add(_format(leaf.element.dtype if isinstance(leaf, ListSlot) else leaf.dtype))
        if isinstance(leaf, TensorSlot):
            kinds.add("array")
    return [text for kind, text in _PRINTERS.items() if kind in kinds]


def _print_result(index: int, leaf: ScalarSlot | TensorSlot | ListSlot) -> Iterator[str]:
    if isinstance(leaf, TensorSlot):
        yield f'    print_sizes("out{index}", &out{index}, {leaf.rank});'
        kind = C_TYPES[leaf.dtype]
        yield f"    for (int64_t i = 0, n = count_of(&out{index}, {leaf.rank}); i < n; i++)"
        yield (
            f"        print_{_format(leaf.dtype)}((({kind} *)out{index}.data)"
            f"[place_of(&out{index}, {leaf.rank}, i)]);"
        )
        yield '    printf("\\n");'
    elif isinstance(leaf, ListSlot):
        kind = C_TYPES[leaf.element.dtype]
        yield f'    printf("out{index}:");'
        yield f"    for (int64_t i = 0; i < out{index}.length; i++)"
        yield f"        print_{_format(leaf.element.dtype)}((({kind} *)out{index}.data)[i]);"
        yield '    printf("\\n");'
    else:
        yield f'    printf("out{index}:");'
        yield f"    print_{_format(leaf.dtype)}(out{index});"
        yield '    printf("\\n");'


def _format(dtype: str) -> str:
    return "float" if dtype.startswith("float") else "uint" if dtype == "uint64" else "int"


def _result_type(leaf: ScalarSlot | TensorSlot | ListSlot) -> str:
    if isinstance(leaf, ScalarSlot):
        return C_TYPES[leaf.dtype]
    return "sc_tensor" if isinstance(leaf, TensorSlot) else "sc_list"


def _member_type(slot: TensorSlot | ScalarSlot) -> str:
    return "sc_tensor" if isinstance(slot, TensorSlot) else C_TYPES[slot.dtype]


def _describe(leaf: ScalarSlot | TensorSlot | ListSlot) -> str:
    if isinstance(leaf, TensorSlot):
        sizes = ", ".join("any" if s is None else str(s) for s in leaf.sizes)
        return f"{leaf.dtype} array ({sizes})"
    if isinstance(leaf, ListSlot):
        return f"list of {leaf.element.dtype}"
    return leaf.dtype


def _c_name(name: str) -> str:
    text = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
    return f"x_{text}"


def _comment(text: str) -> str:
    """Return a text that may stand in a comment of C."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text).replace("*/", "* /")


def _c_string(text: str) -> str:
    """Return a C string literal, whatever stands in the text."""
    escaped = "".join(
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()
    )
    return f'"{escaped}"'


_HEADER = """\
/* @NAME@.h: `@FUNCTION@` as C. Written by scriptc.
 *
 *   @NAME@ *model;
 *   sc_workspace ws = {0};                    one for each thread
 *   int status = @NAME@_open(&model, @FILE@);
 *   status = @NAME@_run(model, ..., &ws, ...);
 *
 * A model may be used by any number of threads at once, each with a workspace of its own. A status
 * other than 0 is an error, which @NAME@_message describes; ws.message may say more. Results own
 * their memory: free(out0.allocation). One whose `source` is not negative is, or is a part of, the
 * argument of that number and lives as long as that; one whose `source` is below -1 shares the
 * memory of result -2 - source.
 */
#ifndef @GUARD@
#define @GUARD@

#include "scriptc.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    @NAME@_status_base = 1000000,
    @NAME@_no_memory = 1000001,
    @NAME@_no_file = 1000002,
    @NAME@_bad_file = 1000003,
    @NAME@_bad_size = 1000004
};

typedef struct @NAME@ @NAME@;

/* Opens the model; `file` holds its weights (NULL where they are part of the code). */
int @NAME@_open(@NAME@ **model, const char *file);
void @NAME@_close(@NAME@ *model);
@STATE@
/* Runs the program.
@DESCRIBED@ */
int @NAME@_run(
    @PARAMETERS@);

/* What a status means; the text lives for ever. */
const char *@NAME@_message(int status);

#ifdef __cplusplus
}
#endif
#endif
"""

_STATE_HEADER = """
/* What the model remembers from call to call. The caller has it: one for each stream. */
typedef struct @NAME@_state {
@MEMBERS@} @NAME@_state;

int @NAME@_state_open(const @NAME@ *model, @NAME@_state *state);
void @NAME@_state_close(@NAME@_state *state);
"""

_MAPPING = r"""
#if defined(_WIN32)
static int map_weights(const char *path, size_t size, void **mapped) {
    FILE *f = fopen(path, "rb");
    if (!f) return 1;
    void *data = sc_allocate(size + 1);
    size_t got = data ? fread(data, 1, size + 1, f) : 0;
    fclose(f);
    if (got != size || memcmp(data, "scriptc1", 8)) {
        free(data);
        return 2;
    }
    *mapped = data;
    return 0;
}
static void unmap_weights(void *data, size_t size) { (void)size; free(data); }
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
static int map_weights(const char *path, size_t size, void **mapped) {
    int f = open(path, O_RDONLY);
    if (f < 0) return 1;
    struct stat about;
    if (fstat(f, &about) || (size_t)about.st_size != size) {
        close(f);
        return 2;
    }
    void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, f, 0);
    close(f);
    if (data == MAP_FAILED) return 1;
    if (memcmp(data, "scriptc1", 8)) {
        munmap(data, size);
        return 2;
    }
    *mapped = data;
    return 0;
}
static void unmap_weights(void *data, size_t size) { if (data) munmap(data, size); }
#endif
"""

_COPY = r"""
/* Copies an array into memory of its own, without gaps. */
static int keep(sc_tensor *to, const sc_tensor *from, int rank, size_t item) {
    sc_workspace ws;
    memset(&ws, 0, sizeof ws);
    const size_t bytes = sc_bytes(from->shape, rank, item);
    void *data = sc_allocate(bytes);
    void *flat = rank ? sc_contiguous(&ws, 0, from, rank, item) : from->data;
    if (!data || !flat) {
        free(data);
        sc_workspace_free(&ws);
        return 1;
    }
    if (bytes) memcpy(data, flat, bytes);
    sc_workspace_free(&ws);
    sc_tensor made;
    memset(&made, 0, sizeof made);
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        made.shape[i] = from->shape[i];
        made.strides[i] = stride;
        stride *= from->shape[i];
    }
    made.data = made.allocation = data;
    made.source = -1;
    *to = made;
    return 0;
}

/* Puts a new array in the place of one of the state. */
static int replace(sc_tensor *held, sc_tensor *now, int rank, size_t item) {
    sc_tensor kept = *now;
    if (!now->allocation && keep(&kept, now, rank, item)) return 1000001;
    free(held->allocation);
    *held = kept;
    return 0;
}
"""

_PRINTERS = {
    "array": r"""static int64_t count_of(const sc_tensor *x, int rank) {
    int64_t n = 1;
    for (int i = 0; i < rank; i++) n *= x->shape[i];
    return n;
}
static int64_t place_of(const sc_tensor *x, int rank, int64_t i) {
    int64_t at = 0;
    for (int axis = rank - 1; axis >= 0; axis--) {
        at += i % x->shape[axis] * x->strides[axis];
        i /= x->shape[axis];
    }
    return at;
}
static void print_sizes(const char *name, const sc_tensor *x, int rank) {
    printf("%s (", name);
    for (int i = 0; i < rank; i++) printf(i ? ", %" PRId64 : "%" PRId64, x->shape[i]);
    printf("):");
}
""",
    "float": 'static void print_float(double x) { printf(" %.17g", x); }\n',
    "int": 'static void print_int(int64_t x) { printf(" %" PRId64, x); }\n',
    "uint": 'static void print_uint(uint64_t x) { printf(" %" PRIu64, x); }\n',
}
"""How `main.c` prints results, by what there is to print."""

_CMAKE = """\
cmake_minimum_required(VERSION 3.10)
project(@NAME@ C)
set(CMAKE_C_STANDARD 11)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
option(NATIVE "Use all that the processor of this machine has" ON)
add_library(@NAME@ STATIC @NAME@.c)
target_include_directories(@NAME@ PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
if(NOT MSVC)
  target_compile_options(@NAME@ PRIVATE -O3 -fno-math-errno -fno-trapping-math
    -ffp-contract=off -fno-strict-aliasing -fopenmp-simd)
  if(NATIVE)
    target_compile_options(@NAME@ PRIVATE -march=native)
  endif()
  target_link_libraries(@NAME@ PUBLIC m)
endif()
add_executable(@NAME@_example main.c)
target_link_libraries(@NAME@_example PRIVATE @NAME@)
"""
