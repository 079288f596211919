"""Networks of convolutions: a small one, and ResNet-18."""

from __future__ import annotations

import numpy as np

from scriptc import nn
from workloads.workload import Workload, normal, seeded


class ConvNet(nn.Module):
    """Three convolutions with batch norm and pooling, and a classifier."""

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

    def forward(self, x: np.ndarray) -> np.ndarray:
        return self.classifier(self.features(x).mean(axis=(2, 3)))


class BasicBlock(nn.Module):
    """Two convolutions, and what came in added to what they give."""

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

    def forward(self, x: np.ndarray) -> np.ndarray:
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet18(nn.Module):
    """The residual network of 18 layers."""

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

    def forward(self, x: np.ndarray) -> np.ndarray:
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(self.layers(x).mean(axis=(2, 3)))


def _multiplications(side: int, outputs: int, inputs: int, kernel: int) -> int:
    """Return those of a convolution that gives images of some side."""
    return side**2 * outputs * inputs * kernel**2


def _stage_multiplications(side: int, outputs: int, inputs: int) -> int:
    """Return those of two blocks of ResNet-18."""
    shortcut = 0 if inputs == outputs else _multiplications(side, outputs, inputs, 1)
    first = _multiplications(side, outputs, inputs, 3)
    return first + 3 * _multiplications(side, outputs, outputs, 3) + shortcut


WORKLOADS = [
    Workload(
        "convnet",
        seeded(ConvNet),
        lambda seed: normal(seed, (1, 3, 64, 64)),
        lambda seed: normal(seed, (2, 3, 12, 12)),
        aim=1.0,
        multiplications=_multiplications(64, 32, 3, 3)
        + _multiplications(32, 64, 32, 3)
        + _multiplications(16, 128, 64, 3)
        + 128 * 10,
    ),
    Workload(
        "resnet18",
        seeded(ResNet18),
        lambda seed: normal(seed, (1, 3, 224, 224)),
        lambda seed: normal(seed, (1, 3, 32, 32)),
        aim=1.0,
        tolerance=1e-4,
        multiplications=_multiplications(112, 64, 3, 7)
        + _stage_multiplications(56, 64, 64)
        + _stage_multiplications(28, 128, 64)
        + _stage_multiplications(14, 256, 128)
        + _stage_multiplications(7, 512, 256)
        + 512 * 1000,
    ),
]
