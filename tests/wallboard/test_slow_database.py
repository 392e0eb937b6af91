"""While the database is slow, boards do not wait long for one another."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest
from django.db import connection

from callbacks.config import process_settings
from callbacks.models import Wallboard
from tests.support.serving import PATIENT, database_url, serving
from tests.support.simulator import eventually
from tests.support.together import waiting_for_locks

pytestmark = pytest.mark.django_db(transaction=True)


def test_boards_that_cannot_be_read_are_told_to_ask_again() -> None:
    """More boards ask than the server has threads: one reads, and the others do not wait for it."""
    board = Wallboard.objects.create(name="Sales floor")
    boards = 2 * process_settings.WEB_THREADS
    url = database_url(connection)

    with serving(url + PATIENT) as site, ThreadPoolExecutor(boards) as pool:

        def ask() -> int:
            return httpx.get(f"{site}/wallboard/{board.token}/now/", timeout=120).status_code

        with psycopg.connect(url) as another:
            another.execute("LOCK TABLE callbacks_wallboard IN ACCESS EXCLUSIVE MODE")
            asked = [pool.submit(ask) for _ in range(boards)]
            eventually(lambda: sum(it.done() for it in asked) == boards - 1, within=60)
            assert waiting_for_locks() == 1
            another.rollback()
        assert sorted(it.result() for it in asked) == [200] + [503] * (boards - 1)
        assert ask() == 200
