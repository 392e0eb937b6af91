"""Reports of leads that moved to or from another team, as a team leader reads them.

Each number in a report equals the length of the list that it links to. Neither reveals what belongs
to the other team.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from callbacks.access import scope
from callbacks.access.roles import Role
from callbacks.models import CallAttempt
from callbacks.reports import drilldown
from callbacks.reports.date_ranges import Days
from callbacks.reports.drilldown import Behind
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import ALL, Grouping
from callbacks.reports.measures import MEASURES
from callbacks.reports.people import Person
from callbacks.reports.queries import Table, figures
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.table import people
from leads.models import Attribution, Feedback, Lead, LeadStatus
from tests.access.test_moved_calls import call
from tests.access.test_moved_leads import SECRET, asks
from tests.access.test_teams import text_of, unpacked
from tests.access.world import Side, World

pytestmark = pytest.mark.django_db


def lead(first: Side, now_at: Side, callers: tuple[Side, ...], place: int) -> Lead:
    """A lead sent to `first`, called by `callers` and rated by its visitor; now at `now_at`."""
    found = asks(first, f"{first.mark}-{place}", phone=f"+97250555018{place}")
    Attribution.objects.update_or_create(lead=found, defaults={"utm_campaign": first.mark})
    at = timezone.now() - timedelta(minutes=20)
    for number, side in enumerate(callers):
        attempt = call(found, side, f"call-{place}-{number}", f"{side.mark}-{place}{number}")
        CallAttempt.objects.filter(pk=attempt.pk).update(leg1_time=timedelta(seconds=9))
    before = at - timedelta(minutes=5)
    first_caller = callers[0] if callers else None
    Feedback.objects.create(lead=found, score=1 + place % 5, words=f"{first.mark} says")
    Lead.objects.filter(pk=found.pk).update(
        source=now_at.source, helped=1 + place % 5,
        first_source=None if first is now_at else first.source,
        by_team=first_caller and first_caller.team.pk,
        by_user=first_caller and first_caller.salesperson.pk,
        by_extension=first_caller and first_caller.extension.pk,
        status=LeadStatus.CONNECTED, closed_at=at, connected_at=at, rang_at=at, due_at=at,
        submitted_at=before, clock_started_at=before, counted_from=before,
        first_dialed_at=at, time_to_ring=timedelta(seconds=5), time_to_talk=timedelta(seconds=8),
    )  # fmt: skip
    found.refresh_from_db()
    return found


@pytest.fixture
def leads(world: World) -> dict[str, Lead]:
    """Leads by where they were sent, where they are now, and who called."""
    own, other = world.own, world.other
    sides: dict[str, tuple[Side, Side, tuple[Side, ...]]] = {
        "came, called by them": (other, own, (other,)),
        "came, called by us": (other, own, (own,)),
        "came, called by both": (other, own, (other, own)),
        "went, called by us": (own, other, (own,)),
        "went, called by them": (own, other, (other,)),
        "went, called by both": (own, other, (own, other)),
        "went, called by both, they first": (own, other, (other, own)),
        "ours": (own, own, (own,)),
        "ours, called by them": (own, own, (other,)),
        "theirs": (other, other, (other,)),
    }
    return {name: lead(*it, place) for place, (name, it) in enumerate(sides.items())}


def takes_away(world: World, *leads: int) -> None:
    """Makes these leads the other team's alone, and with them the own team's leads of `world`."""
    nobodys = {"first_source": None, "by_team": None, "by_user": None, "by_extension": None}
    rows = Lead.objects.filter(pk__in=[*leads, *(it.pk for it in _own_rows(world))])
    rows.update(source=world.other.source, **nobodys)


def _own_rows(world: World) -> list[Lead]:
    return list(Lead.objects.filter(name__startswith=f"Lead {world.own.mark}"))


def leader(world: World) -> User:
    return User.objects.get(username="the-team_leader")


def asked(world: World, **values: object) -> Asked:
    today = timezone.localdate()
    return Asked(
        Days(today - timedelta(days=1), today),
        seen=scope.of(leader(world)),
        **values,  # type: ignore[arg-type]
    )


def listed(behind: Behind, leader: User) -> set[int]:
    """The rows in the list that a number links to, as the leader sees them."""
    report = drilldown.read(behind.query(), timezone.now(), scope.of(leader))
    seen = scope.rows(leader, behind.model._default_manager.all())
    return set(seen.filter(report.condition(timezone.now())).values_list("pk", flat=True))


FILTERS: dict[str, Callable[[World], dict[str, object]]] = {
    "all": lambda _world: {},
    "their source": lambda world: {"sources": (world.own.source.pk,)},
    "their team": lambda world: {"team": world.own.team.pk},
    "no team": lambda _world: {"team": 0},
    "their salesperson": lambda world: {"salesperson": Person(world.own.salesperson.pk)},
    "nobody": lambda _world: {"salesperson": Person(0)},
    "a status": lambda _world: {"status": "connected"},
    "a language": lambda _world: {"language": "en"},
    "a campaign": lambda world: {"utm_campaign": world.own.mark},
    "the others' campaign": lambda world: {"utm_campaign": world.other.mark},
    "no campaign": lambda _world: {"utm_campaign": ""},
}


def numbers(table: Table, grouping: Grouping) -> Iterator[tuple[Behind, int]]:
    for row, measure in product([table.total, *table.rows], table.measures):
        if not measure.listed:
            continue
        by = None if row.key is None else grouping
        figure = row[measure.key]
        yield Behind(table.asked, measure, by, row.key), figure.leads
        if figure.out_of is not None and measure.counts in ("leads", "calls"):
            yield Behind(table.asked, measure, by, row.key, out_of=True), figure.out_of


# With these groupings, the condition for a group differs from the one for all leads. For each
# measure, the table has a number for all leads.
GROUPINGS = ("source", "team", "salesperson", "utm_campaign", "day")
OF_GROUPS = ("leads", "not_counted", "reached", "helped", "answers", "in_time")


@pytest.mark.parametrize("name", FILTERS)
def test_a_report_of_leads_counts_what_its_list_shows(
    name: str, world: World, leads: dict[str, Lead]
) -> None:
    meant, now = asked(world, **FILTERS[name](world)), timezone.now()
    hidden = {leads["theirs"].pk, leads["went, called by them"].pk}
    some, reader = [MEASURES[it] for it in OF_GROUPS], leader(world)
    every = MEASURES.values() if name == "all" else some
    tables = [(figures(meant, every, now=now), ALL["day"])]
    tables += [(figures(meant, some, ALL[it], now=now), ALL[it]) for it in GROUPINGS]
    counted = 0
    for table, grouping in tables:
        for behind, count in numbers(table, grouping):
            found = listed(behind, reader)
            assert len(found) == count, behind
            assert not hidden & found
            counted += count
    assert counted or name in ("the others' campaign", "a language")


@pytest.mark.parametrize("name", FILTERS)
def test_a_report_of_people_counts_what_its_list_shows(
    name: str, world: World, leads: dict[str, Lead]
) -> None:
    meant, reader = asked(world, **FILTERS[name](world)), leader(world)
    for grouping in CALL_GROUPINGS.values():
        table = people(meant, grouping, timezone.now()).table
        for behind, count in numbers(table, grouping):
            if count or (behind.grouping is None and name == "all"):
                assert len(listed(behind, reader)) == count, behind


def test_the_groups_that_a_leader_reads_name_nobody_of_the_other_team(
    world: World, leads: dict[str, Lead]
) -> None:
    """Except a caller of a lead that was the leader's, so `takes_away` removes that lead."""
    takes_away(world, leads["ours, called by them"].pk)
    for grouping in ALL.values():
        table = figures(asked(world), [MEASURES["leads"]], grouping, now=timezone.now())
        labels = " ".join(row.label for row in table.rows if row["leads"].leads)
        told = [it for it in (world.other.team.name, "Zzother", world.other.mark) if it in labels]
        # A lead that left still counts for its calls by the leader's team; its new source is named.
        assert told == ([world.other.mark] if grouping.key == "source" else []), grouping.key


