"""A submission that the database cannot store now: 503, all that was typed kept, counted once."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
import redis
from django.db import connection
from django.test import Client
from django.utils import timezone

from callbacks.common import heartbeats
from leads import consent
from leads.models import Lead, LeadSource
from tests.support.failing_database import storing_ends_in
from tests.support.simulator import eventually
from tests.support.visitors import hidden

pytestmark = pytest.mark.django_db(transaction=True)

FORM = "/contact/website/"
FRAME = "/widget/website/"
TYPED = {
    "name": 'Noa "Levi" <b>',
    "phone": "050-555 0101",
    "email": "noa@example.com",
    "message": "Hello & good\nsecond line",
}
API = {"source": "website", "name": "Noa Levi", "phone": "050-555 0101"}
HEADING = {
    "en": "Not sent yet",
    "he": "עוד לא נשלח",
    "ar": "لم يُرسل بعد",
    "ru": "Пока не отправлено",
}

# SQLSTATE: what it is counted as.
FOR_NOW = [
    ("53100", "disk_full"),
    ("53000", "overloaded"),
    ("53200", "overloaded"),
    ("53300", "overloaded"),
    ("25006", "read_only"),
    ("08006", "unreachable"),
    ("57P01", "unreachable"),
    ("57P03", "unreachable"),
    ("57014", "timeout"),
    ("55P03", "timeout"),
    ("25P03", "timeout"),
    ("57P05", "timeout"),
    ("40001", "conflict"),
    ("40P01", "conflict"),
    ("58030", "damaged"),
    ("XX000", "damaged"),  # "could not extend file: Disk quota exceeded"
    ("XX001", "damaged"),
]
FAULTS = ["42501", "42703", "42P01", "22001", "22P02", "P0001", "25P02", "0A000"]


@contextmanager
def reading_only() -> Iterator[None]:
    """As on a standby, or after `ALTER DATABASE ... SET default_transaction_read_only = on`."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            yield
        finally:
            cursor.execute("SET default_transaction_read_only = off")


def visitor() -> Client:
    return Client(raise_request_exception=False)


def shown(page: str) -> dict[str, str]:
    """What stands in the fields of a page's form."""
    fields = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            fields[name[1]] = unescape(value[1])
    for name, text in re.findall(r'<textarea [^>]*?name="(\w+)"[^>]*>\n?([^<]*)<', page):
        fields[name] = unescape(text)
    return fields


def counted(broker: redis.Redis) -> dict[str, float]:
    eventually(lambda: not heartbeats._writing)
    found = broker.hgetall("callbacks:counts")
    prefix = heartbeats.NOT_STORED
    return {
        name.decode().removeprefix(prefix): float(amount)
        for name, amount in found.items()
        if name.decode().startswith(prefix)
    }


@pytest.mark.parametrize(("sqlstate", "reason"), FOR_NOW)
def test_what_the_database_cannot_do_now_is_said_so_by_every_way(
    source: LeadSource, broker: redis.Redis, sqlstate: str, reason: str
) -> None:
    with storing_ends_in(sqlstate):
        for address in (FORM, FRAME):
            answer = visitor().post(address, TYPED)
            assert (answer.status_code, answer["Retry-After"]) == (503, "5")
            assert f"<h2>{HEADING['en']}</h2>" in answer.text
            assert {**shown(answer.text), **TYPED} == shown(answer.text)
        answer = visitor().post("/api/leads/", json.dumps(API), "application/json")
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert answer.json() == {"errors": {"server": ["Not available now. Try again shortly."]}}
    assert counted(broker) == dict.fromkeys(
        (f"form.{reason}", f"widget.{reason}", f"api.{reason}"), 1
    )


@pytest.mark.parametrize("sqlstate", FAULTS)
def test_a_fault_of_ours_is_500_with_an_honest_page(
    source: LeadSource, broker: redis.Redis, sqlstate: str
) -> None:
    with storing_ends_in(sqlstate):
        page = visitor().post(FORM, TYPED)
        answer = visitor().post("/api/leads/", json.dumps(API), "application/json")
    assert (page.status_code, answer.status_code) == (500, 500)
    assert "Your request may not have reached us." in page.text
    assert answer.json() == {"errors": {"server": ["Something went wrong on our side."]}}
    assert counted(broker) == {"form.fault": 1, "api.fault": 1}


