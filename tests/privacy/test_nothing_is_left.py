"""A person's data enters the product in every way there is, is erased, and is found nowhere."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import redis
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.utils import timezone

from callbacks.calling import after_talk, dispatch
from callbacks.calling.after_talk import Writing
from callbacks.mailing import outbox
from callbacks.models import (
    Alert,
    AlertMessage,
    CallAttempt,
    CallNote,
    CallRecord,
    Erasure,
    ExportRecord,
    Extension,
    Pause,
    SavedList,
    SavedView,
    Schedule,
    ScheduleException,
    Study,
)
from callbacks.models.erasures import ErasureWay
from callbacks.privacy import course, erasing, persons, places
from leads import consent
from leads.models import (
    Attribution,
    BlockEntry,
    Disposition,
    Finding,
    FormField,
    Lead,
    LeadSource,
    LeadStatus,
    NeverCallNumber,
)
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)

NAME, EMAIL = "Canary Birdwell", "canary.birdwell@example.com"
NUMBER, TYPED, DIGITS = "+972505550142", "050-555 0142", "505550142"
MESSAGE, NOTE = "My canary sings at dawn", "He wants two cages"
ADDRESS = "203.0.113.142"
# The number in any spelling, with anything between its digits.
CANARY = re.compile(
    r"canary|birdwell|sings at dawn|two cages|203\.0\.113\.142|" + r"[^0-9a-f]{0,3}".join(DIGITS),
    re.IGNORECASE,
)


def everywhere_in_the_database() -> Iterator[str]:
    """Every table and column that has a row with the canary in it, and every such session."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' ORDER BY 1, 2"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT "{column}"::text FROM "{table}" WHERE "{column}" IS NOT NULL')
            for (value,) in cursor.fetchall():
                if CANARY.search(value):
                    yield f"{table}.{column}: {value[:120]}"
    for key in SessionStore.get_model_class().objects.values_list("session_key", flat=True):
        if CANARY.search(str(SessionStore(key).load())):
            yield f"session {key}"


def everywhere_in_redis(broker: redis.Redis) -> Iterator[str]:
    for key in broker.keys("*"):
        shown = repr(key) + repr(broker.dump(key))
        match broker.type(key):
            case b"zset":
                shown += repr(broker.zrange(key, 0, -1, withscores=True))
            case b"list":
                shown += repr(broker.lrange(key, 0, -1))
            case b"hash":
                shown += repr(broker.hgetall(key))
            case b"set":
                shown += repr(broker.smembers(key))
            case _:
                shown += repr(broker.get(key))
        if CANARY.search(shown):
            yield shown


@pytest.fixture
def post(client: Client, settings: Any) -> Callable[..., Any]:
    def post(what: str, body: object) -> Any:
        address = f"/webhooks/voicenter/{settings.CDR_SECRET}/{what}/"
        answer = client.post(address, json.dumps(body), content_type="application/json")
        assert answer.status_code == 200
        return answer.json()

    return post


def leg(number: int, attempt: CallAttempt, **more: object) -> dict[str, object]:
    return {
        "ivruniqueid": attempt.call_id, "type": f"Click2Call leg{number}", "status": "ANSWER",
        "time": int(timezone.now().timestamp()), "duration": 65, "dialtime": 5,
        "actualCallDuration": 60, "caller": "101", "target": "0505550142",
        "CustomData": {"attempt": str(attempt.public_id)},
        "recordurl": f"https://recordings.example.com/{DIGITS}.mp3", **more,
    }  # fmt: skip


