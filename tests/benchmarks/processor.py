"""Processor time of processes, from the operating system's accounting."""

from collections.abc import Iterable, Mapping

import psutil

# By part: processes whose children count as well.
Roots = Mapping[str, Iterable[int]]


def seconds(roots: Roots) -> dict[str, float]:
    """User and system time that each part has used so far, in seconds.

    The time of a process that has ended counts for the parent that waited for it.
    """
    return {part: sum(_of_tree(pid) for pid in pids) for part, pids in roots.items()}


def milliseconds_each(
    before: Mapping[str, float], after: Mapping[str, float], leads: int
) -> dict[str, float]:
    """Processor milliseconds per lead between two readings, by part."""
    return {part: (after[part] - before[part]) * 1000 / leads for part in after}


def parent_of(pid: int) -> int:
    """The process that started this one."""
    return psutil.Process(pid).ppid()


def _of_tree(pid: int) -> float:
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
