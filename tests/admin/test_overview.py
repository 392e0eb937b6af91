"""The overview: what it costs, who sees it, and what today is compared with."""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import psycopg
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.admin import dashboard, today
from callbacks.models import CallAttempt, Extension, Schedule, Team
from callbacks.monitoring import right_now
from callbacks.reports import usual
from callbacks.reports.measures import MEASURES
from callbacks.wallboard import figures
from leads.models import Lead, LeadSource
from tests.benchmarks.many_leads import Many, fill
from tests.scheduling.test_next_call import moment

NOON = datetime(2026, 3, 25, 10, 2, tzinfo=UTC)  # Wednesday, 12:02 in Jerusalem

# Queries of the page around the overview: login, rights, side bar, the sentences above every page.
FRAME = re.compile(
    r'FROM "(django_session|auth_user|auth_permission|callbacks_signin)"|"user_id" = \d+ LIMIT 1'
    r"|FROM leads_leadsource source|FROM callbacks_extension extension\s+WHERE team_id = ANY"
    r'|DISTINCT "callbacks_team_sources"|ORDER BY "callbacks_callattempt"."id" DESC LIMIT 3'
    r'|^SELECT COUNT\(\*\) AS "__count" FROM "callbacks_callattempt" INNER JOIN'  # the badge
)


@pytest.fixture(autouse=True)
def _the_past_is_read_anew() -> None:
    usual.forget()


def statements(client: Client) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/admin/").status_code == 200
    return [it["sql"] for it in captured]


def called_back(
    source: LeadSource, at: datetime, ring: float, *, number: int, talked: bool = True
) -> Lead:
    """A lead whose phone rang `ring` seconds after `at`."""
    rang = timedelta(seconds=ring)
    talk = {"connected_at": at + 2 * rang, "time_to_talk": 2 * rang} if talked else {}
    return Lead(
        source=source, name="Noa", phone=f"+97250555{number:04}", submitted_at=at,
        clock_started_at=at, due_at=at + timedelta(seconds=60), call_after=at, counted_from=at,
        first_dialed_at=at, rang_at=at + rang, time_to_ring=rang, closed_at=at + 3 * rang,
        status="connected" if talked else "unreached", **talk,
    )  # fmt: skip


def test_the_overview_asks_15_times_at_most(
    managing: Client, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    make_lead(language="he")
    make_lead(status="calling")
    # The time stands still: figures of the past are kept for up to five minutes.
    with time_machine.travel(timezone.now(), tick=False):
        statements(managing)  # the set-up is read once
        usual.forget()
        asked = statements(managing)
        own = {it for it in asked if not FRAME.search(it)}
        assert len(own) <= 15, "\n".join(it[:120] for it in own)
        assert len(asked) <= 26
        assert len(statements(managing)) == len(asked) - 1  # the figures of the past are kept


@pytest.mark.django_db(transaction=True)
def test_closed_leads_of_other_days_are_not_read() -> None:
    connection.ensure_connection()
    assert isinstance(connection.connection, psycopg.Connection)
    now = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
    fill(connection.connection, Many(leads=8_000, until=now))
    with connection.cursor() as cursor:  # else the plans follow what earlier tests have left
        cursor.execute("REINDEX TABLE leads_lead")
        cursor.execute("REINDEX TABLE callbacks_callattempt")
    with time_machine.travel(now, tick=False), CaptureQueriesContext(connection) as captured:
        here = right_now.read(now)
        dashboard.tiles(now)
        dashboard.of_attempts(here)
        today.read(now)
    plans = {}
    for sql in (it["sql"] for it in captured if "leads_lead" in it["sql"]):
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + sql.replace("%", "%%"))
            plans[sql] = "\n".join(line for (line,) in cursor.fetchall())
    assert len(plans) > 5
    for sql, plan in plans.items():
        assert not re.search(r"Seq Scan on (leads_lead|callbacks_callattempt)\b", plan), sql + plan


def test_today_is_held_against_the_same_weekday(source: LeadSource) -> None:
    """Worked out by hand: three Wednesdays, the middle one without leads before 12:00."""
    leads, number = [], iter(range(1000))
    for weeks, rings in {1: (10, 20, 30, 90), 2: (), 3: (40, 100)}.items():
        day = NOON - timedelta(weeks=weeks)
        leads += [
            called_back(source, day - timedelta(hours=1, minutes=place), ring, number=next(number))
            for place, ring in enumerate(rings)
        ]
        # After 12:00, and on another weekday: not compared.
        leads.append(called_back(source, day + timedelta(minutes=1), 999, number=next(number)))
        leads.append(called_back(source, day - timedelta(days=1), 999, number=next(number)))
    Lead.objects.bulk_create(leads)
    with time_machine.travel(NOON, tick=False):
        past = usual.usual([MEASURES[key] for key in today.SHOWN], NOON)
    assert (past.until, past.days) == (time(12, 0), 3)
    assert past.values["leads"] == 2  # of 4, 0, 2
    assert past.values["in_time"] == pytest.approx((0.75 + 0.5) / 2)
    assert past.values["ring_p50"] == pytest.approx((25 + 70) / 2)
    assert past.values["talk_p50"] == pytest.approx((50 + 140) / 2)
    assert past.values["reached_share"] == 1