@pytest.fixture
def ways(
    client: Client, source: LeadSource, extension: Extension, simulator: SimulatorProcess,
    dispositions: dict[str, Disposition], post: Callable[..., Any],
) -> CallAttempt:  # fmt: skip
    """Stores the person in everything that can hold their data, by the product's own ways if
    possible.
    """
    manager = User.objects.create_user("manager", is_staff=True)
    simulator.control(answer_after=600)
    consent.write(source, "en", "You may call me.", None, timezone.now())
    FormField.objects.create(source=source, key="pet", kind="text", label="Pet")
    client.post(
        "/contact/website/",
        {
            "name": NAME,
            "phone": TYPED,
            "email": EMAIL,
            "message": MESSAGE,
            "consent": "1",
            "page": f"https://shop.example/canary?utm_campaign=Birdwell&utm_term={TYPED}",
            "field_pet": "a canary",
            "first_page": "https://shop.example/canary-first?utm_source=birdwell&gclid=canary",
        },
        REMOTE_ADDR=ADDRESS,
    )
    lead = Lead.objects.get()
    assert lead.status == LeadStatus.WAITING
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    client.post(  # joins the lead
        "/api/leads/",
        json.dumps(
            {
                "source": "website",
                "name": NAME,
                "phone": TYPED,
                "email": EMAIL.upper(),
                "consent": "1",
                "page": "https://shop.example/canary-birdwell?utm_campaign=birdwell-free",
            }
        ),
        content_type="application/json",
        headers={"Idempotency-Key": "canary-free"},
    )
    post("popup", {"ivrid": attempt.call_id, "extenUser": "101", "status": "Ringing",
                   "phone": "0505550142", "callername": NAME})  # fmt: skip
    post("cdr", leg(1, attempt))
    post("cdr", leg(2, attempt, aiData={"insights": {"summary": f"{NAME}: {MESSAGE}"}}))
    # A call on the account that is not ours.
    post("cdr", leg(2, attempt, ivruniqueid="20261128_other", type="Incoming Call",
                    CustomData={}, caller=NUMBER))  # fmt: skip
    after_talk.write(
        attempt.pk, Writing(dispositions["Never call again"], f"{NOTE}, says {NAME}"), manager,
        timezone.now(), seen=None,
    )  # fmt: skip
    held = Lead.objects.create(
        source=source, name=NAME, phone="+972505550199", email=EMAIL, status=LeadStatus.HELD,
        is_held_back=True, due_at=timezone.now() + timedelta(minutes=1),
        error_message=f"{ADDRESS}: too many",
    )  # fmt: skip
    Finding.objects.create(lead=held, asked="rates", verdict="hold", reason=f"{ADDRESS}, {NUMBER}")
    listed = f"Number ending in {NUMBER[-4:]}"
    for repr_, message in ((listed, ""), ("Lead 1", f"{NAME} at {TYPED} wants it {EMAIL}")):
        LogEntry.objects.create(
            user=manager, action_flag=2, object_repr=repr_, change_message=message
        )
    query = f"q={quote(NAME)}&phone=%2B{NUMBER[1:]}"
    SavedList.objects.create(name=NAME, owner=manager, query=query)
    SavedView.objects.create(name=f"All of {NAME}", owner=manager, query=query)
    ExportRecord.objects.create(
        user=manager, username="manager", what="leads", file_format="csv", rows=1,
        asked=f"q={quote(EMAIL)}",
    )  # fmt: skip
    outbox.post(
        kind="report", to="manager@example.com", subject=f"About {NAME}", text=f"{TYPED} {EMAIL}",
        html=f"<p>{NAME}</p>",
    )  # fmt: skip
    Alert.objects.create(
        kind="many_numbers", subject=f"number:{NUMBER}", facts={"number": NUMBER, "n": [EMAIL]},
        began_at=timezone.now(),
    )  # fmt: skip
    AlertMessage.objects.create(
        receiver_name="x", channel="webhook", to="https://example.com", subject=NAME,
        text=f"{NUMBER} {NAME}", payload={"data": [{"phone": int(NUMBER[1:]), EMAIL: NAME}]},
    )  # fmt: skip
    Study.objects.create(
        kind="replay", asked=query, asked_at=timezone.now(), result={"lead": NAME}, problem=NUMBER
    )
    Extension.objects.update(
        pause_reason=f"talks to {NAME}", earlier_pause_reason=NUMBER, unavailable_reason=TYPED
    )
    Pause.objects.create(extension=extension, kind="own", reason=NAME, began_at=timezone.now())
    ScheduleException.objects.create(
        schedule=Schedule.objects.create(name="Week"), date="2026-12-01", note=f"{NAME} visits",
    )  # fmt: skip
    client.post(
        "/admin/login/", {"username": EMAIL, "password": "nothing"}, REMOTE_ADDR="198.51.100.1"
    )
    store = SessionStore()
    store["_messages"] = f'[["__json_message",0,20,"{NAME} is called now."]]'
    store["_auth_user_id"] = "1"
    store.save()
    return attempt


def erase(number: str = TYPED, email: str = EMAIL) -> Erasure:
    """Erases all requests with the number or the address, as if somebody had confirmed them."""
    also = persons.read(number, email).by_one().values_list("pk", flat=True)
    erasure = course.begin(persons.read(number, email, also), ErasureWay.PAGE)
    assert course.go_on_for(erasure.pk, 60).finished
    erasure.refresh_from_db()
    return erasure


