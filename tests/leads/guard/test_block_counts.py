"""How many requests each entry has refused: per entry, per day, and only what it refused."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from leads.guard import block_counts
from leads.models import BlockDay, BlockEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("source")]
NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 12:00 in Jerusalem
REQUEST = {
    "source": "website", "name": "Noa Levi", "phone": "+972505550101",
    "email": "noa@mail.shop.example", "message": "About the casino.",
}  # fmt: skip
# An entry, what it does with the request, and what is counted for it.
ENTRIES = [
    ("number", "+97250", "refuse", 1),
    ("domain", "shop.example", "refuse", 1),
    ("word", "casino", "hold", 0),
    ("word", "loan", "refuse", 0),
]


def test_each_entry_that_refused_it_is_counted(client: Client) -> None:
    entries = [
        BlockEntry.objects.create(kind=kind, value=value, verdict=verdict)
        for kind, value, verdict, _counted in ENTRIES
    ]
    over = BlockEntry.objects.create(kind="word", value="about", verdict="refuse", until=NOON)
    assert client.post("/api/leads/", REQUEST).status_code == 403
    counted = {it.entry_id: it.refused for it in BlockDay.objects.all()}
    assert [counted.get(it.pk, 0) for it in entries] == [it[3] for it in ENTRIES]
    assert over.pk not in counted


def test_days_are_those_of_the_site_and_are_kept_for_thirty() -> None:
    one, other = (
        BlockEntry.objects.create(kind="word", value=word, verdict="refuse")
        for word in ("casino", "loan")
    )
    for days, entries in ((31, [one]), (30, [one]), (6, [one, other]), (0, [one])):
        block_counts.note([it.pk for it in entries], NOON - timedelta(days=days))
    block_counts.note([one.pk], NOON + timedelta(hours=11, minutes=59))  # 23:59 in Jerusalem
    assert BlockDay.objects.filter(entry=one).count() == 3  # the oldest is gone
    assert block_counts.refused([one.pk, other.pk], NOON, days=7) == {one.pk: 3, other.pk: 1}
    assert block_counts.refused([one.pk, other.pk], NOON, days=1) == {one.pk: 2}
    [most] = block_counts.refusing_most(NOON, least=2, most=9)
    assert (most.entry, most.refused) == (one, 2)
    block_counts.note([other.pk], NOON + timedelta(hours=12))  # midnight in Jerusalem
    assert block_counts.refusing_most(NOON, least=3, most=9) == []


def test_an_entry_that_is_deleted_meanwhile_is_not_counted() -> None:
    block_counts.note([10**9], NOON)
    assert not BlockDay.objects.exists()


def test_the_list_shows_it(admin_client: Client) -> None:
    entry = BlockEntry.objects.create(kind="word", value="casino", verdict="refuse")
    BlockEntry.objects.create(kind="word", value="loan", verdict="hold")
    with time_machine.travel(NOON, tick=False):
        for _ in range(214):
            block_counts.note([entry.pk], NOON)
        listed = admin_client.get("/admin/leads/blockentry/").context["cl"]
    shown = {it.value: listed.model_admin.refused(it) for it in listed.result_list}
    assert shown == {"casino": "214", "loan": "-"}
