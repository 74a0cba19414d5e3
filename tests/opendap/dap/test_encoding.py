"""Random hyperslabs by DAP2 and DAP4 against numpy, by decoders of the tests' own; blocks; what goes wrong midway."""

from __future__ import annotations

import itertools
import struct
import zlib
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import netCDF4
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap import dap2_data, dap4_data, dataset
from gdc_jupyter.opendap.dap.answers import KINDS, Request
from gdc_jupyter.opendap.dap.dap2 import view_of
from gdc_jupyter.opendap.dap.dap2_constraint import constrained
from gdc_jupyter.opendap.dap.dap4 import Wanted, dmr
from gdc_jupyter.opendap.dap.dap4_constraint import constrained as constrained4
from gdc_jupyter.opendap.dap.dataset import Dataset, Dimension, Group, Variable, blocks, count, taken
from gdc_jupyter.opendap.dap.kept_values import KeptValues
from gdc_jupyter.opendap.dap.netcdf_granule import open_netcdf

WIRE = {
    "i1": ">i4",
    "u1": ">u1",
    "i2": ">i4",
    "u2": ">u4",
    "i4": ">i4",
    "u4": ">u4",
    "i8": ">f8",
    "f4": ">f4",
    "f8": ">f8",
}
SHAPES = st.lists(st.integers(1, 9), min_size=1, max_size=4)


@st.composite
def arrays(draw):
    """An array of any type, and a slab of it."""
    shape = tuple(draw(SHAPES))
    kind = draw(st.sampled_from(sorted(WIRE)))
    values = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 100, shape).astype(kind)
    slab = []
    for size in shape:
        first = draw(st.integers(0, size - 1))
        last = draw(st.integers(first, size - 1))
        slab.append((first, draw(st.integers(1, 4)), last))
    return values, slab


def of(values, name="v"):
    """Return a dataset with one variable."""
    names = [f"d{axis}" for axis in range(values.ndim)]
    paths = tuple(f"/{each}" for each in names)
    variable = Variable(name, values.dtype, paths, values.shape, {}, lambda slab: taken(values, slab))
    dimensions = tuple(map(Dimension, names, values.shape))
    return Dataset("x", Group("", dimensions, (variable,)))


def text_of(slab):
    return "".join(f"[{first}:{step}:{last}]" for first, step, last in slab)


def slices_of(slab):
    return tuple(slice(first, last + 1, step) for first, step, last in slab)


def chunks_of(content):
    """Yield the flags and the content of each chunk."""
    while content:
        (head,) = struct.unpack(">I", content[:4])
        size = head & 0xFFFFFF
        yield head >> 24, content[4 : 4 + size]
        content = content[4 + size :]


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(dataset, "BLOCK_BYTES", 64)
    monkeypatch.setattr(dataset, "LARGEST_BLOCK_BYTES", 256)


