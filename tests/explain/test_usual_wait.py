"""How long visitors waited for their phone to ring, in the last hour."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from callbacks.explain.usual_wait import LEAST, Wait, usual_wait, within
from callbacks.models import Team
from callbacks.routing import config
from leads import intake
from leads.models import Lead, LeadSource


def rang(*seconds: float) -> list[Wait]:
    return [(timedelta(seconds=it), 3600.0) for it in seconds]


def silent(*seconds: float) -> list[Wait]:
    return [(None, it) for it in seconds]


@pytest.mark.parametrize(
    ("waits", "seconds"),
    [
        ([], None),
        (rang(*[9] * (LEAST - 1)), None),
        (rang(*[0] * LEAST), 10),
        (rang(*[9] * LEAST), 10),
        (rang(10, 20, 30, 40, 300), 40),
        (rang(10, 20, 30, 31, 32), 40),
        (rang(60, 60, 60, 60, 60), 60),
        (rang(61, 61, 61, 61, 61), 120),
        (rang(601, 601, 601, 601, 601), 900),
        (rang(1800, 1800, 1800, 1800, 1800), 1800),
        (rang(1801, 1801, 1801, 1801, 1801), None),
        # Four of five rang; the silent one has waited longer, or never rings.
        (rang(10, 10, 10, 10, 50) + silent(60), 50),
        (rang(10, 10, 10, 10, 50) + silent(5), 10),
        (rang(10, 10, 10, 10, 10) + silent(math.inf, math.inf), None),
        (rang(*[10] * 8) + silent(math.inf, math.inf), 10),
        (silent(*[600] * 20), None),
    ],
    ids=[
        "nobody has asked", "one too few", "at once", "rounded up", "four of five", "to tens",
        "a minute", "to minutes", "to five minutes", "half an hour", "more than half an hour",
        "one waits longer", "one has just come", "two of seven never rang",
        "two of ten never rang", "no phone rings",
    ],
)  # fmt: skip
def test_what_is_said(waits: list[Wait], seconds: int | None) -> None:
    assert within(waits) == (timedelta(seconds=seconds) if seconds else None)


def said(source: LeadSource, now: datetime) -> float | None:
    usual = usual_wait(config.current(), source.pk, now)
    return usual.total_seconds() if usual else None


@pytest.fixture
def ask(team: Team) -> Callable[..., None]:
    """ask(source, took, **values): LEAST requests, whose phones rang after `took` seconds."""
    numbers = iter(range(100, 200))

    def asks(source: LeadSource, took: float | None = 30, **values: object) -> None:
        for number in [next(numbers) for _ in range(LEAST)]:
            key = intake.key_from("test", str(number))
            lead = intake.store(
                intake.Submission(source=source, key=key, name="N", phone=f"+972505550{number}")
            )
            at = timezone.now() - timedelta(minutes=5)
            rings: dict[str, object] = {"submitted_at": at, "clock_started_at": at}
            if took is not None:
                took_for = timedelta(seconds=took)
                rings |= {"rang_at": at + took_for, "time_to_ring": took_for}
            Lead.objects.filter(pk=lead.pk).update(**{**rings, **values})

    return asks


def test_by_the_clock_that_the_reports_read(source: LeadSource, ask: Callable[..., None]) -> None:
    ask(source, 37)
    assert said(source, timezone.now()) == 40


@pytest.mark.parametrize(
    "values",
    [
        {"chosen_at": timezone.now()},
        {"submitted_at": timezone.now() - timedelta(minutes=61)},
        {"status": "held"},
        {"time_to_ring": None},
    ],
    ids=["a time was chosen", "more than an hour ago", "held", "not known when it rang"],
)
def test_whoever_did_not_wait_in_the_last_hour_does_not_count(
    values: dict[str, object], source: LeadSource, ask: Callable[..., None]
) -> None:
    ask(source, 30, **values)
    assert said(source, timezone.now()) is None


def test_a_source_with_few_requests_has_those_of_its_teams_other_sources(
    source: LeadSource, team: Team, ask: Callable[..., None]
) -> None:
    landing = LeadSource.objects.create(slug="landing", name="Landing page")
    elsewhere = LeadSource.objects.create(slug="shop", name="Shop")
    Team.objects.create(name="Shop team").sources.add(elsewhere)
    team.sources.add(landing)
    ask(source, 50)
    assert (said(landing, timezone.now()), said(elsewhere, timezone.now())) == (50, None)
    ask(landing, 10)
    assert (said(landing, timezone.now()), said(source, timezone.now())) == (10, 50)


def test_nothing_is_made_better_by_those_whose_phone_never_rang(
    source: LeadSource, ask: Callable[..., None]
) -> None:
    ask(source, 30)
    ask(source, None, closed_at=timezone.now(), status="unreached")
    assert said(source, timezone.now()) is None
    talked = {"connected_at": timezone.now(), "status": "connected"}
    Lead.objects.filter(rang_at=None).update(**talked)  # the phone rang, but nobody knows when
    assert said(source, timezone.now()) == 30


def test_it_is_read_once_in_a_while(
    source: LeadSource,
    ask: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Callable[[int], object],
) -> None:
    monkeypatch.setattr("callbacks.explain.usual_wait.KEPT_FOR", timedelta(seconds=20))
    monkeypatch.setattr("callbacks.explain.usual_wait._kept", {})
    ask(source, 30)
    current, now = config.current(), timezone.now()
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert usual_wait(current, source.pk, now) == timedelta(seconds=30)
        assert usual_wait(current, source.pk, now + timedelta(seconds=19)) is not None
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        usual_wait(current, source.pk, now + timedelta(seconds=20))