def test_refusals_are_no_failures(source: LeadSource, broker: redis.Redis) -> None:
    asked = visitor()
    assert asked.post(FORM, {"name": "Noa"}).status_code == 422
    assert asked.post(FORM, {str(number): "x" for number in range(200)}).status_code == 400
    assert asked.post(FORM, "{}", "application/json").status_code == 415
    assert asked.post("/contact/nowhere/", TYPED).status_code == 404
    assert asked.post("/api/leads/", "{", "application/json").status_code == 400
    key = {"authorization": "Bearer wrong"}
    body = json.dumps(API)
    assert asked.post("/api/leads/", body, "application/json", headers=key).status_code == 401
    assert asked.post(FORM, TYPED).status_code == 303
    assert counted(broker) == {}


def test_a_database_that_only_reads(source: LeadSource, broker: redis.Redis) -> None:
    with reading_only():
        answer = visitor().post(FORM, TYPED)
        by_api = visitor().post("/api/leads/", json.dumps(API), "application/json")
    assert (answer.status_code, by_api.status_code) == (503, 503)
    assert shown(answer.text)["message"] == TYPED["message"]
    assert counted(broker) == {"form.read_only": 1, "api.read_only": 1}


def test_what_is_shown_again_is_sent_again_and_is_one_lead(source: LeadSource) -> None:
    """By the page's own token and time; pressed twice, since somebody waits."""
    form = hidden(visitor().get(FORM).text)
    with storing_ends_in("53100"):
        page = visitor().post(FORM, {**form, **TYPED}).text
        assert hidden(page) == form
        page = visitor().post(FORM, {**hidden(page), **TYPED}).text
    places = {visitor().post(FORM, {**hidden(page), **TYPED})["Location"] for _ in range(2)}
    assert places == {f"{FORM}{Lead.objects.get().public_id}/"}


def test_what_was_stored_before_the_answer_was_lost_is_no_second_lead(source: LeadSource) -> None:
    """The connection breaks after the commit: the visitor reads 503, and the lead is there."""
    form = {**hidden(visitor().get(FORM).text), **TYPED}
    assert visitor().post(FORM, form).status_code == 303
    again = visitor().post(FORM, form)
    assert again["Location"] == f"{FORM}{Lead.objects.get().public_id}/"


def test_an_idempotency_key_is_as_good_after_a_failure(source: LeadSource) -> None:
    asked, headers = visitor(), {"idempotency-key": "order-17"}

    def send() -> int:
        body = json.dumps(API)
        return asked.post("/api/leads/", body, "application/json", headers=headers).status_code

    with storing_ends_in("53100"):
        assert [send(), send()] == [503, 503]
    assert [send(), send()] == [201, 201]
    assert Lead.objects.count() == 1


@pytest.mark.parametrize("language", HEADING)
def test_it_speaks_the_language_of_the_page(source: LeadSource, language: str) -> None:
    with storing_ends_in("53100"):
        page = visitor().post(f"{FORM}?lang={language}&sent=", TYPED)
    assert page["Content-Language"] == language
    assert f"<h2>{HEADING[language]}</h2>" in page.text
    assert shown(page.text)["name"] == TYPED["name"]


def test_ticks_and_choices_are_kept_too(source: LeadSource) -> None:
    text = consent.write(source, "en", "I agree to be called.", None, timezone.now())
    with storing_ends_in("53100"):
        page = visitor().post(FORM, {**TYPED, "consent": str(text.version)}).text
    [box] = re.findall(r'<input [^>]*name="consent"[^>]*>', page)
    assert "checked" in box
    assert shown(page)["consent"] == str(text.version)


def test_the_frame_may_still_stand_in_its_website(source: LeadSource) -> None:
    LeadSource.objects.update(allowed_origins=["https://shop.example"])
    with storing_ends_in("53100"):
        page = visitor().post(FRAME, TYPED)
    assert page.status_code == 503
    assert "X-Frame-Options" not in page
    assert "https://shop.example" in page["Content-Security-Policy"]


def test_the_log_names_way_and_reason_and_nothing_typed(
    source: LeadSource, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), storing_ends_in("53100"):
        visitor().post(FORM, TYPED)
    assert "submission not stored by=form reason=disk_full error=DiskFull" in caplog.text
    for typed in ("Noa", "5550101", "555 0101", "noa@example.com"):
        assert typed not in caplog.text
