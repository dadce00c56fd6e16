"""`numpy.random.RandomState`'s whole numbers, without NumPy: what other harnesses draw their seeds with."""

import random

_WORDS = 624
_MASK = 0xFFFFFFFF


class LegacyGenerator:
    """Gives what `RandomState(seed).randint(limit)` gives, call by call, for limits up to 2**32.

    Both are the same Mersenne twister as Python's; they differ in how a seed fills its state (`init_genrand` of the
    twister's authors) and in how a number below a limit is drawn (by rejection behind a mask).
    """

    def __init__(self, seed: int) -> None:
        state = [seed & _MASK]
        for index in range(1, _WORDS):
            before = state[-1]
            state.append((1812433253 * (before ^ (before >> 30)) + index) & _MASK)
        self._twister = random.Random()  # noqa: S311 -- repeatable, not secret
        self._twister.setstate((3, (*state, _WORDS), None))

    def below(self, limit: int) -> int:
        """The next whole number from 0 up to but without `limit`."""
        mask = (1 << (limit - 1).bit_length()) - 1
        while (drawn := self._twister.getrandbits(32) & mask) >= limit:
            pass
        return drawn