def test_without_a_past_there_is_nothing_usual(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    make_lead()
    shown = managing.get("/admin/").context["today"]
    assert shown.said.startswith("No earlier")
    assert {it.usual for it in shown.figures} == {"-"}


def test_a_page_does_not_wait_long_for_the_one_that_reads_the_past(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    make_lead()
    usual.forget()
    with usual._shared._is_reading:  # as another page has it while its query is slow
        shown = managing.get("/admin/").context["today"]
    assert shown.said.startswith("The usual figures are not ready yet.")
    assert {it.usual for it in shown.figures} == {"-"}
    assert ">1</a>" in shown.figures[0].cell.shown
    assert managing.get("/admin/").context["today"].said.startswith("No earlier")


def test_each_figure_of_today_leads_to_its_leads(managing: Client, source: LeadSource) -> None:
    draw = random.Random(7)
    with time_machine.travel(NOON, tick=False):
        Lead.objects.bulk_create(
            called_back(
                source, NOON - timedelta(minutes=draw.uniform(20, 700)), draw.uniform(1, 120),
                number=number, talked=draw.random() < 0.6,
            )
            for number in range(60)
        )  # fmt: skip
        shown = managing.get("/admin/").context["today"]
        for it in shown.figures:
            address = re.search(r'href="([^"]+)"', it.cell.shown)
            assert address
            rows = managing.get(address[1].replace("&amp;", "&")).context["cl"].result_count
            said = re.search(r"(\d+) of ", " ".join(it.cell.notes))
            if it.cell.measure.key == "leads":
                assert rows == 60
            elif said:
                assert rows == int(said[1]) > 0
        bars = shown.picture.chart["series"][0]
        assert sum(bars["values"]) == 60
        assert shown.picture.chart["series"][-1]["values"][0] == source.sla_target


def test_it_shows_what_the_wallboard_shows(
    managing: Client, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        make_lead()
        late = make_lead(
            clock_started_at=now - timedelta(minutes=5), due_at=now - timedelta(minutes=4),
            call_after=now - timedelta(minutes=5),
        )  # fmt: skip
        page = managing.get("/admin/").context
        assert page["here"].waiting == figures.read(now).here.waiting == 2
        assert page["teams"] == figures.read(now).here.teams
    assert page["longest"].address == f"/admin/leads/lead/{late.pk}/change/"
    assert (page["longest"].target, page["longest"].waited) == ("1 min", "5 min")
    assert page["longest"].late == "4 min"


def test_the_wallboard_counts_as_overdue_what_the_tile_counts(
    make_lead: Callable[..., Lead],
) -> None:
    """A late follow-up counts as well: a call was promised to its visitor."""
    late = {"clock_started_at": timezone.now(), "due_at": timezone.now()}
    talked = make_lead(**late)
    make_lead(follow_up_of=talked, **late)
    [tile] = [it for it in dashboard.tiles(timezone.now()) if "overdue=yes" in it.address]
    assert tile.count == figures.read(timezone.now()).today.overdue == 2


@pytest.mark.parametrize(
    ("rule", "at", "told"),
    [
        ("open", "23 Nov 09:04", ("9 min", "10 min of opening hours", "")),
        ("open", "23 Nov 09:20", ("25 min", "10 min of opening hours", "15 min")),
        ("always", "23 Nov 09:04", ("2 d 16 h", "10 min", "2 d 16 h")),
    ],
)
def test_the_longest_wait_is_told_by_the_clock_of_its_target(
    rule: str, at: str, told: tuple[str, str, str], managing: Client, office: Schedule,
    make_lead: Callable[..., Lead],
) -> None:  # fmt: skip
    """The lead came on Friday, five minutes before the weekend."""
    LeadSource.objects.update(sla_clock=rule, sla_target=600)
    with time_machine.travel(moment("20 Nov 16:55"), tick=False):
        lead = make_lead()
    Lead.objects.update(call_after=lead.submitted_at)
    with time_machine.travel(moment(at), tick=False):
        longest = managing.get("/admin/").context["longest"]
    assert (longest.waited, longest.target, longest.late) == told


def test_calls_on_and_provider_trouble_lead_to_their_rows(
    superuser: Client, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    now = timezone.now()
    for number, (state, outcome, minutes) in enumerate(
        [("accepted", "", 1), ("refused", "provider_error", 5), ("refused", "provider_error", 50)]
    ):
        CallAttempt.objects.create(
            lead=make_lead(), extension=extension, phone=f"+97250555{number:04}", state=state,
            outcome=outcome, claimed_at=now - timedelta(minutes=minutes),
            hold_until=now + timedelta(hours=1), ended_at=None if number == 0 else now,
            call_id="c1" if number == 0 else "", error_code=0 if number == 0 else 2,
        )  # fmt: skip
    page = superuser.get("/admin/").context
    rows = superuser.get("/admin/callbacks/callattempt/?live=yes").context["cl"].result_count
    assert page["here"].calls == rows == 1
    trouble = next(
        it for it in page["needs"] if "provider" in it.address or "trouble" in it.address
    )
    assert superuser.get(trouble.address).context["cl"].result_count == trouble.count == 1


@pytest.mark.parametrize(
    ("rights", "shown", "hidden"),
    [
        (["leads.view_lead"], ["today", "longest"], ["teams"]),
        (["callbacks.view_extension"], ["teams"], ["today", "longest"]),
        (["callbacks.view_callattempt"], ["here"], ["today", "teams"]),
        ([], [], ["here", "today", "teams"]),
    ],
)
def test_each_part_is_for_those_who_may_see_what_it_counts(
    staff_with: Callable[..., Client], make_lead: Callable[..., Lead], team: Team,
    rights: list[str], shown: list[str], hidden: list[str],
) -> None:  # fmt: skip
    make_lead()
    page = staff_with(*rights).get("/admin/")
    assert all(page.context.get(it) for it in shown)
    assert not any(page.context.get(it) for it in hidden)
    assert ("You do not have permission to see the overview" in page.content.decode()) == (
        not rights
    )
