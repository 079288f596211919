"""The workloads in JAX, jitted: loops over time are scans, loops over numbers `while_loop`s."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn

jax.config.update("jax_enable_x64", True)


def linear(p: Any, name: str, x: Any) -> Any:
    y = x @ p[f"{name}.weight"].T
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def cell(p: Any, x: Any, h: Any) -> Any:
    new_h = jnp.tanh(linear(p, "linear", x) + h)
    return new_h, new_h


def gate(p: Any, x: Any) -> Any:
    del p
    return lax.cond(x.sum() > 0, lambda v: v, lambda v: -v, x)


def gated_cell(p: Any, x: Any, h: Any) -> Any:
    new_h = jnp.tanh(gate(p, linear(p, "linear", x)) + h)
    return new_h, new_h


def recurrent(p: Any, xs: Any, h: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = jnp.tanh(x @ p["input_weight"] + h @ p["hidden_weight"] + p["bias"])
        return h, h

    last, out = lax.scan(step, h, xs)
    return out, last


def gelu(p: Any, x: Any) -> Any:
    del p
    inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)
    return 0.5 * x * (1.0 + jnp.tanh(inner))


def layernorm_softmax(p: Any, x: Any, weight: Any, bias: Any) -> Any:
    del p
    return nn.softmax(layer_norm(x, weight, bias), axis=-1)


def layer_norm(x: Any, weight: Any, bias: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt(variance + 1e-5) * weight + bias


def perceptron(p: Any, x: Any) -> Any:
    return linear(p, "4", nn.relu(linear(p, "2", nn.relu(linear(p, "0", x)))))


def mandelbrot(p: Any, width: int, height: int, limit: int) -> Any:
    del p
    a = (-2.0 + 2.5 * jnp.arange(width) / width)[None, :]
    b = (-1.25 + 2.5 * jnp.arange(height) / height)[:, None]

    def step(_: Any, state: Any) -> Any:
        x, y, n, inside = state
        inside = inside & (x * x + y * y <= 4.0)
        x, y = x * x - y * y + a, 2.0 * x * y + b
        return x, y, n + inside, inside

    zero = jnp.zeros((height, width))
    start = (zero, zero, zero.astype(jnp.int64), zero == 0)
    return lax.fori_loop(0, limit, step, start)[2]


def collatz(p: Any, limit: int) -> Any:
    del p

    def steps_of(start: Any) -> Any:
        def step(state: Any) -> Any:
            n, steps = state
            return jnp.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

        return lax.while_loop(lambda s: s[0] != 1, step, (start, 0))[1]

    def one(start: Any, best: Any) -> Any:
        steps = steps_of(start)
        return lax.cond(steps > best[1], lambda: (start, steps), lambda: best)

    return lax.fori_loop(1, limit, one, (0, 0))


def levenshtein(p: Any, a: Any, b: Any) -> Any:
    del p
    first = jnp.arange(b.shape[0] + 1)

    def row_step(above: Any, ai: Any) -> Any:
        def step(left: Any, x: Any) -> Any:
            corner, up, bj = x
            value = jnp.minimum(jnp.minimum(up, left) + 1, corner + (ai != bj))
            return value, value

        _, rest = lax.scan(step, above[0] + 1, (above[:-1], above[1:], b))
        return jnp.concatenate([above[:1] + 1, rest]), None

    return lax.scan(row_step, first, a)[0][-1]


def viterbi(p: Any, start: Any, transitions: Any, emissions: Any) -> Any:
    del p

    def forwards(score: Any, emission: Any) -> Any:
        candidates = score[:, None] + transitions
        return candidates.max(axis=0) + emission, candidates.argmax(axis=0)

    score, before = lax.scan(forwards, start + emissions[0], emissions[1:])
    last = score.argmax()
    _, path = lax.scan(lambda s, places: (places[s], s), last, before, reverse=True)
    first = before[0][path[0]]
    return jnp.concatenate([first[None], path]), score.max()


def norm(p: Any, name: str, x: Any) -> Any:
    return layer_norm(x, p[f"{name}.weight"], p[f"{name}.bias"])


def block(p: Any, x: Any, heads: int, prefix: str = "") -> Any:
    steps, size = x.shape
    projected = linear(
        p, f"{prefix}attention.queries_keys_values", norm(p, f"{prefix}first_norm", x)
    )
    q, k, v = projected.reshape(steps, 3, heads, size // heads).transpose(1, 2, 0, 3)
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(size // heads)
    weights = nn.softmax(jnp.where(jnp.tri(steps, dtype=bool), scores, -1e9), axis=-1)
    mixed = (weights @ v).transpose(1, 0, 2).reshape(steps, size)
    x = x + linear(p, f"{prefix}attention.out", mixed)
    return x + perceptron_of(p, prefix, x)


def perceptron_of(p: Any, prefix: str, x: Any) -> Any:
    up = linear(p, f"{prefix}up", norm(p, f"{prefix}second_norm", x))
    return linear(p, f"{prefix}down", nn.gelu(up, approximate=True))


def decode(p: Any, first: int, count: int) -> Any:
    """The whole text at each step, at its full length: sizes are fixed in JAX."""

    def step(i: Any, text: Any) -> Any:
        x = p["embedding.weight"][text[:-1]] + p["positions.weight"][:count]
        for n in range(4):
            x = block(p, x, 4, f"blocks.{n}.")
        logits = linear(p, "head", norm(p, "norm", x[i]))
        return text.at[i + 1].set(logits.argmax())

    text = jnp.zeros(count + 1, jnp.int64).at[0].set(first)
    return lax.fori_loop(0, count, step, text)


def decode_cached(p: Any, first: int, count: int) -> Any:
    heads, width = 4, 32

    def step(i: Any, state: Any) -> Any:
        text, keys, values = state
        x = p["embedding.weight"][text[i]] + p["positions.weight"][i]
        for n in range(4):
            prefix = f"blocks.{n}."
            normed = norm(p, f"{prefix}first_norm", x)
            projected = linear(p, f"{prefix}attention.queries_keys_values", normed)
            q, k, v = projected.reshape(3, heads, width)
            keys = keys.at[n, :, i].set(k)
            values = values.at[n, :, i].set(v)
            scores = jnp.einsum("hw,htw->ht", q, keys[n]) / math.sqrt(width)
            scores = jnp.where(jnp.arange(count) <= i, scores, -1e9)
            mixed = jnp.einsum("ht,htw->hw", nn.softmax(scores, axis=-1), values[n]).reshape(-1)
            x = x + linear(p, f"{prefix}attention.out", mixed)
            x = x + perceptron_of(p, prefix, x)
        text = text.at[i + 1].set(linear(p, "head", norm(p, "norm", x)).argmax())
        return text, keys, values

    text = jnp.zeros(count + 1, jnp.int64).at[0].set(first)
    cache = jnp.zeros((4, heads, count, width), jnp.float32)
    return lax.fori_loop(0, count, step, (text, cache, cache))[0]


def convolve(p: Any, name: str, x: Any, stride: int = 1, padding: int = 1) -> Any:
    weight = p[f"{name}.weight"]
    y = lax.conv_general_dilated(x, weight, (stride, stride), [(padding, padding)] * 2)
    return y + p[f"{name}.bias"][:, None, None] if f"{name}.bias" in p else y


def batch_norm(p: Any, name: str, x: Any) -> Any:
    scale = p[f"{name}.weight"] / jnp.sqrt(p[f"{name}.running_var"] + 1e-5)
    shift = p[f"{name}.bias"] - p[f"{name}.running_mean"] * scale
    return x * scale[:, None, None] + shift[:, None, None]


def pool(x: Any, size: int, padding: int = 0) -> Any:
    pads = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, size, size), (1, 1, 2, 2), pads)


def convnet(p: Any, x: Any) -> Any:
    for conv, last in (0, False), (4, False), (8, True):
        x = nn.relu(batch_norm(p, f"features.{conv + 1}", convolve(p, f"features.{conv}", x)))
        x = x if last else pool(x, 2)
    return linear(p, "classifier", x.mean(axis=(2, 3)))


def resnet18(p: Any, x: Any) -> Any:
    x = pool(nn.relu(batch_norm(p, "bn1", convolve(p, "conv1", x, 2, 3))), 3, 1)
    for n in range(8):
        name = f"layers.{n}"
        short = x
        stride = 1
        if f"{name}.shortcut.0.weight" in p:
            stride = 2
            short = batch_norm(p, f"{name}.shortcut.1", convolve(p, f"{name}.shortcut.0", x, 2, 0))
        y = nn.relu(batch_norm(p, f"{name}.bn1", convolve(p, f"{name}.conv1", x, stride)))
        x = nn.relu(batch_norm(p, f"{name}.bn2", convolve(p, f"{name}.conv2", y)) + short)
    return linear(p, "fc", x.mean(axis=(2, 3)))


def _jitted(function: Any, static: tuple[int, ...] = ()) -> Callable[[Any, tuple[Any, ...]], Any]:
    """Return what makes a jitted function, with the parameters as constants of it."""

    def make(program: Any, inputs: tuple[Any, ...]) -> Any:
        state = program.state_dict() if hasattr(program, "state_dict") else {}
        parameters = {name: jnp.asarray(value) for name, value in state.items()}
        compiled = jax.jit(partial(function, parameters), static_argnums=static)

        def run(*values: Any) -> Any:
            return jax.block_until_ready(compiled(*values))

        converted = (v if isinstance(v, int) else jnp.asarray(np.asarray(v)) for v in inputs)
        return run, tuple(converted)

    return make


MAKERS = {
    "my_cell": _jitted(cell),
    "decision_gate": _jitted(gate),
    "gate_in_cell": _jitted(gated_cell),
    "rnn_loop_1": _jitted(recurrent),
    "rnn_loop_32": _jitted(recurrent),
    "gelu_1e6": _jitted(gelu),
    "gelu_1.6e7": _jitted(gelu),
    "layernorm_softmax": _jitted(layernorm_softmax),
    "mlp_1": _jitted(perceptron),
    "mlp_64": _jitted(perceptron),
    "mlp_1024": _jitted(perceptron),
    "mandelbrot": _jitted(mandelbrot, (0, 1, 2)),
    "collatz": _jitted(collatz, (0,)),
    "levenshtein": _jitted(levenshtein),
    "viterbi": _jitted(viterbi),
    "transformer_block": _jitted(partial(block, heads=8)),
    "greedy_decode": _jitted(decode, (1,)),
    "greedy_decode_cached": _jitted(decode_cached, (1,)),
    "convnet": _jitted(convnet),
    "resnet18": _jitted(resnet18),
}
