"""Reasons why a start fails, as sentences for the person who started it."""

import errno
from pathlib import Path


class CannotStart(Exception):  # noqa: N818 - reads as what it says
    """One line that says what happened and what to do. It is shown without a traceback."""


_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
_NOT_A_DIRECTORY = {errno.ENOTDIR, errno.EEXIST, errno.ENOENT}


def data_dir_problem(data_dir: Path, error: OSError) -> CannotStart:
    """The CannotStart for an OSError raised while writing below `data_dir`."""
    place = Path(error.filename or data_dir)
    if not place.is_relative_to(data_dir) and not data_dir.is_relative_to(place):
        return CannotStart(f"{place} cannot be used: {error.strerror}")
    elsewhere = "or keep the data elsewhere: DATA_DIR=/another/directory make run"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return CannotStart(f"The disk of {data_dir} is full. Make room there, {elsewhere}")
    if error.errno in _UNWRITABLE:
        return CannotStart(f"{place} cannot be written. Give this user the right to, {elsewhere}")
    if error.errno in _NOT_A_DIRECTORY:
        return CannotStart(
            f"{data_dir} cannot be made a directory. Move what is there, {elsewhere}"
        )
    return CannotStart(f"{data_dir} cannot be used ({error.strerror}). Repair it, {elsewhere}")