BEHIND: dict[str, Callable[[World], str]] = {
    "a team": lambda world: f"by=team&group={world.other.team.pk}",
    "a salesperson": lambda world: f"by=salesperson&group=user-{world.other.salesperson.pk}",
    "a phone": lambda world: f"by=salesperson&group=phone-{world.other.extension.pk}",
}


@pytest.mark.parametrize("what", BEHIND)
def test_an_address_that_was_made_up_names_nobody(
    what: str, world: World, leads: dict[str, Lead]
) -> None:
    takes_away(world, leads["ours, called by them"].pk)
    client = world.as_(Role.TEAM_LEADER)
    report = f"period=today&measure=leads&{BEHIND[what](world)}"
    answer = client.get("/admin/leads/lead/", {"report": report})
    assert answer.context["cl"].result_count == 0
    text = text_of(answer)
    for word in (world.other.team.name, world.other.extension.name, "Zzother"):
        assert word not in text


# --- whether the talk helped ---------------------------------------------------------------------

# Whether the leader reads what the visitor answered after the talk.
ANSWERS = {
    "came, called by them": False,
    "came, called by us": True,
    "came, called by both": False,
    "went, called by us": True,
    "went, called by both": True,
    "ours": True,
    "ours, called by them": True,
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answer_after_a_talk_is_told_to_the_team_that_talked(
    name: str, world: World, leads: dict[str, Lead]
) -> None:
    client, its = world.as_(Role.TEAM_LEADER), leads[name]
    is_told = ANSWERS[name]
    words, score = its.feedback.words, f"Did it help? {its.helped} out of 5"
    page = text_of(client.get(f"/admin/leads/lead/{its.pk}/change/"))
    assert (words in page, score in page) == (is_told, is_told)
    for query in ("helped=any", f"helped={'low' if (its.helped or 0) < 3 else 'high'}"):
        rows = list(client.get(f"/admin/leads/lead/?{query}").context["cl"].result_list)
        if its.helped != 3 or query == "helped=any":
            assert (its in rows) == is_told
    for query in ("helped__gte=1", "feedback__score=1", "feedback__words__contains=says"):
        answer = client.get(f"/admin/leads/lead/?{query}")
        assert answer.status_code in (302, 400)
    takes_away(world, *(it.pk for it in leads.values() if it != its))
    file = unpacked(client.post("/admin/leads/lead/export/", {"format": "csv"}))
    assert (words in file) == is_told
    total = figures(asked(world), MEASURES.values(), now=timezone.now()).total
    assert total["leads"].leads == 1
    assert (total["answers"].leads, total["helped"].value) == (
        (1, its.helped) if is_told else (0, None)
    )


@pytest.mark.parametrize(
    ("name", "is_told"),
    [("came, called by us", True), ("came, called by both", False), ("went, called by us", True),
     ("went, called by both", True), ("ours", True)],
)  # fmt: skip
def test_the_salesperson_reads_it_at_their_own_talk(
    name: str, is_told: bool, world: World, leads: dict[str, Lead]
) -> None:
    its = leads[name]
    CallAttempt.objects.exclude(lead=its).update(extension=world.other.extension)
    # Today's calls are shown: twenty minutes ago may have been yesterday.
    CallAttempt.objects.filter(lead=its).update(claimed_at=timezone.now())
    desk = text_of(world.as_(Role.SALESPERSON).get("/desk/"))
    assert (
        (its.feedback.words in desk) == (f"Did it help? {its.helped} out of 5" in desk) == is_told
    )


def test_a_manager_is_told_every_answer(world: World, leads: dict[str, Lead]) -> None:
    client = world.as_(Role.MANAGER)
    rows = client.get("/admin/leads/lead/?helped=any").context["cl"].result_count
    assert rows == len(leads)
    its = leads["came, called by them"]
    assert its.feedback.words in text_of(client.get(f"/admin/leads/lead/{its.pk}/change/"))


# --- what people of the other team did with it ---------------------------------------------------


@pytest.fixture
def done(world: World, leads: dict[str, Lead]) -> Lead:
    """A lead that came: the other team assigned it and acted on it, then the leader released it."""
    its, theirs = leads["came, called by them"], world.other.salesperson
    theirs.is_staff = True
    theirs.save()
    for user, sentence in ((theirs, f"{SECRET} was chosen"), (leader(world), "Released here")):
        LogEntry.objects.log_actions(user.pk, [its], CHANGE, sentence, single_object=True)
    Lead.objects.filter(pk=its.pk).update(assigned_to=theirs)
    return its


@pytest.mark.parametrize(
    "page", ["/admin/leads/lead/", "{lead}change/", "{lead}history/", "{lead}call-with/"]
)
def test_its_story_names_nobody_of_the_other_team(
    page: str, done: Lead, world: World, leads: dict[str, Lead]
) -> None:
    takes_away(world, *(it.pk for it in leads.values() if it != done))
    client = world.as_(Role.TEAM_LEADER)
    text = text_of(client.get(page.format(lead=f"/admin/leads/lead/{done.pk}/"), follow=True))
    assert f"Lead {done.pk}" in text or page.endswith("lead/") or "call-with" in page
    for word in (SECRET, "Zzother", "zzother-seller"):
        assert word not in text, word
    if page.endswith(("change/", "history/")):
        assert "Released here" in text


def test_nor_does_a_file(done: Lead, world: World, leads: dict[str, Lead]) -> None:
    takes_away(world, *(it.pk for it in leads.values() if it != done))
    client = world.as_(Role.TEAM_LEADER)
    file = unpacked(client.post("/admin/leads/lead/export/", {"format": "csv"}))
    assert "Sent to another team" in file
    assert "Zzother" not in file


@pytest.mark.parametrize(
    ("query", "is_there"),
    [("assigned={who}", False), ("assigned=anybody", False), ("assigned=nobody", True),
     ("assigned_to__username=zzother-seller", False)],
)  # fmt: skip
def test_it_is_not_found_by_whose_it_was(
    query: str, is_there: bool, done: Lead, world: World
) -> None:
    address = f"/admin/leads/lead/?{query.format(who=world.other.salesperson.pk)}"
    answer = world.as_(Role.TEAM_LEADER).get(address)
    if answer.status_code == 200:
        assert (done in list(answer.context["cl"].result_list)) == is_there
    else:
        assert not is_there


def test_a_manager_reads_the_whole_story(done: Lead, world: World) -> None:
    client = world.as_(Role.MANAGER)
    page = text_of(client.get(f"/admin/leads/lead/{done.pk}/change/"))
    assert f"{SECRET} was chosen" in page
    assert "Zzother" in page
    found = client.get("/admin/leads/lead/?assigned=anybody").context["cl"].result_list
    assert done in list(found)
