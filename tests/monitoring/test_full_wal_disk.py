"""The disk of PostgreSQL's write-ahead log is full: PostgreSQL stops again and again."""

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from tests.monitoring.test_storing import Site, site_on
from tests.support.simulator import eventually
from tests.support.small_disk import postgres_on_small_disk
from tests.support.visitors import hidden

FORM = "/contact/website/"
TYPED = {"name": "Noa Levi", "phone": "050-555 0101", "message": "Please call after lunch"}
# What /readyz says of refused connections while PostgreSQL shuts down and restarts.
SAYS = (
    "PostgreSQL does not answer.",
    "PostgreSQL is starting or recovering",
    "PostgreSQL is shutting down",
    "PostgreSQL broke off while a connection was made",
)


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("wal")
    with (
        postgres_on_small_disk(directory, 100, of_wal=True) as disk,
        site_on(disk, extensions=1) as site,
    ):
        yield site


def write_until_it_ends(site: Site) -> None:
    """Writes WAL, one segment after another, until no room is left for the next one."""
    with suppress(psycopg.Error):
        for _ in range(200):
            site.sql("SELECT pg_logical_emit_message(false, 'of-the-test', repeat('x', 1000000))")
        pytest.fail("it never ended")


def test_it_is_said_the_form_keeps_what_is_typed_and_nothing_of_ours_is_started_again(
    site: Site,
) -> None:
    assert site.send(1) == 201
    assert site.client.get(FORM).status_code == 200
    site.at.fill()
    write_until_it_ends(site)

    eventually(lambda: site.advice("database").startswith(SAYS), within=60)
    assert "its log" in site.advice("database")
    assert "No space left on device" in site.at.server.log()
    page = site.client.get(FORM)
    assert page.status_code == 200
    answer = site.client.post(FORM, data={**hidden(page.text), **TYPED})
    assert answer.status_code == 503
    assert "We could not save your request just now" in answer.text
    assert TYPED["message"] in answer.text

    site.at.make_room()
    eventually(lambda: not site.advice("database") and not site.advice(), within=120)
    again = site.client.post(FORM, data={**hidden(answer.text), **TYPED})
    assert again.status_code == 303
