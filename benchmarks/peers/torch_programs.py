"""The workloads in PyTorch, in the subset that `torch.jit.script` takes."""

# No postponed annotations here: torch.jit reads the objects.

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name


class Cell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        new_h = torch.tanh(self.linear(x) + h)
        return new_h, new_h


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x
        return -x


class GatedCell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        new_h = torch.tanh(self.gate(self.linear(x)) + h)
        return new_h, new_h


class RecurrentLoop(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.input_weight = nn.Parameter(torch.empty(size, size))
        self.hidden_weight = nn.Parameter(torch.empty(size, size))
        self.bias = nn.Parameter(torch.empty(size))

    def forward(self, xs: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        out: list[Tensor] = []
        for t in range(xs.shape[0]):
            h = torch.tanh(xs[t] @ self.input_weight + h @ self.hidden_weight + self.bias)
            out.append(h)
        return torch.stack(out), h


class Gelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)
        return 0.5 * x * (1.0 + torch.tanh(inner))


class LayerNormSoftmax(nn.Module):
    def forward(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return F.softmax(F.layer_norm(x, [x.shape[-1]], weight, bias), dim=-1)


def perceptron() -> nn.Module:
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )


class Mandelbrot(nn.Module):
    def forward(self, width: int, height: int, limit: int) -> Tensor:
        counts = torch.zeros([height, width], dtype=torch.int64)
        for row in range(height):
            for column in range(width):
                a = -2.0 + 2.5 * column / width
                b = -1.25 + 2.5 * row / height
                x = 0.0
                y = 0.0
                n = 0
                while n < limit and x * x + y * y <= 4.0:
                    x, y = x * x - y * y + a, 2.0 * x * y + b
                    n += 1
                counts[row, column] = n
        return counts


class Collatz(nn.Module):
    def forward(self, limit: int) -> tuple[int, int]:
        best = 0
        longest = 0
        for start in range(1, limit):
            n = start
            steps = 0
            while n != 1:
                n = n // 2 if n % 2 == 0 else 3 * n + 1
                steps += 1
            if steps > longest:
                best = start
                longest = steps
        return best, longest


class Levenshtein(nn.Module):
    def forward(self, a: list[int], b: list[int]) -> int:
        table = [[0 for _ in range(len(b) + 1)] for _ in range(len(a) + 1)]
        for i in range(len(a) + 1):
            table[i][0] = i
        for j in range(len(b) + 1):
            table[0][j] = j
        for i in range(1, len(a) + 1):
            for j in range(1, len(b) + 1):
                change = table[i - 1][j - 1] + (0 if a[i - 1] == b[j - 1] else 1)
                table[i][j] = min([table[i - 1][j] + 1, table[i][j - 1] + 1, change])
        return table[len(a)][len(b)]


class Viterbi(nn.Module):
    def forward(
        self, start: Tensor, transitions: Tensor, emissions: Tensor
    ) -> tuple[Tensor, Tensor]:
        steps = emissions.shape[0]
        before = torch.zeros_like(emissions, dtype=torch.int64)
        score = start + emissions[0]
        for t in range(1, steps):
            best, places = (score[:, None] + transitions).max(dim=0)
            before[t] = places
            score = best + emissions[t]
        path = torch.zeros([steps], dtype=torch.int64)
        path[steps - 1] = score.argmax()
        for t in range(steps - 1, 0, -1):
            path[t - 1] = before[t, path[t]]
        return path, score.max()


class Attention(nn.Module):
    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries_keys_values = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)

    def forward(self, x: Tensor) -> Tensor:
        steps, size = x.shape[0], x.shape[1]
        projected = self.queries_keys_values(x)
        split = projected.reshape(steps, 3, self.heads, size // self.heads).permute(1, 2, 0, 3)
        q, k, v = split[0], split[1], split[2]
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(0, 1).reshape(steps, size))

    @torch.jit.export
    def step(self, x: Tensor, keys: Tensor, values: Tensor, position: int) -> Tensor:
        size = x.shape[0]
        width = size // self.heads
        projected = self.queries_keys_values(x)
        q = projected[:size].reshape(self.heads, 1, width)
        keys[:, position] = projected[size : 2 * size].reshape(self.heads, width)
        values[:, position] = projected[2 * size :].reshape(self.heads, width)
        seen = keys[:, : position + 1]
        weights = torch.softmax(q @ seen.transpose(1, 2) / math.sqrt(width), -1)
        mixed = (weights @ values[:, : position + 1]).reshape(size)
        return self.out(mixed)


