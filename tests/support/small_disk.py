"""A PostgreSQL whose whole cluster is on a disk of a few megabytes, which a test can fill up.

The disk is a tmpfs, mounted in a namespace of the server alone: it needs no loop device, nobody
else sees it, and it disappears with the shell that keeps the server running, however that ends. As
root this needs the right to mount (CAP_SYS_ADMIN); otherwise a kernel that gives users their own
namespaces.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from callbacks.localrun import setpriv
from callbacks.localrun.postgres_server import _programs
from tests.support.own_postgres import PASSWORD, OwnPostgres
from tests.support.simulator import eventually
from tests.support.stack import free_port

# Bytes taken at once: larger steps make it likelier that the server takes some first.
_STEP = 1 << 20
# Small WAL segments, and few, so that the WAL does not grow into the room that a test leaves.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "min_wal_size": "32MB",
    "max_wal_size": "32MB",
    "wal_init_zero": "on",
    "wal_recycle": "on",
    "checkpoint_timeout": "1h",
    "max_connections": "200",
}


@dataclass(frozen=True)
class SmallDisk:
    """The server, and its disk as the server sees it."""

    server: OwnPostgres
    disk: Path

    def free(self) -> int:
        """Free space, in bytes."""
        room = os.statvfs(self.disk)
        return room.f_bavail * room.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Takes all space except `leave` bytes; may be repeated."""
        taken = self.disk / "filler"
        size = taken.stat().st_size if taken.exists() else 0
        step = _STEP
        with taken.open("ab") as filler:
            while (wanted := min(self.free() - leave, step)) > 0 and step:
                try:
                    os.posix_fallocate(filler.fileno(), size, wanted)
                except OSError:  # the server took some meanwhile; nothing was taken here
                    step //= 2
                else:
                    size += wanted

    def make_room(self) -> None:
        """Frees what was taken."""
        (self.disk / "filler").unlink(missing_ok=True)


@contextmanager
def postgres_on_small_disk(
    directory: Path, megabytes: int = 200, *, of_wal: bool = False
) -> Iterator[SmallDisk]:
    """A server in that directory, with the superuser `postgres`. `of_wal`: only its write-ahead log
    is on the small disk.
    """
    programs, mount = _programs(), directory / "disk"
    cluster, password = (directory if of_wal else mount) / "cluster", directory / "password"
    mount.mkdir(parents=True)
    password.write_text(PASSWORD)
    account = setpriv.server_account(directory)
    if account:
        for path in (directory, mount, password):
            shutil.chown(path, account.uid, account.gid)

    def as_the_server(*command: str | Path) -> str:
        words = setpriv.wrapped(
            command, directory=directory, account=account, death_signal=signal.SIGINT
        )
        return " ".join(f"'{word}'" for word in words)

    initdb = as_the_server(
        programs / "initdb", "--pgdata", cluster, "--username", "postgres", "--pwfile", password,
        "--auth", "scram-sha-256", "--no-sync", "--encoding", "UTF8", "--locale", "C",
        "--wal-segsize", "4", *(("--waldir", mount / "wal") if of_wal else ()),
    )  # fmt: skip
    port = free_port()
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    postgres = as_the_server(programs / "postgres", "-D", cluster, "-p", str(port), *settings)
    owner = f",uid={account.uid},gid={account.gid}" if account else ""
    # Restarted whenever it ends, as by a service manager: without space it may stop.
    script = (
        f"mount -t tmpfs -o size={megabytes}m,mode=0700{owner} tmpfs '{mount}' && "
        f"{initdb} >/dev/null && while :; do {postgres}; sleep 0.5; done"
    )
    own_namespace = ["unshare", "--mount"] if account else ["unshare", "--mount", "--map-root-user"]
    with (directory / "log").open("wb") as output:
        running = subprocess.Popen(
            setpriv.wrapped(
                [*own_namespace, "sh", "-c", script],
                directory=directory, account=None, death_signal=signal.SIGKILL,
            ),
            stdout=output, stderr=subprocess.STDOUT, cwd=directory,
        )  # fmt: skip
    server = OwnPostgres(port, directory, "postgres")
    try:
        eventually(lambda: server.run("pg_isready").returncode == 0, within=120)
        # The path to a mount that others do not see.
        yield SmallDisk(server, Path(f"/proc/{running.pid}/root{mount.resolve()}"))
    finally:
        servers = psutil.Process(running.pid).children(recursive=True)
        running.kill()  # its parent's death signals the server
        running.wait()
        psutil.wait_procs(servers, timeout=60)
