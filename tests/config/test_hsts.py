"""For how long browsers refuse plain http: not long, until somebody says otherwise."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.stack import ROOT

SAY = """
import django, json; django.setup()
from django.conf import settings as s
print(json.dumps([s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD]))
"""


@pytest.mark.parametrize(
    ("given", "seconds", "below"),
    [
        ({"HTTPS": "false"}, 0, False),
        ({"HTTPS": "true"}, 3600, False),
        ({"HTTPS": "true", "HSTS_SECONDS": "31536000"}, 31_536_000, False),
        ({"HTTPS": "true", "HSTS_SECONDS": "86400", "HSTS_SUBDOMAINS": "true"}, 86_400, True),
        ({"HTTPS": "true", "HSTS_SECONDS": "0"}, 0, False),
        ({"HTTPS": "false", "HSTS_SECONDS": "86400", "HSTS_SUBDOMAINS": "true"}, 0, False),
    ],
)
def test_what_is_sent(given: dict[str, str], seconds: int, below: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAY], cwd=ROOT, check=True, stdout=subprocess.PIPE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "callbacks.config.settings", **given},
    )  # fmt: skip
    # No setting puts the site on the browsers' own lists.
    assert json.loads(done.stdout) == [seconds, below, False]
