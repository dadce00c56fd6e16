"""The integers of `numpy.random.RandomState` without NumPy: other harnesses draw their seeds with it."""

import random

_WORDS = 624
_MASK = 0xFFFFFFFF


class LegacyGenerator:
    """Reproduces `RandomState(seed).randint(limit)` call by call, for limits up to 2**32.

    NumPy and Python use the same Mersenne Twister; they differ in how a seed initializes the state (`init_genrand` of
    the reference implementation) and in how a number below a limit is drawn (rejection sampling after a bit mask).
    """

    def __init__(self, seed: int) -> None:
        state = [seed & _MASK]
        for index in range(1, _WORDS):
            before = state[-1]
            state.append((1812433253 * (before ^ (before >> 30)) + index) & _MASK)
        self._twister = random.Random()  # noqa: S311 -- repeatable, not secret
        self._twister.setstate((3, (*state, _WORDS), None))

    def below(self, limit: int) -> int:
        """The next integer in [0, limit)."""
        mask = (1 << (limit - 1).bit_length()) - 1
        while (drawn := self._twister.getrandbits(32) & mask) >= limit:
            pass
        return drawn
