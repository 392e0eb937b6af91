import errno
import os
from pathlib import Path

import pytest

from callbacks.localrun.errors import data_dir_problem

HERE = Path("/srv/data")


@pytest.mark.parametrize(
    ("number", "place", "said"),
    [
        (errno.ENOSPC, None, "The disk of /srv/data is full. Make room there, or keep"),
        (errno.EACCES, "/srv/data/log", "/srv/data/log cannot be written. Give this user"),
        (errno.EROFS, "/srv", "/srv cannot be written. Give this user"),
        (errno.ENOTDIR, "/srv/data", "/srv/data cannot be made a directory. Move what is there"),
        (errno.EIO, "/srv/data/lock", "/srv/data cannot be used (Input/output error)"),
        (errno.EACCES, "/usr/bin/python3", "/usr/bin/python3 cannot be used: Permission denied"),
    ],
)
def test_it_says_what_happened_and_what_to_do(number, place, said):
    problem = data_dir_problem(HERE, OSError(number, os.strerror(number), place))
    assert said in str(problem)
    assert "\n" not in str(problem)
