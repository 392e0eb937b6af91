"""The whole product as processes, on the test database and a Redis that can go away.

Starting it costs as much as some ten tests that use it, so it is kept for the next test. It ends
before any test that does not need it, because its sweep would call that test's leads.
"""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from callbacks.models import CallAttempt, Extension, Team
from leads.models import Lead, LeadSource
from tests.support.kept_process import Kept
from tests.support.servers import redis_url
from tests.support.simulator import eventually
from tests.support.stack import Stack
from tests.support.tunnel import Tunnel


@pytest.fixture(scope="session")
def tunnel() -> Iterator[Tunnel]:
    """The connection to Redis, which a test can cut."""
    address = urlsplit(settings.REDIS_URL)
    assert address.hostname
    with Tunnel(address.hostname, address.port or 6379) as tunnel:
        yield tunnel


_kept: Kept[Stack] = Kept("kept_stack")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Ends the product after the last consecutive test that uses it."""
    try:
        return (yield)
    finally:
        _kept.end_unless_asked_for(nextitem)


@pytest.fixture(scope="session")
def _ended_before_its_database(django_db_setup: None, tunnel: Tunnel) -> Iterator[None]:
    yield
    _kept.end()


@pytest.fixture
def kept_stack(
    _ended_before_its_database: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
    tunnel: Tunnel,
) -> Stack:
    """The product as the last test left it."""

    def start() -> Stack:
        with django_db_blocker.unblock():
            database = connection.settings_dict["NAME"]
        address = urlsplit(redis_url(settings.REDIS_URL, further=1))
        credentials = address.netloc.rpartition("@")[0]
        through_tunnel = address._replace(netloc=f"{credentials}@127.0.0.1:{tunnel.port}")
        database_url = urlsplit(settings.DATABASE_URL)._replace(path=f"/{database}")
        directory: Path = tmp_path_factory.mktemp("stack")
        return Stack(
            urlunsplit(database_url),
            urlunsplit(through_tunnel),
            directory,
            WEBHOOKS_TO_LOOPBACK="true",
        )

    return _kept.get(start)


@pytest.fixture
def running_stack(kept_stack: Stack) -> Stack:
    """The product with all its processes, even if the last test left one dead."""
    kept_stack.start_missing()
    return kept_stack


@pytest.fixture
def stack(
    transactional_db: None,
    running_stack: Stack,
    tunnel: Tunnel,
) -> Iterator[Stack]:
    """The running product with a website, a team, two extensions, and quick phones."""
    already_said = {name: len(running_stack.log(name)) for name in running_stack.processes}
    source = LeadSource.objects.create(slug="website", name="Website")
    team = Team.objects.create(name="Sales")
    team.sources.add(source)
    for number in ("101", "102"):
        Extension.objects.create(number=number, team=team)
    running_stack.simulator.control(
        reset=True, cdr_url=running_stack.cdr_url, answer_after=0.05, talk=0.05
    )
    yield running_stack
    for name, length in already_said.items():
        # pytest shows this if the test fails.
        print(f"--- {name} ---\n{running_stack.log(name)[length:]}")
    tunnel.open()
    # Nothing of this test may be running when its tables are emptied: no call, no record of one.
    Extension.objects.update(is_paused=True)
    Lead.objects.filter(status="waiting").update(status="cancelled", closed_at="2026-01-01T00:00Z")
    eventually(lambda: not CallAttempt.objects.filter(state="dialing").exists())
    eventually(lambda: all(_is_over(call) for call in running_stack.simulator.ledger()))


def _is_over(call: dict[str, Any]) -> bool:
    if not call["accepted"] or call["action"] == "terminate":
        return True
    has_ended = bool(call["leg1"] and call["leg1"]["ended_at"])
    is_told = all(record["delivered"] for record in call["cdrs"])
    return has_ended and (is_told or call["cdr_fault"] == "cdr_lost")
