"""What a set of processes holds in memory (Linux)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import psutil

MIB = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """MiB. `pss` divides shared memory among the processes, `rss` counts it for each of them."""

    pss: float
    rss: float

    @classmethod
    def of(cls, pids: Iterable[int]) -> Self:
        """The memory of these processes and all their descendants."""
        pss = rss = 0
        for pid in pids:
            parent = psutil.Process(pid)
            for process in (parent, *parent.children(recursive=True)):
                held = process.memory_full_info()
                pss += held.pss
                rss += held.rss
        return cls(pss / MIB, rss / MIB)
