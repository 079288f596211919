"""Values and arrays come back exactly: bits, layout, sharing."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptc.ir.diagnostic import UnsupportedError
from scriptc.ir.graph import Instance
from scriptc.ir.types import DTYPES
from scriptc.runtime.archive.format import DamagedError, parse_json
from scriptc.runtime.archive.tensors import emit_safetensors, parse_safetensors
from scriptc.runtime.archive.values import ValueReader, ValueWriter


def written(values, root=None):
    text, storages = ValueWriter({}).emit(values, root)
    return text, storages


def round_trip(*values):
    text, storages = written(values)
    reader = ValueReader(parse_json(text.encode()), parse_safetensors(emit_safetensors(storages)))
    return reader.read()[0]


def exact(value):
    """Return a form of a value that tells apart whatever differs."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, complex):
        return exact(value.real), exact(value.imag)
    if isinstance(value, list | tuple):
        return type(value), [exact(part) for part in value]
    if isinstance(value, dict):
        return [(exact(k), exact(v)) for k, v in value.items()]
    if isinstance(value, np.ndarray | np.generic):
        return type(value), value.dtype, value.shape, value.tobytes()
    return type(value), value


plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from([math.nan, -math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7e308]),
    st.integers(0, 2**64 - 1).map(lambda n: struct.unpack("<d", n.to_bytes(8, "little"))[0]),
    st.complex_numbers(),
    st.text(st.characters(codec=None), max_size=8),
    st.sampled_from(["\ud800\udc00", "\udc80", "\0", "\U0010ffff"]),
    st.sampled_from([..., slice(1, None, -2), range(3), range(0, -9, -3), np.dtype("f2"), np.int8]),
)
keys = st.recursive(
    plain.filter(lambda value: not isinstance(value, slice)),
    lambda key: st.lists(key, max_size=3).map(tuple),
    max_leaves=4,
)
values = st.recursive(
    plain,
    lambda v: st.one_of(
        st.lists(v, max_size=4),
        st.lists(v, max_size=4).map(tuple),
        st.dictionaries(keys, v, max_size=4),
    ),
)


@given(values)
def test_python_values_come_back(value):
    (result,) = round_trip(value)
    assert exact(result) == exact(value)


def test_every_dtype_and_shape():
    for name in DTYPES:
        for shape in [(), (1,), (5,), (2, 3), (0,), (2, 0, 3), (1, 2, 1, 2)]:
            array = np.arange(math.prod(shape)).reshape(shape).astype(name)
            if array.dtype.kind in "fc" and array.size:
                array.flat[0] = np.nan
            # Constructed where it is: arithmetic and reshape give scalars for no axes.
            array = np.array(array, ndmin=0)
            (result,) = round_trip(array)
            assert exact(result) == exact(array)
            assert result.flags.writeable
            assert result.flags.aligned
        scalar = np.dtype(name).type(1)
        assert exact(round_trip(scalar)) == exact([scalar])


def layouts():
    base = np.arange(24.0).reshape(2, 3, 4)
    return [
        base.T,
        np.asfortranarray(base),
        base.transpose(1, 0, 2),
        base[::-1],
        base[:, ::-2, ::-1],
        base[..., 1],
        base[:, :1, 1:3],
        base[:0],
        np.broadcast_to(base[0, 0], (3, 4)),
        np.broadcast_to(base[:, :1], (2, 5, 4)),
        np.lib.stride_tricks.sliding_window_view(base[0, 0], 2),
        np.lib.stride_tricks.as_strided(base[0, 0], (2, 2), (8, 8)),
        (base + 1j * base).T,
        np.broadcast_to(np.True_, (3,)),
        base.astype(np.float16)[:, ::-1],
    ]


def test_layouts_come_back_one_by_one():
    for array in layouts():
        (result,) = round_trip(array)
        assert exact(result) == exact(array)
        assert result.flags.writeable == array.flags.writeable
        moves = [s for s, n in zip(array.strides, array.shape, strict=True) if n > 1]
        again = [s for s, n in zip(result.strides, result.shape, strict=True) if n > 1]
        assert list(map(np.sign, again)) == list(map(np.sign, moves))
        assert np.argsort(np.abs(again)).tolist() == np.argsort(np.abs(moves)).tolist()
        assert result.flags.f_contiguous == array.flags.f_contiguous


def test_arrays_that_share_memory_share_it_again():
    base = np.arange(24.0).reshape(4, 6)
    numbers = np.arange(12, dtype=np.int32)
    given_ = [base[:, 1:3], base[2], base.T, base[3:], numbers.view(np.int16)[1:5], numbers[::2]]
    given_ += [numbers.view(np.bool_)[1:2]]
    result = round_trip(*given_)
    for a, x in zip(given_, result, strict=True):
        assert exact(x) == exact(a)
        for b, y in zip(given_, result, strict=True):
            assert np.shares_memory(x, y) == np.shares_memory(a, b)
    for arrays in (given_, result):
        arrays[1][2] = 99
        arrays[5][1] = -1
    for a, x in zip(given_, result, strict=True):
        assert exact(x) == exact(a)


def test_memory_between_shared_arrays_is_not_written():
    base = np.full((4, 64), 123456789.0)
    _, storages = written([base[0, ::32], base[0, 31:34:2]])
    (storage,) = storages.values()
    assert np.count_nonzero(storage) == 4


def test_a_single_view_takes_no_more_room_than_it_needs():
    _, storages = written([np.zeros((1000, 1000))[:, 0], np.broadcast_to(np.ones(()), (1000, 9))])
    assert [storage.nbytes for storage in storages.values()] == [8000, 8]


def test_objects_are_shared():
    inner = [1]
    array = np.arange(3)
    first, second, third = round_trip([inner, inner], {"a": inner, "b": array}, array)
    assert first[0] is first[1] is second["a"]
    assert second["b"] is third


