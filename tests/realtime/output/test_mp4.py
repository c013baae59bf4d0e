"""Boxes have the sizes that they claim, and fragments lead to their pictures."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from realtime.output.mp4 import MPEG4, Sample, fragment, header

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf"}


def boxes(data):
    """Every box as (kind, offset of its content, content), containers before what they hold."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert size >= 8 and at + size <= len(data)
        content = data[at + 8 : at + size]
        yield kind, at + 8, content
        if kind in CONTAINERS:
            yield from ((k, at + 8 + offset, c) for k, offset, c in boxes(content))
        at += size


@given(st.integers(2, 4096), st.integers(2, 4096), st.binary(max_size=300))
def test_a_header_is_well_formed_and_holds_the_decoders_header(width, height, config):
    found = dict((kind, content) for kind, _, content in boxes(header(width, height, MPEG4, config)))
    assert set(found) >= {b"ftyp", b"mvhd", b"tkhd", b"mdhd", b"stsd", b"trex"}
    assert len(found[b"mvhd"]) == 100 and len(found[b"tkhd"]) == 84 and len(found[b"trex"]) == 24
    assert found[b"tkhd"].endswith(struct.pack(">II", width << 16, height << 16))
    assert config in found[b"stsd"]


samples = st.lists(st.builds(Sample, st.binary(min_size=1, max_size=50), st.integers(0, 2**31)), min_size=1, max_size=9)


@given(st.integers(1, 2**31), st.integers(0, 2**63), samples)
def test_a_fragment_leads_to_its_pictures(number, start, pictures):
    data = fragment(number, start, pictures)
    found = {kind: (offset, content) for kind, offset, content in boxes(data)}
    assert struct.unpack_from(">I", found[b"mfhd"][1], 4) == (number,)
    assert struct.unpack_from(">Q", found[b"tfdt"][1], 4) == (start,)
    count, at = struct.unpack_from(">Ii", found[b"trun"][1], 4)
    rows = [struct.unpack_from(">III", found[b"trun"][1], 12 + 12 * i) for i in range(count)]
    for (duration, size, _), picture in zip(rows, pictures, strict=True):
        assert (duration, data[at : at + size]) == (picture.duration, picture.data)
        at += size
    assert at == len(data)