@settings(max_examples=150, deadline=None)
@given(arrays(), st.sampled_from([64, 1 << 20]))
def test_random_hyperslabs_by_dap2(chosen, block_bytes):
    values, slab = chosen
    expected = values[slices_of(slab)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "BLOCK_BYTES", block_bytes)
        declared = constrained(view_of(of(values)), f"v{text_of(slab)}")
        answer = b"".join(dap2_data.dods("x", declared))
        assert dap2_data.length("x", declared) == len(answer)
    head, _, data = answer.partition(b"\nData:\n")
    assert "".join(f"[d{axis} = {size}]" for axis, size in enumerate(expected.shape)) in head.decode()
    assert struct.unpack(">II", data[:8]) == (expected.size, expected.size)
    wire = np.dtype(WIRE[f"{values.dtype.kind}{values.dtype.itemsize}"])
    found = np.frombuffer(data, wire, expected.size, 8)
    assert (found == expected.reshape(-1)).all()
    assert len(data) == 8 + -(-expected.size * wire.itemsize // 4) * 4


@settings(max_examples=150, deadline=None)
@given(arrays(), st.booleans(), st.sampled_from([64, 1 << 20]))
def test_random_hyperslabs_by_dap4(chosen, checksums, block_bytes):
    values, slab = chosen
    expected = values[slices_of(slab)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "BLOCK_BYTES", block_bytes)
        patch.setattr(dap4_data, "_SMALLEST_CHUNK", 100)
        wanted = constrained4(of(values), f"/v{text_of(slab)}")
        answer = b"".join(dap4_data.dap(wanted, checksums, known=True))
        assert dap4_data.length(wanted, checksums) == len(answer)
    flags, parts = zip(*chunks_of(answer), strict=True)
    assert [flag & 1 for flag in flags] == [0] * (len(flags) - 1) + [1]
    sizes = [
        int(each.get("size")) for each in ElementTree.fromstring(parts[0]).iter() if each.tag.endswith("Dimension")
    ]
    assert sizes == list(expected.shape)
    data = b"".join(parts[1:])
    if checksums:
        data, crc = data[:-4], data[-4:]
        assert struct.unpack("<I", crc) == (zlib.crc32(data),)
    assert data == np.ascontiguousarray(expected).astype(values.dtype.newbyteorder("<")).tobytes()


@settings(max_examples=200, deadline=None)
@given(arrays(), st.integers(8, 400), st.lists(st.integers(1, 9), min_size=4, max_size=4), st.booleans())
def test_blocks_are_the_slab_in_order(chosen, block_bytes, chunks, chunked):
    values, slab = chosen
    whole = slices_of(slab)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "BLOCK_BYTES", block_bytes)
        patch.setattr(dataset, "LARGEST_BLOCK_BYTES", 4 * block_bytes)
        found = list(blocks(whole, values.dtype.itemsize, tuple(chunks[: values.ndim]) if chunked else None))
    joined = np.concatenate([values[block].reshape(-1) for block in found])
    assert (joined == values[whole].reshape(-1)).all()
    for block in found:
        size = np.prod([count(part) for part in block]) * values.dtype.itemsize
        assert size <= max(4 * block_bytes, values.dtype.itemsize)


