"""Makes a process end when its parent dies, however the parent dies (Linux)."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(signum: signal.Signals, parent: int) -> None:
    """Makes the kernel send us `signum` when our parent dies. Exits if `parent` is already dead.

    Does nothing outside Linux.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signum)) != 0:
        raise OSError(ctypes.get_errno(), "prctl PR_SET_PDEATHSIG")
    if os.getppid() != parent:
        sys.exit(f"the process that started this one ({parent}) is gone")