def test_tensors_are_named_by_their_place():
    root = Instance("Net", {"child": Instance("Sub", {"weight": np.ones(2)}), "x": [np.ones(1)]})
    text, storages = ValueWriter({}).emit([np.zeros(3)], root)
    assert list(storages) == ["constants.0", "child.weight", "x.0"]
    assert '"storage": "child.weight"' in text


def test_values_that_no_archive_holds():
    for value in (b"x", {1}, object(), np.dtype(">f4"), np.datetime64(0, "s"), iter([]), print):
        with pytest.raises(UnsupportedError, match=r"cannot hold constants\.0\.1"):
            written([[0, value]])
    for array in (np.zeros(2, ">f4"), np.array(["a"]), np.ma.ones(2), np.zeros(1, np.longdouble)):
        with pytest.raises(UnsupportedError, match=r"cannot hold constants\.0"):
            written([array])


BAD_VALUES = [
    '{"object": 1}', '{"object": -1}', '{"object": "0"}', "[1]", "{}", '{"a": 1, "b": 2}', "2e",
    '{"int": "x"}', '{"int": 5}', '{"float": "x"}', '{"float": "00"}', '{"complex": [1, 2]}',
    '{"complex": [1.0]}', '{"str": [1114112]}', '{"str": [-1]}', '{"str": ["a"]}', '{"str": "a"}',
    '{"slice": [1]}', '{"range": [0, 1, 0]}', '{"range": [0.5, 1, 1]}', '{"dtype": "object"}',
    '{"dtype": "O"}', '{"dtype": ["f4"]}', '{"scalar_type": "str"}', '{"ellipsis": 1}',
    '{"scalar": 1}', '{"tuple": 1}', '{"eval": "1"}', "9223372036854775808", "NaN", "Infinity",
    '{"tuple": ' * 150 + "[]" + "}" * 150, "[" * 100_000, '{"object": 0, "object": 0}',
    '{"scalar": {"storage": "t", "dtype": "float64", "shape": [2]}}', '{"int": "0x' + "f" * 9999,
    '{"int": "0x' + "f" * 9999 + '"}', "1" * 5000,
]  # fmt: skip


def test_bad_values_are_refused():
    storages = parse_safetensors(emit_safetensors({"t": np.arange(2.0)}))
    for bad in BAD_VALUES:
        text = f'{{"objects": [{{"list": [{bad}]}}], "constants": [], "root": null}}'
        with pytest.raises(DamagedError):
            ValueReader(parse_json(text.encode()), storages).read()


BAD_OBJECTS = [
    "1", "{}", '{"list": 1}', '{"list": [], "x": 1}', '{"dict": [[1]]}',
    '{"dict": [[1, 2], [1, 3]]}',
    '{"dict": [[{"object": 0}, 1]]}', '{"instance": 1, "attributes": {}}', '{"instance": "A"}',
    '{"instance": "A", "attributes": {"__class__": 1}}',
    '{"instance": "A", "attributes": {"a b": 1}}',
    '{"instance": "A", "attributes": {"scriptc_class": "B"}}', '{"tensor": 1}', '{"tensor": {}}',
    '{"instance": "A", "attributes": {}, "repr": 1}', '{"list": [{"object": 0}]}',
    '{"dict": [[1, {"tuple": [{"object": 0}]}]]}',
]  # fmt: skip


def test_bad_objects_are_refused():
    for bad in BAD_OBJECTS:
        text = f'{{"objects": [{bad}], "constants": [], "root": null}}'
        with pytest.raises(DamagedError):
            ValueReader(parse_json(text.encode()), {}).read()


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [9]}, {"shape": [-1]}, {"shape": [2.0]}, {"shape": "22"}, {"shape": [1] * 70},
        {"shape": [2**62, 2**62]}, {"shape": [2**63]}, {"strides": [16]}, {"strides": [-8]},
        {"strides": [8, 8]}, {"offset": 8}, {"offset": -8}, {"offset": True}, {"dtype": "object"},
        {"dtype": "complex128"}, {"storage": "u"}, {"storage": 1}, {"more": 1}, {"writable": 2},
        {"shape": [2**62, 0], "strides": [0, 2**62], "offset": 17}, {"dtype": "bool"},
    ],
)  # fmt: skip
def test_bad_layouts_are_refused(change):
    storages = parse_safetensors(emit_safetensors({"t": np.full(2, 7.1)}))
    layout = {"storage": "t", "dtype": "float64", "shape": [2]}
    content = {"objects": [{"tensor": layout}], "constants": [{"object": 0}], "root": None}
    assert ValueReader(content, storages).read()[0][0].tolist() == [7.1, 7.1]
    layout.update(change)
    with pytest.raises(DamagedError):
        ValueReader(content, storages).read()


def test_lists_that_unfold_without_end_are_refused_at_once():
    lines = [{"list": [{"object": i + 1}] * 2} for i in range(60)] + [{"list": [1]}]
    content = {"objects": lines, "constants": [], "root": None}
    with pytest.raises(DamagedError, match="too large"):
        ValueReader(content, {}).read()
    lines = [{"list": [{"object": i + 1}]} for i in range(500)] + [{"list": [1]}]
    with pytest.raises(DamagedError, match="nested"):
        ValueReader({**content, "objects": lines}, {}).read()
    huge = {"storage": "t", "dtype": "bool", "shape": [2**30, 2**30], "strides": [0, 0]}
    storages = parse_safetensors(emit_safetensors({"t": np.array([True])}))
    (array,), _ = ValueReader(
        {"objects": [{"tensor": huge}], "constants": [{"object": 0}], "root": None}, storages
    ).read()
    assert array.shape == (2**30, 2**30)
