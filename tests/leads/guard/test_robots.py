"""What robots do with a form: fill in hidden fields, answer at once, and never load the page."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client
from pytest_django.fixtures import Settings

from leads.guard import stamp
from leads.guard.circumstances import TRAP
from leads.models import Lead, LeadSource

pytestmark = pytest.mark.django_db
SENTENCE = "A field that people do not see was filled in, as robots do."
WITHOUT = "It was sent without the form's page, as robots do."
QUICK = "The form was filled in within 0.9 seconds, as robots do."
NOW = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
TOKEN, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def watched(settings: Settings) -> None:
    settings.LEAST_FILL_TIME = 1.0


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def send(client: Client, source: LeadSource, carried: dict[str, str], place: int = 1) -> Lead:
    fields = {"name": "Noa", "phone": f"050-555 010{place}", **carried}
    page = client.post(f"/contact/{source.slug}/", fields, follow=True)
    assert page.status_code == 200
    assert "We have your request" in page.content.decode()
    return Lead.objects.latest("pk")


@pytest.mark.parametrize(
    ("sent", "is_held"),
    [({TRAP: "https://example.com"}, True), ({TRAP: " "}, False), ({TRAP: ""}, False), ({}, False)],
    ids=["filled in", "a space", "empty", "not sent"],
)
def test_who_fills_in_the_trap_is_held_and_reads_the_ordinary_page(
    sent: dict[str, str], is_held: bool, source: LeadSource, client: Client
) -> None:
    lead = send(client, source, sent)
    assert (lead.status == "held") == is_held
    assert lead.error_message == (SENTENCE if is_held else "")
    assert all(it.is_mild for it in lead.findings.all())


def test_the_page_has_it_and_no_autofill(source: LeadSource, client: Client) -> None:
    page = client.get(f"/contact/{source.slug}/").content.decode()
    assert f'name="{TRAP}" type="text" autocomplete="off" tabindex="-1"' in page


def test_the_api_has_no_trap_and_no_stamp(
    source: LeadSource, client: Client, watched: None
) -> None:
    fields = {"source": source.slug, "name": "Noa", "phone": "050-555 0101", TRAP: "AB 12"}
    assert client.post("/api/leads/", fields).status_code == 201
    assert Lead.objects.get().status == "waiting"


# The page's age in seconds, the stamp sent instead of its own, and why the request is held; "": it
# is called.
STAMPS = [
    ("a person is quick", 1.0, None, ""),
    ("the browser's autofill", 1.6, None, ""),
    ("a page left open for a month", 30 * 86_400.0, None, ""),
    ("at once", 0.9, None, QUICK),
    ("a server whose clock is ahead", -2.0, None, QUICK.replace("0.9", "0.0")),
    ("no stamp", 60.0, "", WITHOUT),
    ("of another page", 60.0, stamp.new(OTHER, NOW), WITHOUT),
    ("an older time under the same signature", 60.0, "1:" + "x" * 43, WITHOUT),
    ("no number", 60.0, "now:x", WITHOUT),
    ("digits of another script", 60.0, "١٢٣:x", WITHOUT),
    ("more than a clock can say", 60.0, "9" * 40 + ":x", WITHOUT),
    ("not text at all", 60.0, "\x00", WITHOUT),
]


@pytest.mark.parametrize(("name", "old", "sent", "reason"), STAMPS, ids=[it[0] for it in STAMPS])
def test_the_stamp_of_the_page(
    name: str,
    old: float,
    sent: str | None,
    reason: str,
    source: LeadSource,
    client: Client,
    watched: None,
) -> None:
    with time_machine.travel(NOW, tick=False):
        carried = {
            "token": str(TOKEN),
            stamp.FIELD: stamp.new(TOKEN, NOW - timedelta(seconds=old)) if sent is None else sent,
        }
        lead = send(client, source, carried)
    assert (lead.status, lead.error_message) == ("held" if reason else "waiting", reason)
    assert all(it.is_mild for it in lead.findings.all())


def test_zero_looks_at_no_stamp(source: LeadSource, client: Client, settings: Settings) -> None:
    settings.LEAST_FILL_TIME = 0.0
    assert send(client, source, {}).status == "waiting"


def test_the_setting_s_own_value_lets_autofill_through() -> None:
    """The tests themselves run with 0."""
    text = (django_settings.BASE_DIR / "callbacks" / "config" / "guard_settings.py").read_text()
    assert 'env.float("LEAST_FILL_TIME", default=1.0)' in text


def test_a_page_that_shows_an_error_goes_on_with_its_time(
    source: LeadSource, client: Client, watched: None
) -> None:
    address = f"/contact/{source.slug}/"
    with time_machine.travel(NOW, tick=False) as clock:
        carried = hidden(client.get(address).content.decode())
        clock.shift(8)
        page = client.post(address, {"name": "Noa", "phone": "12", **carried})
        assert page.status_code == 422
        again = hidden(page.content.decode())
        assert again == carried
        clock.shift(0.2)  # only one digit had to be corrected
        assert send(client, source, again).status == "waiting"


def test_a_page_whose_stamp_is_none_gets_one_with_its_error(
    source: LeadSource, client: Client, watched: None
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        sent = {"name": "Noa", "phone": "12", stamp.FIELD: "forged"}
        page = client.post(f"/contact/{source.slug}/", sent)
        carried = hidden(page.content.decode())
        clock.shift(8)
        assert send(client, source, carried).status == "waiting"


def test_one_page_s_stamp_is_good_for_a_few_requests(
    source: LeadSource, client: Client, watched: None
) -> None:
    """A person may correct a number a few times; a robot goes on."""
    with time_machine.travel(NOW, tick=False) as clock:
        carried = hidden(client.get(f"/contact/{source.slug}/").content.decode())
        clock.shift(8)
        leads = [send(client, source, carried, place) for place in range(6)]
    assert [it.status for it in leads] == ["waiting"] * 4 + ["held"] * 2
    said = "4 requests had come from the same page before, as robots send them."
    assert leads[4].error_message == said


def test_the_same_request_sent_again_is_no_replay(
    source: LeadSource, client: Client, watched: None
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        carried = hidden(client.get(f"/contact/{source.slug}/").content.decode())
        clock.shift(8)
        assert len({send(client, source, carried).pk for _ in range(8)}) == 1
    assert Lead.objects.get().status == "waiting"
