"""Mail to visitors: who gets which, once, and no mail to people a stranger wants to annoy."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.calling import visitor_mail
from callbacks.calling.dispatch import call_due_leads
from callbacks.calling.reschedule import follow_the_hours
from callbacks.common import task_publisher
from callbacks.models import (
    CallAttempt,
    Extension,
    OpeningHours,
    OutgoingMail,
    Schedule,
    Team,
)  # fmt: skip
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.privacy.erasing import Numbers, erase_lead
from leads.guard import counters, rate
from leads.guard.counters import Away
from leads.models import Lead, LeadSource
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import Visitor, call, ends, in_days

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = "noa@example.com"


@pytest.fixture(autouse=True)
def _mailing_source(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess, settings: SettingsWrapper
) -> None:
    LeadSource.objects.update(mails_visitors=True)
    settings.SITE_URL = "https://callbacks.example.com"
    simulator.control(answer_after=600)


def sends(**fields: str) -> Lead:
    return Visitor().sends(**{"email": MAIL, **fields})


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.order_by("pk"))


def subjects() -> list[str]:
    return [it.subject for it in mails()]


def test_a_request_is_confirmed_with_the_link_to_its_page(client: Client) -> None:
    lead = sends(message="Ring me", name="Free <b>iPhone</b> at spam.example")
    [mail] = mails()
    assert (mail.to, mail.subject, mail.lead_id) == (MAIL, "We have your request", lead.pk)
    page = f"https://callbacks.example.com/contact/website/{lead.public_id}/"
    for body in (mail.text, mail.html):
        assert page in body
        assert f"{page}not-mine/" in body
        assert "0101" in body
        # Nothing that the sender has written: a stranger may have typed the address.
        for written in ("Ring me", "iPhone", "spam.example", "050-555", "+97250"):
            assert written not in body
    assert mail.headers["List-Unsubscribe"] == f"<{page}not-mine/?lang=en>"
    assert "List-Unsubscribe-Post" not in mail.headers
    for link in re.findall(r"https://callbacks\.example\.com(\S+)", mail.text):
        assert client.get(link).status_code == 200
    lead.refresh_from_db()
    assert lead.status == "waiting"  # following the links has changed nothing


def test_the_call_is_queued_before_the_mail_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, int]] = []
    publish = task_publisher.publish

    def noting(task: str, *keys: int, expires: float | None = None) -> bool:
        written.append((task, OutgoingMail.objects.count()))
        return publish(task, *keys, expires=expires)

    monkeypatch.setattr(task_publisher, "publish", noting)
    sends()
    assert (task_publisher.CALL_LEAD, 0) in written
    assert len(mails()) == 1


def test_it_says_when_we_call() -> None:
    sends(call_at=in_days(3))
    [mail] = mails()
    assert "We will call you on" in mail.text


# A Saturday in Israel: 22:40, and 14:00.
NIGHT, DAY = datetime(2026, 11, 28, 20, 40, tzinfo=UTC), datetime(2026, 11, 28, 12, tzinfo=UTC)
AS_SOON = "We will call you as soon as one of us is free."
WHEN: dict[str, tuple[datetime, tuple[int, int] | None, str]] = {
    # when the mail is sent, the team's hours, what the mail says about the call
    "by day, open": (DAY, None, AS_SOON),
    "by day, closed until the evening": (
        DAY, (18, 22), "We will call you today at 18:00 (Jerusalem time)."
    ),
    "at night, closed": (
        NIGHT, (9, 18), "We will call you tomorrow, Sunday, at 09:00 (Jerusalem time)."
    ),
    "at night, and open": (
        NIGHT, None,
        "we will call you tomorrow, Sunday, at 08:00 (Jerusalem time).",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("now", "opened", "sentence"), WHEN.values(), ids=WHEN)
def test_it_says_when_we_call_at_night_too(
    now: datetime,
    opened: tuple[int, int] | None,
    sentence: str,
    settings: SettingsWrapper,
) -> None:
    settings.NEW_CALLING_HOURS = time(8), time(21)
    LeadSource.objects.update(call_from=None, call_until=None)
    if opened:
        office = Schedule.objects.create(name="Office", time_zone="Asia/Jerusalem")
        for weekday in range(7):
            OpeningHours.objects.create(
                schedule=office, weekday=weekday,
                opens_at=time(opened[0]), closes_at=time(opened[1]),
            )  # fmt: skip
        Team.objects.update(schedule=office)
    with time_machine.travel(now, tick=False):
        sends()
    [mail] = mails()
    told = " ".join(mail.text.split())
    assert sentence in told
    assert (AS_SOON in told) == (sentence == AS_SOON)


def nothing_wanted() -> None:
    LeadSource.objects.update(mails_visitors=False)
    sends()


def no_address() -> None:
    Visitor().sends()


def held() -> None:
    Visitor(Client()).sends(email=MAIL, reference="I am a robot")


def twice() -> None:
    visitor = Visitor()
    visitor.sends(email=MAIL)
    OutgoingMail.objects.all().delete()
    visitor.sends_from_the_page(email=MAIL, message="And another thing")
    Lead.objects.exclude(status="duplicate").update(status="cancelled", closed_at=timezone.now())
    Visitor().sends(email=MAIL.upper())


def another_number() -> None:
    visitor = Visitor()
    visitor.sends(email=MAIL)
    OutgoingMail.objects.all().delete()
    visitor.does("number", phone="050-555 0102")
    assert Lead.objects.filter(phone="+972505550102", status="waiting").exists()


@pytest.mark.parametrize(
    "reach", [nothing_wanted, no_address, held, twice, another_number], ids=lambda it: it.__name__
)
def test_who_gets_none(reach: Callable[[], None]) -> None:
    reach()
    assert mails() == []


def test_a_stranger_cannot_have_one_address_mailed_again_and_again(
    settings: SettingsWrapper,
) -> None:
    settings.RATE_MAIL = rate.read("2/h, 4/d")
    for number in range(10, 16):
        sends(phone=f"050-555 01{number}")
    assert len(mails()) == 2
    sends(phone="050-555 0120", email="dana@example.com")
    assert len(mails()) == 3


def test_nor_many_addresses(settings: SettingsWrapper) -> None:
    settings.RATE_MAILS = rate.read("3/h")
    for number in range(10, 16):
        sends(phone=f"050-555 01{number}", email=f"visitor{number}@example.com")
    assert len(mails()) == 3
    assert Lead.objects.filter(status="waiting").count() == 6


def test_while_nobody_can_count_none_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Away

    monkeypatch.setattr("leads.guard.mail_rates.counters.count", away)
    assert counters is not None
    lead = sends()
    assert mails() == []
    assert Lead.objects.get(pk=lead.pk).is_open


def test_a_request_is_stored_although_its_mail_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no template")

    monkeypatch.setattr(visitor_mail, "render_to_string", broken)
    assert sends().status == "waiting"


class ProcessDiesError(BaseException):
    """Nothing catches this error, just as nothing catches the end of a process."""


@pytest.mark.parametrize("dies_in", ["may_mail", "render_to_string"])
def test_a_process_that_dies_between_commit_and_mail_leaves_none_and_a_lead(
    dies_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = visitor_mail.mail_rates if dies_in == "may_mail" else visitor_mail

    def dies(*_: object, **__: object) -> None:
        raise ProcessDiesError

    with monkeypatch.context() as patched:
        patched.setattr(where, dies_in, dies)
        with pytest.raises(ProcessDiesError):
            sends()
    lead = Lead.objects.get()
    assert lead.is_open
    for _ in range(2):
        follow_the_hours()
        call_due_leads()
    assert mails() == []  # no mail is written later
    # If the mail is written after all, its request is counted only once.
    for _ in range(2):
        visitor_mail.confirm_on_commit(lead)
    assert [it.lead_id for it in mails()] == [lead.pk]


def tried_often(lead: Lead) -> None:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    Lead.objects.filter(pk=lead.pk).update(counted_from=an_hour_ago)
    for _ in range(4):
        CallAttempt.objects.create(
            lead=lead, extension=Extension.objects.get(), phone=lead.phone,
            extension_number="101", state=AttemptState.LEAD_NO_ANSWER,
            outcome=Outcome.LEAD_NO_ANSWER.value, claimed_at=an_hour_ago,
            hold_until=an_hour_ago, ended_at=an_hour_ago,
        )  # fmt: skip


def is_not_reached(lead: Lead) -> None:
    tried_often(lead)
    attempt = call(lead)
    assert attempt
    ends(attempt, "ANSWER", "NOANSWER")
    lead.refresh_from_db()
    assert lead.status == "unreached"


def test_whoever_could_not_be_reached_is_told_once_with_the_way_on(client: Client) -> None:
    lead = sends()
    is_not_reached(lead)
    assert subjects() == ["We have your request", "We could not reach you"]
    mail = mails()[1]
    assert f"/contact/website/?lang=en&earlier={lead.public_id}" in mail.text
    assert f"/contact/website/{lead.public_id}/never-call/" in mail.text
    for link in re.findall(r"https://callbacks\.example\.com(\S+)", mail.text):
        assert client.get(link).status_code == 200
    visitor_mail._try(lead.pk, visitor_mail.UNREACHED)
    assert len(mails()) == 2


def test_whoever_was_reached_is_not() -> None:
    lead = sends()
    attempt = call(lead)
    assert attempt
    ends(attempt, "ANSWER", "ANSWER")
    assert subjects() == ["We have your request"]


@pytest.mark.parametrize(
    ("language", "subject", "direction"),
    [("he", "קיבלנו את הפנייה שלכם", "rtl"), ("fr", "We have your request", "ltr")],
)
def test_in_the_visitors_language(language: str, subject: str, direction: str) -> None:
    LeadSource.objects.update(language=language)
    sends()
    [mail] = mails()
    assert mail.subject == subject
    assert f'dir="{direction}"' in mail.html
    assert mail.headers["Content-Language"] == {"he": "he", "fr": "en"}[language]
    assert '<bdi dir="ltr">0101</bdi>' in mail.html


def test_a_sources_name_is_text() -> None:
    LeadSource.objects.update(name="Tom & <Jerry>")
    sends()
    [mail] = mails()
    assert "Tom &amp; &lt;Jerry&gt;" in mail.html
    assert "Tom & <Jerry>" in mail.text


def test_the_link_in_it_takes_the_request_back() -> None:
    lead = sends()
    [mail] = mails()
    found = re.search(r"https://callbacks\.example\.com(/\S+/not-mine/\S*)", mail.text)
    assert found
    assert Client().post(found[1]).status_code == 303
    lead.refresh_from_db()
    assert lead.status == "cancelled"


def test_it_is_erased_with_the_person() -> None:
    lead = sends()
    is_not_reached(lead)
    other = sends(phone="050-555 0188", email="dana@example.com")
    assert len(mails()) == 3
    assert erase_lead(lead.pk, Numbers(), timezone.now() + timedelta(days=1))
    assert [it.lead_id for it in mails()] == [other.pk]


def test_who_reads_the_list_of_mails_does_not_get_the_visitors_links(
    client: Client, django_user_model: Any
) -> None:
    client.force_login(django_user_model.objects.create_superuser("boss", password="x"))
    lead = sends()
    is_not_reached(lead)
    for mail in mails():
        page = client.get(f"/admin/callbacks/outgoingmail/{mail.pk}/change/").text
        assert mail.subject in page
        assert str(lead.public_id) not in page
