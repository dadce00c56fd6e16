"""DES, as VNC authentication uses it. Not secure: do not use it for anything else.

Source: FIPS 46-3. VNC uses the first eight bytes of the password, with the bits of each byte reversed.
"""

from collections.abc import Sequence
from itertools import accumulate

_BLOCK = 8

_INITIAL = tuple(start - 8 * step for start in (58, 60, 62, 64, 57, 59, 61, 63) for step in range(8))
_FINAL = tuple(column - row for row in range(8) for column in (40, 8, 48, 16, 56, 24, 64, 32))
_EXPANSION = tuple((4 * group + step - 1) % 32 + 1 for group in range(8) for step in range(6))
_PERMUTATION = (
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
    2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
)  # fmt: skip
_FIRST_CHOICE = (
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
    63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
)  # fmt: skip
_SECOND_CHOICE = (
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
    41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
)  # fmt: skip
_SHIFTS = tuple(accumulate((1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1)))
_BOXES = (
    "e4d12fb83a6c5907 0f74e2d1a6cb9538 41e8d62bfc973a50 fc8249175b3ea06d",
    "f18e6b34972dc05a 3d47f28ec01a69b5 0e7ba4d158c6932f d8a13f42b67c05e9",
    "a09e63f51dc7b428 d709346a285ecbf1 d6498f30b12c5ae7 1ad069874fe3b52c",
    "7de3069a1285bc4f d8b56f03472c1ae9 a690cb7df13e5284 3f06a1d8945bc72e",
    "2c417ab6853fd0e9 eb2c47d150fa3986 421bad78f9c5630e b8c71e2d6f09a453",
    "c1af92680d34e75b af427c9561de0b38 9ef528c3704a1db6 432c95fabe17608d",
    "4b2ef08d3c975a61 d0b7491ae35c2f86 14bdc37eaf680592 6bd814a7950fe23c",
    "d2846fb1a93e50c7 1fd8a374c56b0e92 7b419ce206adf358 21e74a8dfc90356b",
)


def answer(challenge: bytes, password: str) -> bytes:
    """The response of VNC authentication: `challenge`, 16 bytes, encrypted block by block with `password`.

    Source: RFC 6143, section 7.2.2.
    """
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode("latin-1", "replace")[:_BLOCK])
    key = key.ljust(_BLOCK, b"\0")
    return b"".join(encrypt(challenge[at : at + _BLOCK], key) for at in range(0, len(challenge), _BLOCK))


def encrypt(block: bytes, key: bytes) -> bytes:
    """Encrypt a block of 8 bytes with a key of 8 bytes."""
    bits = _permuted(_bits(block), _INITIAL)
    left, right = bits[:32], bits[32:]
    for round_key in _round_keys(key):
        left, right = right, [one ^ other for one, other in zip(left, _feistel(right, round_key), strict=True)]
    return _bytes(_permuted([*right, *left], _FINAL))


def _round_keys(key: bytes) -> list[list[int]]:
    bits = _permuted(_bits(key), _FIRST_CHOICE)
    halves = bits[:28], bits[28:]
    return [_permuted([bit for half in halves for bit in half[by:] + half[:by]], _SECOND_CHOICE) for by in _SHIFTS]


def _feistel(half: list[int], round_key: list[int]) -> list[int]:
    bits = [bit ^ key for bit, key in zip(_permuted(half, _EXPANSION), round_key, strict=True)]
    out: list[int] = []
    for index, box in enumerate(_BOXES):
        first, *middle, last = bits[6 * index : 6 * index + 6]
        digit = box.split()[2 * first + last][int("".join(map(str, middle)), 2)]
        out += [int(bit) for bit in f"{int(digit, 16):04b}"]
    return _permuted(out, _PERMUTATION)


def _permuted(bits: Sequence[int], table: tuple[int, ...]) -> list[int]:
    return [bits[position - 1] for position in table]


def _bits(data: bytes) -> list[int]:
    return [byte >> shift & 1 for byte in data for shift in range(7, -1, -1)]


def _bytes(bits: list[int]) -> bytes:
    return int("".join(map(str, bits)), 2).to_bytes(len(bits) // 8)
