"""While boards cannot be read, they do not keep the site from visitors."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest
from django.db import connection

from callbacks.config import process_settings
from callbacks.models import Wallboard
from leads.models import LeadSource
from tests.support.serving import database_url
from tests.support.simulator import eventually
from tests.support.together import waiting_for_locks

pytestmark = pytest.mark.django_db(transaction=True)


def test_boards_that_wait_leave_threads_for_the_form(gunicorn: str, source: LeadSource) -> None:
    """More boards ask than the server has threads."""
    board = Wallboard.objects.create(name="Sales floor")
    boards = 2 * process_settings.WEB_THREADS
    url = f"{gunicorn}/wallboard/{board.token}/now/"

    def ask() -> int:
        return httpx.get(url, timeout=60).status_code

    with (
        ThreadPoolExecutor(boards) as pool,
        psycopg.connect(database_url(connection)) as another,
    ):
        another.execute("LOCK TABLE callbacks_wallboard IN ACCESS EXCLUSIVE MODE")
        asked = [pool.submit(ask) for _ in range(boards)]
        eventually(lambda: waiting_for_locks() == 1, within=25)
        # Less than the half minute after which PostgreSQL gives up the wait for the lock.
        form = httpx.get(f"{gunicorn}/contact/{source.slug}/", timeout=20)
        assert form.status_code == 200
        eventually(lambda: sum(it.done() for it in asked) == boards - 1, within=20)
        another.rollback()
        assert sorted(it.result() for it in asked) == [200] + [503] * (boards - 1)
    assert ask() == 200
