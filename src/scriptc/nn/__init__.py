"""Modules with parameters, in plain NumPy.

Names and meanings follow `torch.nn`. Everything runs eagerly by itself; every
`forward` here, and every function of `functional`, is also in the subset that
`scriptc.script` compiles.
"""

from scriptc.nn import functional, init
from scriptc.nn.activation import GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Tanh
from scriptc.nn.cells import GRUCell, LSTMCell, RNNCell
from scriptc.nn.containers import ModuleDict, ModuleList, Sequential
from scriptc.nn.convolution import Conv1d, Conv2d
from scriptc.nn.dropout import Dropout
from scriptc.nn.embedding import Embedding
from scriptc.nn.flatten import Flatten
from scriptc.nn.init import manual_seed
from scriptc.nn.linear import Identity, Linear
from scriptc.nn.module import LoadResult, Module, TraceHook, tracing
from scriptc.nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from scriptc.nn.parameter import Buffer, Parameter
from scriptc.nn.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from scriptc.nn.recurrent import GRU, LSTM, RNN

__all__ = [
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "AvgPool1d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "Identity",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LoadResult",
    "LogSoftmax",
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "RNNCell",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "TraceHook",
    "functional",
    "init",
    "manual_seed",
    "tracing",
]
