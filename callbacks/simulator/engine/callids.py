"""CALLIDs in the vendor's form. With the same seed, runs differ only in the time part."""

import random
import time
from datetime import UTC, datetime

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class CallIds:
    """CALLIDs: 17 digits of UTC time to the millisecond, then 9 characters drawn from the seed and
    a 6-digit count.
    """

    def __init__(self, seed: int) -> None:
        self._last = 0
        self._least = 0
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Restarts the drawn part. The time part moves on, so no id repeats."""
        self._draws = random.Random(f"{seed}/callid")  # noqa: S311 (not a secret)
        self._count = 0
        self._least = self._last + 1

    def next(self) -> str:
        """The next id, 32 characters."""
        self._last = max(int(time.time() * 1000), self._least, self._last)
        self._count += 1
        moment = datetime.fromtimestamp(self._last / 1000, UTC)
        stamp = f"{moment:%Y%m%d%H%M%S}{self._last % 1000:03d}"
        # The count makes ids of the same millisecond differ, whatever is drawn.
        drawn = "".join(self._draws.choices(ALPHABET, k=9))
        return f"{stamp}{drawn}{self._count % 10**6:06d}"
