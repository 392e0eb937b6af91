"""Command lines for setpriv(1), which changes what a server inherits from us before it starts.

1. `--pdeathsig`: the kernel sends this signal when the process that started the server dies, so
   that the server does not outlive a launcher that was killed with -9.
2. `--reuid`, `--regid`: give up root, because PostgreSQL refuses to run as root.
3. `--ambient-caps`: keeps one capability, so that a user other than root can still reach programs
   and data below a directory that only root may enter (a clone in /root, or in a fresh
   `mktemp -d`) without changing any directory's permissions (capabilities(7)).

setpriv belongs to util-linux, which every Linux distribution with glibc has. Without it (macOS, or
util-linux before 2.33), a server that outlives us is ended at the next start on its directory.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from callbacks.localrun.errors import CannotStart

# The names that setpriv uses, with their numbers (linux/capability.h).
_READ_SEARCH = "dac_read_search"
_OVERRIDE = "dac_override"
_NUMBERS = {_OVERRIDE: 1, _READ_SEARCH: 2}


@dataclass(frozen=True)
class Account:
    """The user that a server runs as instead of root."""

    uid: int
    gid: int


def server_account(directory: Path) -> Account | None:
    """The user to run a server as whose data is in `directory`; None: our own user.

    If we are root: the owner of the data there (an earlier run without root may have created it),
    else `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if directory.exists() and (owner := directory.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def wrapped(
    command: Sequence[str | Path],
    *,
    directory: Path,
    account: Account | None,
    death_signal: signal.Signals | None = None,
) -> list[str]:
    """`command` wrapped in setpriv, for a server with its data in `directory`.

    Raises CannotStart if `account` cannot run it.
    """
    program = _program()
    if program is None:
        if account is None:
            return [*map(str, command)]
        raise CannotStart(
            "PostgreSQL does not run as root, and setpriv (util-linux 2.33 or newer), which would "
            "run it as another user, is not here. Run this as a user other than root, or set "
            "DATABASE_URL and REDIS_URL"
        )
    steps = [program]
    if death_signal is not None:
        steps += ["--pdeathsig", death_signal.name]
    if account is not None:
        steps += ["--reuid", str(account.uid), "--regid", str(account.gid), "--clear-groups"]
        capability = _capability_to_reach(Path(command[0]), directory)
        if capability is not None:
            # initdb looks for its `postgres` with access(2), which ignores the capabilities of a
            # user other than root without this bit.
            steps += ["--securebits", "+no_setuid_fixup"]
            steps += ["--inh-caps", f"+{capability}", "--ambient-caps", f"+{capability}"]
    return [*steps, "--", *map(str, command)]


@cache
def _program() -> str | None:
    """The path of setpriv, if it knows --pdeathsig."""
    program = shutil.which("setpriv")
    if program is None:
        return None
    tried = subprocess.run(  # noqa: S603 - the system's program, arguments of our own
        [program, "--pdeathsig", "keep", "true"], capture_output=True, check=False
    )
    return program if tried.returncode == 0 else None


def _capability_to_reach(program: Path, directory: Path) -> str | None:
    """The smallest capability that lets a user other than root run `program` on `directory`, or
    None.

    Raises CannotStart if one is needed and this root has none (a container without capabilities).
    """
    executable = _others_may(program.resolve(), stat.S_IXOTH | stat.S_IROTH)
    ways = {*program.parents, *program.resolve().parents, *directory.resolve().parents}
    if executable and all(_others_may(way, stat.S_IXOTH) for way in ways):
        return None
    allowed = _permitted_capabilities()
    # Reading and searching is enough, unless only root may run the program itself.
    for capability in [_READ_SEARCH, _OVERRIDE] if executable else [_OVERRIDE]:
        if allowed & (1 << _NUMBERS[capability]):
            return capability
    raise CannotStart(
        f"PostgreSQL does not run as root, and another user cannot reach {program.parent} or "
        f"{directory}. Run this as a user other than root, or set DATABASE_URL and REDIS_URL"
    )


def _others_may(path: Path, bits: int) -> bool:
    return path.stat().st_mode & bits == bits


def _permitted_capabilities() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0
