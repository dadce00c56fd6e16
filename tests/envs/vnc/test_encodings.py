"""The encodings of the VNC protocol."""

import os
import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rfb_server import connected

from screenwright.envs.vnc.encodings import TIGHT, ZRLE


def decoded(width: int, height: int, encoding: int, data: bytes) -> Image.Image:
    """The screenshot of a client that received one rectangle."""
    with connected(width, height, encoding, data) as (viewer, _):
        return viewer.screenshot().image


def blue_first(pixels: bytes) -> bytes:
    return b"".join(pixels[at : at + 3][::-1] for at in range(0, len(pixels), 3))


@given(st.binary(min_size=3 * 13 * 5, max_size=3 * 13 * 5))
def test_tight_gradients_and_copies_are_decoded(pixels: bytes) -> None:
    width, row = 13, 39
    differences = bytearray()
    for at, value in enumerate(pixels):
        left = pixels[at - 3] if at % row >= 3 else 0
        above = pixels[at - row] if at >= row else 0
        corner = pixels[at - row - 3] if at >= row and at % row >= 3 else 0
        differences.append(value - min(255, max(0, left + above - corner)) & 255)
    for control, plain in ((b"\x40\x02", bytes(differences)), (b"\x10", pixels)):
        packed = zlib.compress(plain)
        length = bytes((len(packed) & 127 | 128, len(packed) >> 7))
        assert decoded(width, 5, TIGHT, control + length + packed).tobytes() == pixels


def test_few_tight_bytes_are_not_compressed() -> None:
    colours = bytes((1, 2, 3, 250, 251, 252))
    image = decoded(3, 2, TIGHT, b"\x50\x01\x01" + colours + bytes((0b10100000, 0b01000000)))
    assert image.tobytes() == b"".join(colours[3 * bit : 3 * bit + 3] for bit in (1, 0, 1, 0, 1, 0))
    assert decoded(2, 2, TIGHT, b"\x80\x07\x08\x09").tobytes() == bytes((7, 8, 9)) * 4


COLOURS = st.lists(st.binary(min_size=3, max_size=3), min_size=1, max_size=6, unique=True)


@given(COLOURS, st.lists(st.integers(1, 300), min_size=77, max_size=77), st.sampled_from((0, 2, 128, 130)))
def test_every_kind_of_zrle_tile_is_decoded(colours: list[bytes], runs: list[int], kind: int) -> None:
    width, height = 11, 7
    indices = [place % len(colours) for place, run in enumerate(runs) for _ in range(run)][: width * height]
    pixels = b"".join(colours[index] for index in indices)
    if kind == 0:
        tile = b"\0" + blue_first(pixels)
    elif kind == 128:
        tile = b"\x80" + b"".join(blue_first(colours[index]) + run for index, run in counted(indices))
    elif kind == 2:
        many = max(2, len(colours))
        table = (colours * 2)[:many]
        tile = bytes((many,)) + blue_first(b"".join(table)) + packed_rows(indices, width, many)
    else:
        many = max(2, len(colours))
        table = (colours * 2)[:many]
        body = b"".join(
            bytes((index | 128,)) + run if run != b"\0" else bytes((index,)) for index, run in counted(indices)
        )
        tile = bytes((128 + many,)) + blue_first(b"".join(table)) + body
    packed = zlib.compress(tile)
    assert decoded(width, height, ZRLE, struct.pack(">I", len(packed)) + packed).tobytes() == pixels


def counted(indices: list[int]) -> list[tuple[int, bytes]]:
    """Each run of one index, with its length as ZRLE writes it."""
    runs: list[tuple[int, bytes]] = []
    at = 0
    while at < len(indices):
        end = at
        while end < len(indices) and indices[end] == indices[at]:
            end += 1
        full, rest = divmod(end - at - 1, 255)
        runs.append((indices[at], b"\xff" * full + bytes((rest,))))
        at = end
    return runs


def packed_rows(indices: list[int], width: int, colours: int) -> bytes:
    bits = 1 if colours == 2 else 2 if colours <= 4 else 4
    rows = [indices[at : at + width] for at in range(0, len(indices), width)]
    lines = ["".join(f"{index:0{bits}b}" for index in row) for row in rows]
    return b"".join(
        int(line.ljust(-len(line) % 8 + len(line), "0"), 2).to_bytes((len(line) + 7) // 8) for line in lines
    )


def test_noise_is_decoded_from_every_encoding() -> None:
    pixels = os.urandom(3 * 70 * 70)
    raw = b"".join(pixels[at : at + 3][::-1] + b"\xaa" for at in range(0, len(pixels), 3))
    assert decoded(70, 70, 0, raw).tobytes() == pixels