def test_blocks_end_between_chunks():
    whole = (slice(3, 100, 1), slice(0, 10, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "BLOCK_BYTES", 25 * 40)
        found = list(blocks(whole, 4, (8, 10)))
    assert all(first[0].stop % 8 == 0 for first, _ in itertools.pairwise(found))


@pytest.fixture
def file(tmp_path):
    """A file whose slabs are read in various ways, and its values."""
    path = tmp_path / "file.nc"
    values = np.random.default_rng(3).normal(size=(20, 30, 40)).astype("f4")
    with netCDF4.Dataset(path, "w") as made:
        for name, size in zip("tyx", values.shape, strict=True):
            made.createDimension(name, size)
        for name, options in (("plain", {}), ("chunked", {"zlib": True, "chunksizes": (7, 8, 9)})):
            made.createVariable(name, "f4", tuple("tyx"), **options)[:] = values
    return SimpleNamespace(path=path, values=values)


@pytest.mark.parametrize("name", ["plain", "chunked"])
def test_random_hyperslabs_of_files(file, small_blocks, name):
    random = np.random.default_rng(7)
    variable = open_netcdf(file.path).variables()[f"/{name}"]
    for _ in range(60):
        first = [int(random.integers(0, size)) for size in file.values.shape]
        last = [int(random.integers(low, size)) for low, size in zip(first, file.values.shape, strict=True)]
        steps = random.choice([1, 1, 2, 3, 7, 30], 3).tolist()
        slab = tuple(slice(*each) for each in zip(first, (each + 1 for each in last), steps, strict=True))
        found = [values.reshape(-1) for values in variable.pieces(slab)]
        assert (np.concatenate(found) == file.values[slab].reshape(-1)).all()


def test_only_what_is_asked_for_is_read(monkeypatch):
    values = np.arange(10_000, dtype="f4").reshape(100, 100)
    read = []

    def note(slab):
        read.append(slab)
        return taken(values, slab)

    variable = Variable("v", values.dtype, ("/y", "/x"), values.shape, {}, note)
    whole = Dataset("x", Group("", (Dimension("y", 100), Dimension("x", 100)), (variable,)))
    for suffix, query in (("dods", "v[10:2:14][5]"), ("dap", "dap4.ce=/v[10:2:14][5]")):
        b"".join(KINDS[suffix].answer(Request(whole, query)).chunks)
    assert read == [(slice(10, 15, 2), slice(5, 6, 1))] * 2


def broken(good_blocks):
    """Return a dataset that can be read only so far."""
    values = np.zeros((64, 1024), "f4")
    left = [good_blocks]

    def read(slab):
        if not left[0]:
            raise GdcError("DataFileUnreadable", "file.nc: it is broken.")
        left[0] -= 1
        return taken(values, slab)

    variable = Variable("v", values.dtype, ("/y", "/x"), values.shape, {}, read)
    return Dataset("x", Group("", (Dimension("y", 64), Dimension("x", 1024)), (variable,)))


def test_an_error_midway_is_the_last_chunk(monkeypatch):
    monkeypatch.setattr(dataset, "BLOCK_BYTES", 1 << 16)
    wanted = constrained4(broken(2), "/v")
    sent = []
    with pytest.raises(GdcError, match="broken"):
        sent.extend(iter_all(dap4_data.dap(wanted, False, known=True), sent))
    flags, parts = zip(*chunks_of(b"".join(sent)), strict=True)
    assert [flag & 2 for flag in flags][-1] == 2
    assert flags[-1] & 1
    assert sum(map(len, parts[1:-1])) == 2 << 16, "what has been read is sent"
    error = ElementTree.fromstring(parts[-1])
    assert "it is broken" in error[0].text
    ended = b"".join(dap4_data.dap(constrained4(broken(1), "/v"), False, known=False))
    assert list(chunks_of(ended))[-1][0] & 3 == 3


def iter_all(chunks, sent):
    for chunk in chunks:
        sent.append(chunk)
    return []


def test_limits():
    values = np.zeros((100, 100), "f8")
    for suffix, query in (("dods", "v"), ("dap", "dap4.ce=/v")):
        with pytest.raises(GdcError, match=r"0\.1 MB, and the most is 0\.0 MB") as caught:
            KINDS[suffix].answer(Request(of(values), query, most=1000))
        assert caught.value.code == "DapAnswerTooLarge"
    for suffix in ("nc", "nc4", "dap.nc4", "csv", "dap.csv", "ascii"):
        with pytest.raises(GdcError, match=r"0\.1 MB"):
            KINDS[suffix].answer(Request(of(values), "", most_file=1000))
    assert KINDS["dods"].answer(Request(of(values), "v[0][0]", most=1000)).length


def test_values_that_are_asked_for_again_are_kept():
    kept = KeptValues(most=100)
    reads = []

    def read(name):
        return lambda: reads.append(name) or np.zeros(10, "u1")

    for _ in range(4):
        kept.get("a", read("a"))
    assert reads == ["a", "a"], "the first time it is not kept"
    for name in "bcdefghijk":
        kept.get(name, read(name))
        kept.get(name, read(name))
    kept.get("a", read("a"))
    assert reads.count("a") == 3, "there was no room for it"
    kept.get("k", read("k"))
    assert reads.count("k") == 2
    with pytest.raises(ValueError, match="read-only"):
        kept.get("k", read("k"))[0] = 1


class TestNames:
    def test_odd_names(self):
        values = np.arange(4, dtype="i4")
        whole = of(values, name="a b.c%d")
        view = view_of(whole)
        text = KINDS["dds"].answer(Request(whole, "")).chunks
        assert b"a%20b.c%25d[d0 = 4];" in b"".join(text)
        for query in ("a%20b.c%25d[0:1]", "a%2520b.c%2525d[0:1]"):
            (part,) = constrained(view, query)
            assert part.slab == (slice(0, 2, 1),)
        assert 'name="a b.c%d"' in dmr(constrained4(whole, "/a b.c%d[0:1]"))
        assert constrained4(whole, "/a b\\.c%d[0:1]").slabs == {"/a b.c%d": (slice(0, 2, 1),)}

    def test_names_of_groups_do_not_clash(self):
        def leaf(name):
            return Variable(name, np.dtype("i4"), (), (), {}, lambda _: np.array(1, "i4"))

        inner = Group("a", variables=(leaf("b"),))
        whole = Dataset("x", Group("", variables=(leaf("a_b"),), groups=(inner,)))
        assert list(view_of(whole).fields) == ["a_b", "a_b_2"]

    def test_xml_has_no_signs_that_it_may_not_have(self):
        whole = of(np.arange(2, dtype="i4"))
        odd = Dataset("x", Group("", whole.root.dimensions, whole.root.variables, (), {"a": 'x\x00<&">\x1b'}))
        root = ElementTree.fromstring(dmr(Wanted(odd, {})))
        assert next(each.text for each in root.iter() if each.tag.endswith("Value")) == 'x<&">'


def test_signed_bytes_that_are_unsigned(tmp_path):
    path = tmp_path / "classic.nc"
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as made:
        made.createDimension("x", 4)
        variable = made.createVariable("v", "i1", ("x",), fill_value=-1)
        variable._Unsigned = "true"
        variable.set_auto_maskandscale(False)
        variable[:] = np.array([0, 127, -128, -1], "i1")
    whole = open_netcdf(path)
    answers = {each: b"".join(KINDS[each].answer(Request(whole, "")).chunks) for each in ("dods", "das", "csv", "dap")}
    assert b"Byte v[x = 4];" in answers["dods"]
    assert answers["dods"].endswith(bytes([0, 127, 128, 255]))
    assert b"Byte _FillValue 255;" in answers["das"]
    assert answers["csv"] == b"Dataset: classic\nv, 0, 127, 128, 255\n"
    assert b"<Int8 name" in answers["dap"]


def test_an_empty_dimension(tmp_path: Path):
    path = tmp_path / "empty.nc"
    with netCDF4.Dataset(path, "w") as made:
        made.createDimension("t", None)
        made.createDimension("x", 3)
        made.createVariable("v", "f4", ("t", "x"))
        made.createVariable("w", "u1", ("t",))
    opened = open_netcdf(path)
    answer = KINDS["dods"].answer(Request(opened, ""))
    body = b"".join(answer.chunks)
    assert b"Float32 v[t = 0][x = 3];" in body
    assert body.endswith(b"Data:\n" + bytes(16))
    assert answer.length == len(body)
    whole = KINDS["dap"].answer(Request(opened, ""))
    assert whole.length == len(b"".join(whole.chunks))
    with pytest.raises(GdcError, match="out of range"):
        KINDS["dods"].answer(Request(opened, "w[0]"))


def test_types_that_dap_cannot_carry_are_left_out(tmp_path):
    path = tmp_path / "types.nc"
    with netCDF4.Dataset(path, "w") as made:
        made.createDimension("x", 2)
        pair = made.createCompoundType(np.dtype([("a", "f4"), ("b", "i2")]), "pair")
        made.createVariable("compound", pair, ("x",))
        made.createVariable("ragged", made.createVLType("i4", "ragged_t"), ("x",))
        clouds = made.createEnumType("u1", "clouds", {"clear": 0, "cloudy": 3})
        made.createVariable("cloud", clouds, ("x",))[:] = np.array([0, 3], "u1")
        made.createVariable("v", "f4", ("x",))[:] = [1, 2]
    whole = open_netcdf(path)
    assert list(whole.variables()) == ["/cloud", "/v"]
    answer = b"".join(KINDS["dap"].answer(Request(whole, "")).chunks)
    assert answer.endswith(bytes([0, 3]) + np.array([1, 2], "<f4").tobytes())


def test_groups_may_have_dimensions_of_the_same_name(tmp_path):
    path = tmp_path / "groups.nc"
    with netCDF4.Dataset(path, "w") as made:
        made.createDimension("x", 2)
        made.createVariable("x", "f4", ("x",))[:] = [1, 2]
        group = made.createGroup("g")
        group.createDimension("x", 3)
        group.createVariable("x", "f4", ("x",))[:] = [3, 4, 5]
        group.createVariable("v", "i4", ("x",))[:] = [6, 7, 8]
    whole = open_netcdf(path)
    declared = b"".join(KINDS["dds"].answer(Request(whole, "")).chunks)
    assert b"Int32 g_v[g_x = 3];" in declared
    assert b"Float32 g_x[g_x = 3];" in declared
    copy = KINDS["nc4"].answer(Request(whole, "dap4.ce=/g/v[1:2];/g/x[1:2];/x"))
    with netCDF4.Dataset("memory", memory=b"".join(copy.chunks)) as found:
        assert found["g/v"][:].tolist() == [7, 8]
        assert found["g/x"][:].tolist() == [4, 5]
        assert found["x"][:].tolist() == [1, 2]
