"""Programs other than Python that tests use. A missing program fails its test; nothing is
skipped.
"""

import shutil

import pytest


def program(*names: str) -> str:
    """The path of the first of these programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.fail(f"There is no {names[0]} here: `bash .ci/packages` installs it, or says how.")
