"""The systems that are compared: each makes of a workload what can be called and timed.

One that is not installed, or that has no form of a workload, raises `Missing`.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from workloads.workload import Workload

Inputs = tuple[Any, ...]


class Missing(Exception):  # noqa: N818 - it is an answer, not a mistake
    """This system has no form of this workload, and why."""


@dataclass
class Prepared:
    """What is timed: `function(*inputs)`. `note` says more about how it runs."""

    function: Callable[..., Any]
    inputs: Inputs
    note: str = ""


def prepare_numpy(workload: Workload, inputs: Inputs) -> Prepared:
    """Eager NumPy: the program itself."""
    return Prepared(workload.make(), inputs)


def prepare_scriptc(workload: Workload, inputs: Inputs) -> Prepared:
    """Our compiler: scripted, and modules frozen."""
    import scriptc

    program = workload.make()
    compiled = scriptc.script(program, backend="auto")
    if not callable(getattr(program, "forward", None)):
        compiled(*inputs)
    else:
        compiled = scriptc.freeze(compiled)
        compiled(*inputs)
    return Prepared(compiled, inputs, "native" if compiled.c_source else "interpreter")


def _torch(workload: Workload, inputs: Inputs) -> tuple[Any, Inputs]:
    _need("torch")
    import torch

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    from peers import torch_programs

    tensors = tuple(torch.from_numpy(v) if isinstance(v, np.ndarray) else v for v in inputs)
    return torch_programs.make(workload.name, workload.make()), tensors


def prepare_torch(workload: Workload, inputs: Inputs) -> Prepared:
    """Eager PyTorch."""
    return Prepared(*_torch(workload, inputs))


def prepare_torch_jit(workload: Workload, inputs: Inputs) -> Prepared:
    """TorchScript, frozen and optimised for inference."""
    model, tensors = _torch(workload, inputs)
    import torch

    compiled = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.script(model)))
    for _ in range(3):
        compiled(*tensors)
    return Prepared(compiled, tensors)


def prepare_torch_compile(workload: Workload, inputs: Inputs) -> Prepared:
    """`torch.compile`, as it comes."""
    model, tensors = _torch(workload, inputs)
    import torch

    if workload.name in ("mandelbrot", "collatz", "levenshtein", "greedy_decode"):
        raise Missing("it unrolls the loops, which takes minutes or has no end")
    compiled = torch.compile(model)
    for _ in range(3):
        compiled(*tensors)
    return Prepared(compiled, tensors)


def prepare_onnxruntime(workload: Workload, inputs: Inputs) -> Prepared:
    """ONNX Runtime, from what PyTorch exports."""
    _need("onnxruntime")
    model, tensors = _torch(workload, inputs)
    import onnxruntime
    import torch

    if not all(isinstance(v, torch.Tensor) for v in tensors):
        raise Missing("takes numbers and lists")
    file = io.BytesIO()
    try:
        scripted = torch.jit.script(model) if _has_control_flow(workload) else model
        torch.onnx.export(scripted, tensors, file, dynamo=False, opset_version=17)
    except Exception as error:
        raise Missing(f"not exported: {type(error).__name__}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, ["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]

    def run(*values: np.ndarray) -> Any:
        return session.run(None, dict(zip(names, values, strict=True)))

    return Prepared(run, inputs)


def _has_control_flow(workload: Workload) -> bool:
    return workload.name.startswith(("decision", "gate", "rnn", "viterbi"))


def _from_module(system: str, module: str) -> Callable[[Workload, Inputs], Prepared]:
    def prepare(workload: Workload, inputs: Inputs) -> Prepared:
        _need(system)
        peers = importlib.import_module(f"peers.{module}")
        maker = peers.MAKERS.get(workload.name)
        if maker is None:
            raise Missing("not written")
        function, converted = maker(workload.make(), inputs)
        function(*converted)
        return Prepared(function, converted)

    return prepare


def _need(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise Missing(f"{module} is not installed")


SYSTEMS: dict[str, Callable[[Workload, Inputs], Prepared]] = {
    "numpy": prepare_numpy,
    "torch": prepare_torch,
    "torch.jit": prepare_torch_jit,
    "torch.compile": prepare_torch_compile,
    "onnxruntime": prepare_onnxruntime,
    "jax": _from_module("jax", "jax_programs"),
    "numba": _from_module("numba", "numba_programs"),
    "C": _from_module("numpy", "c_programs"),
    "scriptc": prepare_scriptc,
}
"""All systems, in the order of the table's columns."""