def test_nothing_is_left_of_a_person_who_is_erased(
    ways: CallAttempt, broker: redis.Redis, post: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    before = {line.partition(":")[0] for line in everywhere_in_the_database()}
    assert {"leads_lead.phone", "callbacks_callrecord.payload", "leads_leadsearch.words"} <= before
    assert {"leads_consent.page", "leads_answers.given"} <= before
    columns = {it for it in before if it.startswith("leads_attribution.")}
    assert columns == {f"leads_attribution.{it}" for it in ("first", "last", "utm_campaign")}
    assert len(before) > 30
    with caplog.at_level(logging.DEBUG):
        erasure = erase()
        # Data that comes late does not bring anything back.
        post("cdr", leg(2, ways, type="Click2Call leg2 late", aiData={"summary": NAME}))
        post("cdr", leg(1, ways, ivruniqueid="20261128_late", type="Incoming Call",
                        CustomData={}, caller=NUMBER, target="101"))  # fmt: skip
        post("popup", {"ivrid": ways.call_id, "extenUser": "101", "status": "Hangup",
                       "phone": "0505550142", "callername": NAME})  # fmt: skip
    assert list(everywhere_in_the_database()) == []
    assert list(everywhere_in_redis(broker)) == []
    lines = [record.getMessage() for record in caplog.records if "callbacks" in record.name]
    assert [line for line in lines if CANARY.search(line)] == []
    assert erasure.counts["leads.Lead"] == 3
    assert CallRecord.objects.filter(call_id=ways.call_id).count() == 3
    assert not NeverCallNumber.objects.exclude(phone=None).exists()


def test_erasing_again_changes_nothing(ways: CallAttempt) -> None:
    erase()
    rows = [list(model.objects.order_by("pk").values()) for model in (Lead, CallAttempt, CallNote)]
    again = erase()
    assert again.counts == {}
    assert rows == [
        list(model.objects.order_by("pk").values()) for model in (Lead, CallAttempt, CallNote)
    ]
    assert again in course.receipts_of(persons.read(TYPED, ""))


@pytest.mark.parametrize(
    "place", ["leads.Finding", "callbacks.CallRecord", "callbacks.AlertMessage", "admin.LogEntry"]
)
def test_the_look_through_the_database_sees_a_place_that_is_left_out(
    ways: CallAttempt, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    searched = tuple(it for it in places.searched() if it.model != place)
    of_leads = tuple(it for it in places.OF_LEADS if it.model != place)
    monkeypatch.setattr(course, "searched", lambda: searched)
    monkeypatch.setattr(erasing, "OF_LEADS", of_leads)
    erase()
    table = apps.get_model(place)._meta.db_table
    left = {line.partition(".")[0] for line in everywhere_in_the_database()}
    assert left == {table}


def test_nothing_is_left_of_what_managers_have_entered_in_the_admin(
    admin_client: Client, make_lead: Callable[..., Lead]
) -> None:
    make_lead(phone=NUMBER, name=NAME, email=EMAIL)
    entered: list[tuple[str, dict[str, object]]] = [
        ("leads/nevercallnumber", {"phone": TYPED, "reason": f"{NAME} wants it"}),
        ("leads/blockentry",
         {"kind": "number", "value": NUMBER, "verdict": "hold", "reason": NAME}),
        ("callbacks/savedlist", {"name": NAME, "query": f"q={quote(EMAIL)}", "version": 1}),
    ]  # fmt: skip
    for where, fields in entered:
        assert admin_client.post(f"/admin/{where}/add/", fields).status_code == 302, where
    before = {line.partition(".")[0] for line in everywhere_in_the_database()}
    assert {"leads_nevercallnumber", "leads_blockentry", "callbacks_savedlist"} <= before
    erase()
    assert list(everywhere_in_the_database()) == []


@pytest.mark.parametrize(
    ("kind", "value"), [("address", "203.0.113.9"), ("domain", "zebra.example"), ("word", "casino")]
)
def test_what_others_are_kept_out_by_stays_without_the_person_in_its_reason(
    make_lead: Callable[..., Lead], kind: str, value: str
) -> None:
    make_lead(phone=NUMBER, name=NAME, email=EMAIL)
    BlockEntry.objects.create(kind=kind, value=value, reason=f"{NAME} shouted at us from {NUMBER}")
    erase()
    assert list(everywhere_in_the_database()) == []
    assert "shouted at us" in BlockEntry.objects.get(kind=kind, value=value).reason


def test_a_campaign_that_others_came_by_too_stays_for_the_figures(
    client: Client, source: LeadSource
) -> None:
    for name, phone in ((NAME, TYPED), ("Noa Levi", "050-555 0143")):
        page = "https://shop.example/?utm_campaign=spring&utm_source=google"
        client.post("/contact/website/", {"name": name, "phone": phone, "page": page})
    Lead.objects.update(status=LeadStatus.CANCELLED, closed_at=timezone.now())
    erase(email="")
    columns = ("utm_campaign", "utm_source", "first", "last")
    erased, other = Attribution.objects.order_by("pk").values(*columns)
    assert erased == {"utm_campaign": "spring", "utm_source": "google", "first": {}, "last": {}}
    assert other["last"]["utm_campaign"] == "spring"
