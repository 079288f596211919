"""Digits with an early exit: the gradients are right, and the whole road gives eager's answers."""

import re

import numpy as np
import pytest

from scriptc import nn
from support.examples import example


@pytest.mark.parametrize("name", ["conv", "recurrent"])
def test_gradients(name):
    """Each parameter's gradient is the slope of the loss, in a random direction."""
    with example("digits", "models", "training") as [models, training]:
        nn.manual_seed(1)
        model = models.ConvDigits() if name == "conv" else models.RecurrentDigits(hidden_size=6)
        loss = training.conv_loss if name == "conv" else training.recurrent_loss
        for _, module in model.named_modules():
            for key, value in module._parameters.items():
                module._parameters[key] = value.astype(np.float64)
        draw = np.random.default_rng(2)
        images = draw.random((5, 1, 8, 8) if name == "conv" else (5, 8, 8))
        digits = draw.integers(0, 10, 5)
        _, gradients = loss(model, images, digits)
        for parameter in model.parameters():
            direction = draw.normal(size=parameter.shape)
            slope = float((gradients.of[id(parameter)] * direction).sum())
            kept = parameter.copy()
            losses = []
            for step in (1e-6, -1e-6):
                parameter[...] = kept + step * direction
                losses.append(loss(model, images, digits)[0])
            parameter[...] = kept
            assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_training_and_the_module_agree():
    """What is trained is what runs: the same logits by either way."""
    with example("digits", "models", "training") as [models, training]:
        nn.manual_seed(1)
        model = models.ConvDigits(threshold=2.0).eval()
        images = np.random.default_rng(2).random((5, 1, 8, 8)).astype(np.float32)
        gradients = training.Gradients()
        features, _ = training.relu_and_pool(training.conv3x3(model.stem[0], images, gradients)[0])
        assert np.allclose(features, model.stem(images), atol=1e-6)
        cell = models.RecurrentDigits().cell
        h = np.random.default_rng(3).random((5, cell.hidden_size)).astype(np.float32)
        state, _ = training.gru_cell(cell, images[:, 0, 0], h, gradients)
        assert np.allclose(state, cell(images[:, 0, 0], h), atol=1e-6)


def test_the_example(capsys):
    with example("digits", "classify") as [classify]:
        assert classify.main(["--epochs", "8"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("same as eager NumPy on every image: yes") == 2
    right = [float(share) for share in re.findall(r"([\d.]+)% right", printed)]
    assert len(right) == 4
    assert min(right[:3]) >= 93
    assert right[3] >= 75
    early = [int(n) for n in re.findall(r"the early exit told (\d+)", printed)]
    assert len(set(early)) == 1
    assert 0 < early[0] < classify.TEST
    # A batch of one leaves early with its image; a batch of all images has one that is unsure.
    assert [int(n) for n in re.findall(r"and (\d+) of", printed)][::2] == [0, early[0]]
