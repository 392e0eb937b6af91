"""Before something is refused: how many of the last week's requests that would have affected."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from leads.models import Answers, BlockEntry, Lead

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source")]
MakeLead = Callable[..., Lead]
LIST = "/admin/leads/blockentry/"


@pytest.fixture
def _a_week(make_lead: MakeLead) -> None:
    now = timezone.now()
    over = {"status": "connected", "connected_at": now, "closed_at": now}
    make_lead("+972505550101", submitted_from="203.0.113.7", email="a@mail.shop.example", **over)
    make_lead("+970591234567", submitted_from="203.0.113.8", message="The casino, please.")
    make_lead("+442079460018", submitted_from="2001:db8::1", name="María", **over)
    answered = Lead.objects.get(phone="+970591234567")
    wish = {"key": "wish", "label": "Wish", "value": "Roulette"}
    ticked = {"key": "box", "label": "Box", "value": True}
    Answers.objects.create(lead=answered, given=[wish, ticked])
    old = make_lead("+972505550102", submitted_from="203.0.113.7", message="casino maria")
    Lead.objects.filter(pk=old.pk).update(submitted_at=now - timedelta(days=8))


# An entry, how many of three requests it would have refused, and how many of those led to a talk.
ENTRIES = [
    ("number", "+972505550101", 1, 1),
    ("number", "+97250", 1, 1),
    ("number", "+97259", 1, 0),
    ("number", "+4420", 1, 1),
    ("address", "203.0.113.0/24", 2, 1),
    ("address", "2001:db8::/32", 1, 1),
    ("domain", "shop.example", 1, 1),
    ("word", "casino", 1, 0),
    ("word", "maria", 1, 1),
    ("word", "roulette", 1, 0),
    ("word", "true", 0, 0),
    ("word", "loan", 0, 0),
]


def save(client: Client, kind: str, value: str, **values: str) -> Any:
    typed = {"kind": kind, "value": value, "verdict": "refuse", "reason": "", **values}
    return client.post(f"{LIST}add/", typed)


@pytest.mark.usefixtures("_a_week")
@pytest.mark.parametrize(("kind", "value", "fitted", "talked"), ENTRIES)
def test_it_is_said_and_asked(
    kind: str, value: str, fitted: int, talked: int, managing: Client
) -> None:
    answer = save(managing, kind, value)
    if not fitted:
        assert answer.status_code == 302
        return
    page = answer.content.decode()
    assert f"would have refused {fitted} of the 3 requests of the last seven days." in page
    assert (f"Somebody has talked with {talked} of them." in page) == bool(talked)
    assert 'type="checkbox" name="sure"' in page
    assert not BlockEntry.objects.exists()
    assert save(managing, kind, value, sure="on").status_code == 302
    assert BlockEntry.objects.get().verdict == "refuse"


@pytest.mark.usefixtures("_a_week")
def test_what_only_holds_is_not_asked(managing: Client) -> None:
    assert save(managing, "number", "+97250", verdict="hold").status_code == 302


@pytest.mark.usefixtures("_a_week")
def test_one_that_held_is_asked_when_it_is_to_refuse(managing: Client) -> None:
    entry = BlockEntry.objects.create(kind="word", value="casino", verdict="hold")
    page = f"{LIST}{entry.pk}/change/"
    refuse = {"verdict": "refuse", "reason": "a prank"}
    assert "would have refused 1 of the 3" in managing.post(page, refuse).content.decode()
    assert managing.post(page, {**refuse, "sure": "on"}).status_code == 302
    entry.refresh_from_db()
    assert (entry.verdict, entry.reason) == ("refuse", "a prank")
    # Once the entry refuses, changing its reason asks no further question.
    assert managing.post(page, {**refuse, "reason": "spam"}).status_code == 302


@pytest.mark.usefixtures("_a_week")
def test_so_is_who_blocks_the_sender_of_held_leads(managing: Client, make_lead: MakeLead) -> None:
    """The held leads themselves do not count: refusing them is the purpose."""
    held = make_lead("+972505550177", status="held", submitted_from="203.0.113.9")
    said = {
        "action": "block_sender_selected", "_selected_action": [str(held.pk)], "confirmed": "yes",
        "verdict": "refuse", "span": "week", "reason": "",
    }  # fmt: skip

    def post(**more: Any) -> str:
        return managing.post("/admin/leads/heldlead/", said | more, follow=True).content.decode()

    assert "would have refused" not in post(what=["number"])
    BlockEntry.objects.all().delete()
    Lead.objects.filter(pk=held.pk).update(
        status="held", closed_at=None, submitted_from="203.0.113.7"
    )
    page = post(what=["address"])
    assert "would have refused 1 of the 3 requests" in page
    assert 'type="checkbox" name="sure"' in page
    assert not BlockEntry.objects.exists()
    post(what=["address"], sure="on")
    assert BlockEntry.objects.get().value == "203.0.113.7"


FILE = """kind,entry,verdict
number,+97250,refuse
address,203.0.113.0/24,hold
domain,shop.example,refuse
word,casino,hold
word,loan,refuse
"""


def look_at(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("list.csv", text.encode())
    return client.post(f"{LIST}import/", {"file": file})


@pytest.mark.usefixtures("_a_week")
def test_a_file_says_what_it_would_have_done_before_it_is_stored(managing: Client) -> None:
    answer = look_at(managing, FILE)
    refused, domain, number, held, address, word = answer.context["reach"]
    assert refused.startswith("This would have refused 1 of the 3 requests of the last seven days.")
    assert "Somebody has talked with 1 of them." in refused
    assert (domain, number) == (
        "shop.example (mail domain): 1 request.", "+97250 (number or prefix): 1 request.",
    )  # fmt: skip
    assert held.startswith("This would have held 2 of the 3 requests of the last seven days")
    assert (address, word) == (
        "203.0.113.0/24 (address or network): 2 requests.", "casino (word): 1 request.",
    )  # fmt: skip
    assert address in answer.content.decode()
    assert not BlockEntry.objects.exists()
    managing.post(f"{LIST}import/", {"text": answer.context["text"]})
    assert BlockEntry.objects.count() == 5
    # Entries that exist already would change nothing.
    assert look_at(managing, FILE).context["reach"] == []


@pytest.mark.usefixtures("_a_week")
def test_a_file_that_would_have_done_nothing_says_nothing(managing: Client) -> None:
    answer = look_at(managing, "kind,entry,verdict\nword,loan,refuse\n")
    assert answer.context["reach"] == []
    assert "last week" not in answer.content.decode()
