"""Programs the tests use besides Python. One that is missing fails a test; nothing is skipped."""

import shutil

import pytest


def program(*names: str) -> str:
    """The path of the first of them that is there."""
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.fail(f"There is no {names[0]} here: `bash .ci/packages` installs it, or says how.")
