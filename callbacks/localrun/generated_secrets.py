"""Small private files in DATA_DIR: generated secrets and the addresses of the embedded servers."""

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

ADMIN = "admin"  # the user that `make run` creates
ADMIN_PASSWORD_FILE = "admin-password"  # noqa: S105 - the name of a file

_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # no characters that look alike


def write_private(path: Path, text: str) -> None:
    """Replaces `path` with a file that contains `text` and that only this user can read,
    atomically.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def kept_secret(data_dir: Path, file_name: str) -> str:
    """The secret in `data_dir/file_name`; if there is none, a new secret of 240 bits (hex)."""
    return _kept(data_dir / file_name, lambda: secrets.token_hex(30))


def kept_password(data_dir: Path, file_name: str) -> str:
    """Like `kept_secret`, for a person to type: four groups of four characters, 79 bits."""
    return _kept(
        data_dir / file_name,
        lambda: "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4)),
    )


def _kept(path: Path, generate: Callable[[], str]) -> str:
    try:
        kept = path.read_text().strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    fresh = generate()
    write_private(path, f"{fresh}\n")
    return fresh
