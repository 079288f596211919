"""Filter banks, spectra and filters."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def hz_to_mel(hz):
    return 2595.0 * np.log10(1.0 + hz / 700.0)


def mel_to_hz(mel):
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


def mel_filterbank(bands: int, size: int, rate: int) -> Floats:
    points = mel_to_hz(np.linspace(hz_to_mel(0.0), hz_to_mel(rate / 2), bands + 2))
    bins = np.floor((size + 1) * points / rate).astype(int)
    bank = np.zeros((bands, size // 2 + 1))
    for m in range(1, bands + 1):
        left, center, right = bins[m - 1], bins[m], bins[m + 1]
        for k in range(left, center):
            bank[m - 1, k] = (k - left) / (center - left)
        for k in range(center, right):
            bank[m - 1, k] = (right - k) / (right - center)
    return bank


def dct_matrix(count: int, size: int) -> Floats:
    n = np.arange(size)
    k = np.arange(count).reshape(-1, 1)
    matrix = np.cos(np.pi * k * (2 * n + 1) / (2 * size)) * np.sqrt(2.0 / size)
    matrix[0] /= np.sqrt(2.0)
    return matrix


def mfcc(signal: Floats, rate: int = 8000, size: int = 64, step: int = 32, count: int = 6) -> Floats:
    emphasized = np.append(signal[0], signal[1:] - 0.97 * signal[:-1])
    frames = 1 + (len(emphasized) - size) // step
    index = np.arange(size)[None, :] + step * np.arange(frames)[:, None]
    windowed = emphasized[index] * np.hamming(size)
    angle = -2j * np.pi * np.outer(np.arange(size), np.arange(size // 2 + 1)) / size
    power = np.abs(windowed @ np.exp(angle)) ** 2 / size
    energies = power @ mel_filterbank(12, size, rate).T
    energies = np.where(energies == 0, np.finfo(float).eps, energies)
    return np.log(energies) @ dct_matrix(count, 12).T


def hann(size: int) -> Floats:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / (size - 1))


def frames_of(signal: Floats, size: int = 64, step: int = 32) -> Floats:
    count = 1 + (len(signal) - size) // step
    index = np.arange(size)[None, :] + step * np.arange(count)[:, None]
    return signal[index] * hann(size)


def spectrum(signal: Floats) -> Floats:
    frames = frames_of(signal)
    size = frames.shape[-1]
    angle = -2j * np.pi * np.outer(np.arange(size), np.arange(size // 2 + 1)) / size
    return np.abs(frames @ np.exp(angle)) ** 2 / size


def zero_crossings(signal: Floats) -> int:
    signs = np.sign(signal)
    signs[signs == 0] = 1
    return int(np.sum(np.abs(np.diff(signs)) > 0))


def peaks(x: Floats, height: float | None = None) -> list[int]:
    found = []
    for i in range(1, len(x) - 1):
        if x[i - 1] < x[i] > x[i + 1] and (height is None or x[i] >= height):
            found.append(i)
    return found


def iir(b: list[float], a: list[float], x: Floats) -> Floats:
    """A digital filter in direct form."""
    y = np.zeros_like(x)
    for n in range(len(x)):
        total = 0.0
        for i, coefficient in enumerate(b):
            if n >= i:
                total += coefficient * x[n - i]
        for j in range(1, len(a)):
            if n >= j:
                total -= a[j] * y[n - j]
        y[n] = total / a[0]
    return y
