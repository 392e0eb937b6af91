"""Fixtures for all tests: a source, a team, extensions; the provider's simulator."""

import gc
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import redis
from django.conf import settings as django_settings
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings as SettingsWrapper
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from callbacks.catalogs import files as catalog_files
from callbacks.common import clock, heartbeats, task_publisher
from callbacks.config.broker import transport_options
from callbacks.config.log_repeats import SaidOnce
from callbacks.explain import usual_wait
from callbacks.models import Extension, SpendLimit, Team
from callbacks.monitoring import metrics, notices, readiness, storing
from callbacks.telephony import account
from leads import intake, log_context, status_cache
from leads.guard import counters
from leads.models import Disposition, Lead, LeadSource
from tests.support import lanes
from tests.support.simulator import SimulatorProcess, eventually

pytest_plugins = [
    "tests.support.chromium",
    "tests.support.emptying",
    "tests.support.migrated",
    "tests.support.running",
    "tests.support.schedules",
    "tests.support.serving",
    "tests.support.webhook_receiver",
    "tests.support.website",
]

# On a busy machine everything takes longer, which is not the tested code's fault.
hypothesis_settings.register_profile(
    "tests",
    parent=hypothesis_settings.get_profile(hypothesis_settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("tests")
# For `make nightly`: 5,000 runs of the engine's state machine, and 100,000 examples for each parser
# (test_any_bytes.py uses multiples of the profile).
hypothesis_settings.register_profile(
    "nightly",
    parent=hypothesis_settings.get_profile("tests"),
    max_examples=5_000,
    stateful_step_count=80,
    print_blob=True,
)


def pytest_configure() -> None:
    """Compiles the pages' translation catalogs, which a fresh clone does not have."""
    try:
        catalog_files.compile_all()
    except catalog_files.BrokenCatalog as broken:
        pytest.exit(str(broken), returncode=3)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests that need the whole product, and sorts long modules first."""
    for item in items:
        if lanes.needs_the_product(item.nodeid, getattr(item, "fixturenames", ())):
            item.add_marker("product")
    items.sort(key=lanes.place)


class _Scheduling(LoadScopeScheduling):
    """Keeps a module's tests together, and a group's modules."""

    def _split_scope(self, nodeid: str) -> str:
        for group in lanes.GROUPS:
            if nodeid.startswith(group):
                return group[0]
        return super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """Our scheduler for `--dist loadscope`."""
    return _Scheduling(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_finish() -> None:
    """Freezes the four thousand tests: collecting garbage among them took a tenth of the time.

    The collector was off until now (tests.support.servers).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Removes the spending limit of a new installation: tests make more calls within an hour."""
    with django_db_blocker.unblock():
        SpendLimit.objects.all().delete()


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_looked_for_when_they_are_asked_for() -> Iterator[None]:
    """Every Client loads the middleware, which would scan all static files each time."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture
def source(db: None) -> LeadSource:
    return LeadSource.objects.create(slug="website", name="Website")


@pytest.fixture
def team(source: LeadSource) -> Team:
    team = Team.objects.create(name="Sales")
    team.sources.add(source)
    return team


@pytest.fixture
def extension(team: Team) -> Extension:
    return Extension.objects.create(number="101", name="Dana", team=team)


@pytest.fixture
def dispositions(db: None) -> dict[str, Disposition]:
    """The dispositions of a new database, by name: a test that commits deletes them."""
    effects = {
        "Interested": "stop", "Not interested": "stop", "Call again": "call_again",
        "Wrong number": "stop", "Spam": "spam", "Never call again": "never_call",
        "Left a message": "none",
    }  # fmt: skip
    return {
        name: Disposition.objects.get_or_create(
            name=name, defaults={"effect": effect, "order": place}
        )[0]
        for place, (name, effect) in enumerate(effects.items())
    }


@pytest.fixture
def make_lead(source: LeadSource) -> Callable[..., Lead]:
    """make_lead(phone="+9725055501..") stores a lead as the form does."""
    numbers = iter(range(101, 200))

    def make(phone: str = "", **values: object) -> Lead:
        source.refresh_from_db()
        lead = intake.store(
            intake.Submission(
                source=source,
                key=intake.key_from("test", str(next(numbers)), phone),
                name="Noa Levi",
                phone=phone or f"+972505550{next(numbers)}",
            )
        )
        if values:
            Lead.objects.filter(pk=lead.pk).update(**values)
            lead.refresh_from_db()
        return lead

    return make


@pytest.fixture(scope="session")
def broker() -> Iterator[redis.Redis]:
    """The tests' own Redis database."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as broker:
        yield broker


@pytest.fixture(autouse=True)
def _empty_queue(broker: redis.Redis) -> Iterator[None]:
    """Keeps a test's wake-ups from the worker of the next test."""
    yield
    eventually(lambda: not heartbeats._writing)  # a sign is being written
    heartbeats._missed = None
    # What could not be written would be written by the next test that sends a sign.
    heartbeats._unsaid = heartbeats._Unsaid()
    broker.flushdb()
    account.client.cache_clear()


@pytest.fixture(autouse=True)
def _what_a_test_measured_of_the_clock_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measured database clock would keep later tests from travelling in time."""
    monkeypatch.setattr(clock, "_reading", None)


@pytest.fixture(autouse=True)
def _each_test_begins_as_a_request_does() -> None:
    """The log names no lead of an earlier test."""
    log_context.forget()


@pytest.fixture(autouse=True)
def _a_line_that_an_earlier_test_logged_is_said_again() -> None:
    for handler in logging.getLogger().handlers:
        for it in handler.filters:
            if isinstance(it, SaidOnce):
                it._said.clear()


@pytest.fixture(autouse=True)
def _notices_are_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "REMEMBERED_FOR", 0.0)
    monkeypatch.setattr(storing._probe, "_kept", 0.0)
    monkeypatch.setattr(status_cache, "KEPT_FOR", 0.0)
    monkeypatch.setattr(usual_wait, "KEPT_FOR", timedelta(0))


@pytest.fixture(autouse=True)
def _no_wake_up_is_lost_for_a_busy_machine(
    monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    """The tests' broker is running, and may take as long as it likes to accept a message."""
    options = transport_options(settings.CELERY_BROKER_URL, seconds=60.0)
    settings.PUBLISH_TRANSPORT_OPTIONS = options
    monkeypatch.setattr(task_publisher, "PUBLISH_TIMEOUT", 60.0)
    monkeypatch.setattr(task_publisher, "LONGEST_WAIT", 60.0)


@pytest.fixture(autouse=True)
def _redis_and_postgresql_may_take_their_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A submission that is not counted in time is held, and so are all of the next 3 s; a sign of
    life that is not written in time waits for the next one; and `/readyz` says of a database or a
    Redis that is late that it is down.
    """
    monkeypatch.setattr(counters, "_breaker", counters._Breaker())
    monkeypatch.setattr(counters, "TIMEOUT", 60.0)
    monkeypatch.setattr(counters, "LONGEST_WAIT", 60.0)
    monkeypatch.setattr(readiness, "PATIENCE", 60.0)
    for asked in (readiness._database, readiness._broker, readiness._signs, storing._probe):
        monkeypatch.setattr(asked, "_seconds", 60.0)
    for asked in (metrics._database, metrics._signs):
        monkeypatch.setattr(asked, "_seconds", 60.0)
    monkeypatch.setattr(heartbeats, "TIMEOUT", 60.0)
    heartbeats._client.forget()
    yield
    heartbeats._client.forget()


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(code=django_settings.VOICENTER_CODE) as process:
        yield process


@pytest.fixture
def simulator(
    simulator_process: SimulatorProcess, settings: SettingsWrapper
) -> Iterator[SimulatorProcess]:
    """The provider's simulator, over HTTP, as if just started."""
    simulator_process.control(reset=True)
    settings.VOICENTER_URL = simulator_process.click2call_url
    settings.VOICENTER_TIMEOUT = 5.0  # a busy machine may need seconds
    account.client.cache_clear()
    yield simulator_process
    simulator_process.control(reset=True)
