"""Situations that begin and end alerts on patterns, and those that do not: for test_kinds."""

from datetime import datetime, timedelta
from typing import Any

from callbacks.models import CallAttempt, Extension, SeenCountry
from leads.guard import block_counts
from leads.models import ApiClient, BlockDay, BlockEntry, Lead, LeadSource, NeverCallNumber
from tests.alerts.conftest import NOON


def from_one_address(world: Any, numbers: int = 3) -> None:
    for _ in range(numbers):
        world.make_lead(submitted_from="203.0.113.7", due_at=NOON + timedelta(hours=1))


def from_two(world: Any) -> None:
    from_one_address(world, numbers=2)
    world.make_lead(submitted_from="203.0.113.8", due_at=NOON + timedelta(hours=1))


def from_a_program_of_ours(world: Any) -> None:
    from_one_address(world)
    Lead.objects.update(api_client=ApiClient.objects.create(name="Shop"))


def days_ago(world: Any) -> None:
    Lead.objects.update(submitted_at=NOON - timedelta(days=2))
    SeenCountry.objects.update(first_seen_at=NOON - timedelta(days=9))


def through_two_sources(world: Any) -> None:
    for slug in ("website", "nobodys"):
        world.make_lead(
            "+972505550177", status="cancelled", closed_at=NOON,
            source=LeadSource.objects.get_or_create(slug=slug)[0],
        )  # fmt: skip


def through_one(world: Any) -> None:
    for _ in range(3):
        world.make_lead("+972505550177", status="cancelled", closed_at=NOON)


def calls(world: Any, count: int, unreached: int, at: datetime) -> None:
    lead = world.make_lead(status="cancelled", closed_at=NOON)
    extension = Extension.objects.get(number="101")
    CallAttempt.objects.bulk_create(
        CallAttempt(
            lead=lead, extension=extension, phone=lead.phone, claimed_at=at, ended_at=at,
            hold_until=at,
            state="lead_no_answer" if nth < unreached else "bridged",
            outcome="lead_no_answer" if nth < unreached else "bridged",
            connected_at=None if nth < unreached else at,
        )
        for nth in range(count)
    )  # fmt: skip


def nobody_answers(world: Any) -> None:
    calls(world, 100, 30, NOON - timedelta(days=9))
    calls(world, 20, 15, NOON - timedelta(minutes=9))


def as_many_as_usual_answer(world: Any) -> None:
    calls(world, 100, 60, NOON - timedelta(days=9))
    calls(world, 20, 13, NOON - timedelta(minutes=9))


def few_calls(world: Any) -> None:
    calls(world, 100, 30, NOON - timedelta(days=9))
    calls(world, 19, 19, NOON - timedelta(minutes=9))


def few_calls_before(world: Any) -> None:
    calls(world, 99, 0, NOON - timedelta(days=9))
    calls(world, 20, 20, NOON - timedelta(minutes=9))


def they_answer(world: Any) -> None:
    calls(world, 100, 0, NOON - timedelta(minutes=1))


def to_britain(world: Any) -> None:
    SeenCountry.objects.create(country="IL", first_seen_at=NOON - timedelta(days=30))
    world.make_lead("+442079460018", status="cancelled", closed_at=NOON)


def to_britain_again(world: Any) -> None:
    SeenCountry.objects.create(country="GB", first_seen_at=NOON - timedelta(days=30))
    to_britain(world)


def to_britain_in_the_first_week(world: Any) -> None:
    to_britain(world)
    SeenCountry.objects.update(first_seen_at=NOON - timedelta(days=6))


def to_where_we_are(world: Any) -> None:
    SeenCountry.objects.create(country="GB", first_seen_at=NOON - timedelta(days=30))
    world.make_lead("+972505550177", status="cancelled", closed_at=NOON)


def held(world: Any, leads: int = 1) -> None:
    for _ in range(leads):
        world.make_lead(status="held", is_held_back=True, waiting_since=NOON - timedelta(hours=1))


def three_are_held(world: Any) -> None:
    held(world, leads=3)


def rejected(world: Any) -> None:
    Lead.objects.update(status="cancelled", closed_at=NOON)


def listed(world: Any, by: str = "visitor") -> None:
    for number in range(3):
        NeverCallNumber.objects.create(
            phone=f"+97250555010{number}", asked_by=by, added_at=NOON - timedelta(minutes=9)
        )


def listed_by_managers(world: Any) -> None:
    listed(world, by="manager")


def an_hour_ago(world: Any) -> None:
    NeverCallNumber.objects.update(added_at=NOON - timedelta(hours=1))


def refused_ten(world: Any, times: int = 10) -> None:
    entry = BlockEntry.objects.create(kind="word", value="casino", verdict="refuse")
    for _ in range(times):
        block_counts.note([entry.pk], NOON)


def refused_nine(world: Any) -> None:
    refused_ten(world, times=9)


def yesterday(world: Any) -> None:
    BlockDay.objects.update(day=NOON.date() - timedelta(days=1))


def nothing(world: Any) -> None:
    """Nothing changes."""


PATTERN_CASES: list[Any] = [
    ("many_numbers", from_one_address, 1, days_ago, "leads/lead/?alike=address-"),
    ("many_numbers", from_two, 0, nothing, ""),
    ("many_numbers", from_a_program_of_ours, 0, nothing, ""),
    ("many_sources", through_two_sources, 1, days_ago, "leads/lead/?alike=number-"),
    ("many_sources", through_one, 0, nothing, ""),
    ("unreached_share", nobody_answers, 1, they_answer, "callbacks/callattempt/?called=today"),
    ("unreached_share", as_many_as_usual_answer, 0, nothing, ""),
    ("unreached_share", few_calls, 0, nothing, ""),
    ("unreached_share", few_calls_before, 0, nothing, ""),
    ("new_country", to_britain, 1, days_ago, "leads/lead/?alike=country-"),
    ("new_country", to_britain_again, 0, nothing, ""),
    ("new_country", to_britain_in_the_first_week, 0, nothing, ""),
    ("new_country", to_where_we_are, 0, nothing, ""),
    ("held_waits", held, 1, rejected, "leads/heldlead"),
    ("held_waits", three_are_held, 1, rejected, "leads/heldlead"),
    ("many_held", three_are_held, 1, rejected, "leads/heldlead"),
    ("many_held", held, 0, nothing, ""),
    ("never_call_grows", listed, 1, an_hour_ago, "leads/nevercallnumber/?asked_by__exact=visitor"),
    ("never_call_grows", listed_by_managers, 0, nothing, ""),
    ("entry_refuses", refused_ten, 1, yesterday, "leads/blockentry/"),
    ("entry_refuses", refused_nine, 0, nothing, ""),
]