class Block(nn.Module):
    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.first_norm = nn.LayerNorm(size)
        self.attention = Attention(size, heads)
        self.second_norm = nn.LayerNorm(size)
        self.up = nn.Linear(size, 4 * size)
        self.gelu = nn.GELU("tanh")
        self.down = nn.Linear(4 * size, size)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.first_norm(x))
        return x + self.down(self.gelu(self.up(self.second_norm(x))))

    @torch.jit.export
    def step(self, x: Tensor, keys: Tensor, values: Tensor, position: int) -> Tensor:
        x = x + self.attention.step(self.first_norm(x), keys, values, position)
        return x + self.down(self.gelu(self.up(self.second_norm(x))))


class LanguageModel(nn.Module):
    def __init__(self, tokens: int, size: int, heads: int, layers: int, longest: int) -> None:
        super().__init__()
        self.size = size
        self.heads = heads
        self.embedding = nn.Embedding(tokens, size)
        self.positions = nn.Embedding(longest, size)
        self.blocks = nn.ModuleList([Block(size, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(size)
        self.head = nn.Linear(size, tokens, bias=False)

    def logits(self, text: Tensor) -> Tensor:
        x = self.embedding(text) + self.positions(torch.arange(text.shape[0]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[-1]))

    def forward(self, first: int, count: int) -> Tensor:
        text = torch.zeros([count + 1], dtype=torch.int64)
        text[0] = first
        for i in range(count):
            text[i + 1] = self.logits(text[: i + 1]).argmax()
        return text


class CachingLanguageModel(LanguageModel):
    def forward(self, first: int, count: int) -> Tensor:
        text = torch.zeros([count + 1], dtype=torch.int64)
        text[0] = first
        shape = [len(self.blocks), self.heads, count, self.size // self.heads]
        keys = torch.zeros(shape)
        values = torch.zeros(shape)
        for i in range(count):
            x = self.embedding.weight[text[i]] + self.positions.weight[i]
            for n, block in enumerate(self.blocks):
                x = block.step(x, keys[n], values[n], i)
            text[i + 1] = self.head(self.norm(x)).argmax()
        return text


class ConvNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 128, 3, padding=1),
            nn.BatchNorm2d(128),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean(dim=(2, 3)))


class BasicBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layers = nn.Sequential(
            BasicBlock(64, 64, 1),
            BasicBlock(64, 64, 1),
            BasicBlock(64, 128, 2),
            BasicBlock(128, 128, 1),
            BasicBlock(128, 256, 2),
            BasicBlock(256, 256, 1),
            BasicBlock(256, 512, 2),
            BasicBlock(512, 512, 1),
        )
        self.fc = nn.Linear(512, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(self.layers(x).mean(dim=(2, 3)))


_MAKERS: dict[str, Callable[[], nn.Module]] = {
    "my_cell": Cell,
    "decision_gate": Gate,
    "gate_in_cell": GatedCell,
    "rnn_loop_1": lambda: RecurrentLoop(128),
    "rnn_loop_32": lambda: RecurrentLoop(128),
    "gelu_1e6": Gelu,
    "gelu_1.6e7": Gelu,
    "layernorm_softmax": LayerNormSoftmax,
    "mlp_1": perceptron,
    "mlp_64": perceptron,
    "mlp_1024": perceptron,
    "mandelbrot": Mandelbrot,
    "collatz": Collatz,
    "levenshtein": Levenshtein,
    "viterbi": Viterbi,
    "transformer_block": lambda: Block(256, 8),
    "greedy_decode": lambda: LanguageModel(256, 128, 4, 4, 64),
    "greedy_decode_cached": lambda: CachingLanguageModel(256, 128, 4, 4, 64),
    "convnet": ConvNet,
    "resnet18": ResNet18,
}


def make(name: str, program: Any) -> nn.Module:
    """Return the workload `name` with the parameters of our program."""
    model = _MAKERS[name]()
    if model.state_dict():
        state = {key: torch.from_numpy(value.copy()) for key, value in program.state_dict().items()}
        model.load_state_dict(state)
    return model.eval()
