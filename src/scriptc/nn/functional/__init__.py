"""The maths of the layers as plain functions on arrays.

Every function is written in the subset that `scriptc.script` compiles.
"""

from scriptc.nn.functional.activation import (
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    tanh,
)
from scriptc.nn.functional.convolution import conv1d, conv2d
from scriptc.nn.functional.dense import embedding, linear
from scriptc.nn.functional.noise import dropout
from scriptc.nn.functional.normalization import (
    batch_moments,
    batch_norm,
    batch_normalize,
    check_channels,
    layer_norm,
    plain_share,
    unbiased_factor,
)
from scriptc.nn.functional.padding import pad1d, pad2d
from scriptc.nn.functional.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from scriptc.nn.functional.recurrent import (
    check_sequence,
    check_state,
    gru,
    gru_cell,
    lstm,
    lstm_cell,
    rnn_relu,
    rnn_relu_cell,
    rnn_tanh,
    rnn_tanh_cell,
)
from scriptc.nn.functional.shapes import flatten
from scriptc.nn.functional.special import erf

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "batch_moments",
    "batch_norm",
    "batch_normalize",
    "check_channels",
    "check_sequence",
    "check_state",
    "conv1d",
    "conv2d",
    "dropout",
    "embedding",
    "erf",
    "flatten",
    "gelu",
    "gru",
    "gru_cell",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "lstm",
    "lstm_cell",
    "max_pool1d",
    "max_pool2d",
    "pad1d",
    "pad2d",
    "plain_share",
    "relu",
    "rnn_relu",
    "rnn_relu_cell",
    "rnn_tanh",
    "rnn_tanh_cell",
    "sigmoid",
    "silu",
    "softmax",
    "tanh",
    "unbiased_factor",
]
