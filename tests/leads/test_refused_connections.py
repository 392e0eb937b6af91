"""How often we ask for a connection while the database gives none."""

import itertools
import os
import socket
import subprocess
import sys
import time

ASK = """
import django
django.setup()
from django.db import Error, connection
while True:
    try:
        connection.ensure_connection()
    except Error:
        pass
"""
# Seconds. The pool by itself waits for 1, 2, 4, 8, 16, 32 ... 128 between two tries.
LONGEST_GAP = 20
TRIES = 14


def test_a_database_that_has_been_away_for_long_is_still_asked_every_few_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as goes_away:
        goes_away.settimeout(120)
        port = goes_away.getsockname()[1]
        asking = subprocess.Popen(
            [sys.executable, "-c", ASK],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "callbacks.config.settings",
                "DATABASE_URL": f"postgres://nobody@127.0.0.1:{port}/none?sslmode=disable",
            },
        )
        try:
            asked_at = []
            for _ in range(TRIES):
                goes_away.accept()[0].close()
                asked_at.append(time.monotonic())
        finally:
            asking.kill()
            asking.wait()
    gaps = [after - before for before, after in itertools.pairwise(asked_at)]
    assert max(gaps) < LONGEST_GAP, gaps
