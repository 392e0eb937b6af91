"""Becomes the command it is given, after three steps no command takes by itself (a script).

    python -I -S child.py --parent 4711 --death-signal 2 --user 65534:65534 -- postgres ...

1. `--death-signal`: the kernel sends that signal when the process that started us dies, so that a
   server does not outlive a launcher that was killed with -9 (Linux, prctl(2) PR_SET_PDEATHSIG).
2. `--user`: gives up root, since PostgreSQL refuses to run as root.
3. `--capability`: keeps one capability across that, so that a user other than root can still reach
   programs and data below a directory that only root may enter (a clone in /root, or in a fresh
   `mktemp -d`), and no directory's permissions have to be touched (capabilities(7), ambient set).

A process of its own and not Popen's preexec_fn, which may deadlock where threads run. The standard
library only: it starts isolated, in about 20 ms.
"""

import argparse
import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def die_with_parent(signum: int, parent: int) -> None:
    """Have the kernel send us `signum` when our parent dies. Exits if `parent` is dead already.

    Does nothing outside Linux. To be called after a change of user, which would undo it.
    """
    if not sys.platform.startswith("linux"):
        return
    _prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        sys.exit(f"the process that started this one ({parent}) is gone")


def become(uid: int, gid: int, capability: int | None) -> None:
    """Give up root for `uid` and `gid`, keeping at most one capability (its number) across exec."""
    if capability is not None:
        # Giving up root leaves the capabilities alone, and access(2), which initdb finds its
        # `postgres` with, counts them; without this it would for root only.
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability is not None:
        mask = 1 << capability
        data = (_Data * 2)(_Data(mask, mask, mask), _Data(0, 0, 0))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), data) != 0:
            _fail("capset")
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def _prctl(option: int, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [*arguments, 0, 0, 0, 0][:4]
    if libc.prctl(option, *(ctypes.c_ulong(argument) for argument in padded)) != 0:
        _fail(f"prctl {option}")


def _fail(what: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)}")


def main() -> None:
    """Take the steps asked for, then exec the command after `--`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int)
    parser.add_argument("--user", help="uid:gid")
    parser.add_argument("--capability", type=int)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    if options.user:
        uid, gid = (int(part) for part in options.user.split(":"))
        become(uid, gid, options.capability)
    if options.death_signal:
        die_with_parent(options.death_signal, options.parent)
    os.execv(options.command[0], options.command)  # noqa: S606 - becoming the command is the point


if __name__ == "__main__":
    main()
