"""What the running product's processes write: nothing about a person, no secret, and one word that
joins all lines about a lead.
"""

import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from callbacks.models import CallAttempt, CallRecord, Extension, Team
from leads.models import Lead
from tests.support.servers import redis_url
from tests.support.simulator import eventually
from tests.support.stack import CDR_SECRET, CODE, Stack
from tests.support.tunnel import Tunnel

# Invented data of nobody, which is looked for in the logs.
NAME, HEBREW = "Canariah Testovitz", "קנריה בדיקוביץ"
EMAIL = "canariah.t@example.com"
MESSAGE = "please ask about the violet piano"
WORDS = ("Canariah", "Testovitz", "קנריה", "בדיקוביץ", "canariah.t", "violet", "piano")
PASSWORD = "a-password-of-a-manager"
# National parts of numbers; the lines are searched for them, whatever is between the digits.
NUMBERS = [f"5055501{n}" for n in range(70, 90)]
PERSON = {"name": f"{NAME} {HEBREW}", "email": EMAIL, "message": MESSAGE, "source": "website"}


@pytest.fixture(scope="module")
def running_stack(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
    tunnel: Tunnel,
) -> Iterator[Stack]:
    """Logs everything, as JSON, and does not wait long for the provider."""
    with django_db_blocker.unblock():
        database = connection.settings_dict["NAME"]
    address = urlsplit(redis_url(settings.REDIS_URL, further=1))
    credentials = address.netloc.rpartition("@")[0]
    through_tunnel = address._replace(netloc=f"{credentials}@127.0.0.1:{tunnel.port}")
    with Stack(
        urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{database}")),
        urlunsplit(through_tunnel),
        tmp_path_factory.mktemp("logged"),
        LOG_FORMAT="json",
        LOG_LEVEL="DEBUG",
        VOICENTER_TIMEOUT="3",
        # More of a traceback than usual.
        PYTHONFAULTHANDLER="1",
    ) as stack:
        yield stack


def files(stack: Stack) -> list[str]:
    """What each process has written, the simulator too."""
    texts = [path.read_text(errors="replace") for path in Path(stack.directory).glob("*.log")]
    descriptor = stack.simulator._errors.fileno()
    texts.append(os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace"))
    return texts


def logged(stack: Stack) -> str:
    """Everything that the processes have written."""
    return "\n".join(files(stack))


def entries(stack: Stack) -> list[dict[str, Any]]:
    """The lines that are JSON, as all of ours are; not a line that is still being written."""
    lines = [line for text in files(stack) for line in text.splitlines(keepends=True)]
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]


def spellings(word: str) -> set[str]:
    """A word as a log may spell it: itself, or escaped for JSON, for Python, for an address."""
    return {word, quote(word), json.dumps(word)[1:-1], ascii(word)[1:-1], repr(word.encode())[2:-1]}


def found(text: str, *secrets: str) -> list[str]:
    """What `text` contains and must not."""
    lowered = text.lower()
    seen = [
        word
        for word in (*WORDS, PASSWORD, *secrets)
        if any(spelling.lower() in lowered for spelling in spellings(word))
    ]
    digits = re.sub(r"(?<=\d)(?:[ ().+-]|%20|%2B)*(?=\d)", "", text)
    return seen + [number for number in NUMBERS if number in digits]


@contextmanager
def database_that_quotes(table: str, words: str) -> Iterator[None]:
    """Refuses each new row of `table`, with an error that quotes the row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION canary() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION 'cannot take %', {words} USING DETAIL = {words}, HINT = {words}; "
            "END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER canary BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION canary()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION canary CASCADE")


def submit(stack: Stack, number: str, **fields: str) -> requests.Response:
    return requests.post(
        f"{stack.url}/api/leads/", json={**PERSON, "phone": f"0{number}", **fields}, timeout=60
    )


def by_form(stack: Stack, **fields: str) -> requests.Response:
    page = {key: value for key, value in PERSON.items() if key != "source"}
    return requests.post(f"{stack.url}/contact/website/", data={**page, **fields}, timeout=60)


def visitors(stack: Stack) -> None:
    """Sends what people and programs send, right and wrong."""
    assert by_form(stack, phone=f"+972 {NUMBERS[0]}").status_code == 200
    assert by_form(stack, phone=f"0{NUMBERS[1]}99999").status_code == 422
    no_text = f"{NAME}\0\xff".encode("latin1")
    requests.post(f"{stack.url}/contact/website/", data=no_text, timeout=60)
    requests.post(f"{stack.url}/contact/website/", data={"name": NAME * 50_000}, timeout=60)
    requests.get(f"{stack.url}/contact/{NUMBERS[2]}/?name={quote(NAME)}", timeout=60)
    requests.get(f"{stack.url}/{quote(NAME)}/{EMAIL}?phone=0{NUMBERS[2]}", timeout=60)
    requests.put(f"{stack.url}/contact/website/?{quote(MESSAGE)}", timeout=60)
    # The log names the refused host, and nothing else of such a request.
    requests.get(f"{stack.url}/{quote(NAME)}", headers={"Host": "nobody.example"}, timeout=60)
    assert submit(stack, NUMBERS[3]).status_code == 201
    assert submit(stack, NUMBERS[3]).status_code == 201  # a duplicate
    assert submit(stack, NUMBERS[4], email=NAME).status_code == 400
    for body in (f'{{"name": "{NAME}"', f"[{NUMBERS[4]}]", MESSAGE):
        requests.post(
            f"{stack.url}/api/leads/",
            data=body.encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": NAME},
            timeout=60,
        )
    for line in (f"{NAME} /webhooks/voicenter/{CDR_SECRET}/cdr/ HTTP/9", f"GET /{NAME} \0 {EMAIL}"):
        with socket.create_connection(("127.0.0.1", stack.port), timeout=60) as raw:
            raw.sendall(f"{line}\r\n{EMAIL}\r\n\r\n".encode())
            raw.recv(1000)


def provider_posts(stack: Stack) -> None:
    """Posts records and pop-ups with the right secret and without, readable and not."""
    for secret in (CDR_SECRET, CDR_SECRET + "x"):
        for kind in ("cdr", "popup"):
            address = f"{stack.url}/webhooks/voicenter/{secret}/{kind}/"
            requests.get(f"{address}?caller={NUMBERS[5]}", timeout=60)
            requests.put(address, timeout=60)
            for body in (
                {
                    "ivruniqueid": "other-call",
                    "type": "Click2Call leg1",
                    "status": NUMBERS[5],
                    "caller": NUMBERS[5],
                    "targetextensionname": NAME,
                },
                {"name": NAME},
                [EMAIL],
            ):
                requests.post(address, json=body, timeout=60)
            requests.post(address, data=f"{NAME}={EMAIL}".encode(), timeout=60)


def manager(stack: Stack) -> None:
    """Signs in, wrongly at first, and acts."""
    User.objects.create_superuser("manager", password=PASSWORD)
    browser = requests.Session()

    def post(path: str, **data: str) -> requests.Response:
        address = f"{stack.url}/admin/{path}"
        browser.get(f"{stack.url}/admin/login/", timeout=60)
        token = browser.cookies["csrftoken"]
        return browser.post(address, data={"csrfmiddlewaretoken": token, **data}, timeout=60)

    for _ in range(2):
        post("login/", username=EMAIL, password=NAME)
    browser.post(f"{stack.url}/admin/login/", data={"username": NAME}, timeout=60)  # no token
    post("login/", username="manager", password=PASSWORD)
    assert "sessionid" in browser.cookies
    lead = Lead.objects.filter(phone__contains=NUMBERS[3]).earliest("id")
    browser.get(f"{stack.url}/admin/leads/lead/?q={quote(NAME)}", timeout=60)
    browser.get(f"{stack.url}/admin/leads/lead/{lead.pk}/change/", timeout=60)
    browser.get(f"{stack.url}/admin/leads/lead/{quote(NAME)}/change/", timeout=60)
    for action in ("call_now", "cancel", "call_with", "play", NAME):
        post("leads/lead/", action=action, _selected_action=str(lead.pk), confirmed="yes")
    acts(stack, post)
    for model, thing in (
        ("leads/lead", lead),
        ("leads/leadsource", lead.source),
        ("callbacks/team", Team.objects.get()),
        ("callbacks/extension", Extension.objects.earliest("id")),
        ("callbacks/callattempt", CallAttempt.objects.earliest("id")),
        ("callbacks/callrecord", CallRecord.objects.earliest("id")),
        ("auth/user", User.objects.get()),
    ):
        for page in ("", f"{thing.pk}/change/", f"{thing.pk}/history/"):
            browser.get(f"{stack.url}/admin/{model}/{page}", timeout=60)
    for page in (f"search/?s={quote(NAME)}", "", "reports/callback-times/", "axes/accessattempt/"):
        browser.get(f"{stack.url}/admin/{page}", timeout=60)


def acts(stack: Stack, post: Callable[..., requests.Response]) -> None:
    """Does what managers do about calls, extensions and unknown outcomes; some of it is refused."""
    stack.simulator.control(talk=600)
    extension = Extension.objects.earliest("id")
    called = [submit(stack, number).json()["id"] for number in NUMBERS[1:3]]
    on = eventually(lambda: CallAttempt.objects.filter(state="accepted").first(), within=120)
    for _ in range(2):
        post(f"callbacks/callattempt/{on.pk}/hang-up/", confirmed="yes")
    stack.simulator.control(talk=0.1)
    for act in ("pause", "conference", "bring-back", "un-pause", "clear-block"):
        post(f"callbacks/extension/{extension.pk}/{act}/", confirmed="yes", room_code=NAME)
    post("callbacks/extension/import/", add=[NAME], seen=EMAIL)
    for public_id, act in zip(called, ("they-talked", "call-again"), strict=True):
        lead = Lead.objects.get(public_id=public_id)
        eventually(lambda: not _is_on(lead), within=120)  # noqa: B023
        now = timezone.now()
        Lead.objects.filter(pk=lead.pk).update(status="failed", closed_at=now)
        question = CallAttempt.objects.create(
            lead=lead, extension=extension, phone=lead.phone, state="ended", outcome="never_known",
            claimed_at=now, sent_at=now, hold_until=now, ended_at=now,
        )  # fmt: skip
        for _ in range(2):
            post(f"callbacks/unknownoutcome/{question.pk}/{act}/", confirmed="yes")


def _is_on(lead: Lead) -> bool:
    return CallAttempt.objects.filter(lead=lead, ended_at=None).exists()


def provider_fails(stack: Stack, tunnel: Tunnel) -> None:
    """Makes calls go wrong in each possible way."""
    # Some calls keep their extension until it is known what became of them.
    team = Team.objects.get()
    Extension.objects.bulk_create(Extension(number=str(n), team=team) for n in range(201, 216))
    kinds = (
        "stall",
        "html",
        "empty",
        "truncated",
        "error_500_before",
        "error_500_after",
        "reset_before",
        "lost_answer",
        "application_error",
        "forbidden",
    )
    # One for each of the next requests.
    stack.simulator.control(faults=[{"kind": kind} for kind in kinds])
    for number in NUMBERS[6:16]:
        lead_id = submit(stack, number).json()["id"]
        eventually(lambda: Lead.objects.get(public_id=lead_id).attempts >= 1, within=120)  # noqa: B023
    # The sweep asks about calls that may have been made but were not.
    eventually(lambda: "looked up" in stack.log("worker"), within=120)
    tunnel.black_hole()
    assert submit(stack, NUMBERS[16]).status_code == 201
    tunnel.open()


def errors(stack: Stack) -> None:
    """A database that quotes refused rows: in errors for a view, and for a task."""
    said = len(logged(stack))
    with database_that_quotes("leads_lead", "NEW.name || NEW.phone || NEW.email || NEW.message"):
        assert by_form(stack, phone=f"0{NUMBERS[17]}").status_code >= 500
        assert submit(stack, NUMBERS[18]).status_code >= 500
    eventually(lambda: "InternalError" in logged(stack)[said:] or "RaiseException" in logged(stack))
    said = stack.log("worker")
    with database_that_quotes("callbacks_callrecord", "NEW.payload::text"):
        record = {"ivruniqueid": "x", "type": "Click2Call leg1", "status": NAME, "caller": EMAIL}
        assert requests.post(stack.cdr_url, json=record, timeout=60).status_code == 503
    with database_that_quotes("callbacks_callattempt", "NEW.phone"):
        assert submit(stack, NUMBERS[19]).status_code == 201
        eventually(lambda: "task raised unexpected" in stack.log("worker")[len(said) :], within=120)


def worker_is_lost(stack: Stack) -> None:
    stack.stop("worker", signal.SIGKILL)
    stack.start("worker")


def test_no_log_tells_a_name_a_number_or_a_secret(stack: Stack, tunnel: Tunnel) -> None:
    popup_url = stack.cdr_url.replace("/cdr/", "/popup/")
    stack.simulator.control(popup_url=popup_url)
    visitors(stack)
    provider_posts(stack)
    manager(stack)
    provider_fails(stack, tunnel)
    errors(stack)
    worker_is_lost(stack)
    text = logged(stack)
    addresses = (stack.environment["DATABASE_URL"], stack.environment["REDIS_URL"])
    passwords = filter(None, (urlsplit(address).password for address in addresses))
    assert found(text, CDR_SECRET, CODE, settings.SECRET_KEY, *passwords) == []
    # A reader of the log must not be able to open a visitor's page.
    for public_id in Lead.objects.values_list("public_id", flat=True):
        assert str(public_id) not in text
    # The check means something: these flows did write lines.
    for said in (
        "refused route",
        "dialled",
        "task raised unexpected",
        "not published",
        "method=POST",
        "hung up",
        "they talked",
        "call again",
        "call record could not be stored",
        "looked up",
    ):
        assert said in text
    assert entries(stack)


@pytest.mark.parametrize(
    "spelling",
    [
        "name=Canariah",
        "050-555 0170",
        "+972 (50) 555-0171",
        "phone=972505550172",
        '{"name": "\\u05e7\\u05e0\\u05e8\\u05d9\\u05d4"}',
        quote("קנריה"),
        "mail=canariah.t%40example.com",
        f"/webhooks/voicenter/{CDR_SECRET}/cdr/",
    ],
)
def test_the_search_finds_what_it_looks_for(spelling: str) -> None:
    assert found(f"2026-11-24 INFO some line {spelling} and more", CDR_SECRET)


def test_every_step_of_a_lead_can_be_found_by_one_word(stack: Stack) -> None:
    stack.simulator.control(popup_url=stack.cdr_url.replace("/cdr/", "/popup/"))
    public_id = submit(stack, NUMBERS[0]).json()["id"]
    eventually(lambda: Lead.objects.get().status == "connected", within=120)
    word = str(Lead.objects.get().pk)
    requests.get(f"{stack.url}/api/leads/{public_id}/", timeout=60)

    def steps() -> list[str]:
        return [entry["message"] for entry in entries(stack) if entry.get("lead") == word]

    expected = (
        r"request method=POST route=\S*create status=201",
        r"dialling kind=call attempt=\d+",
        r"attempt=\d+ state=accepted",
        r"dialled kind=call attempt=\d+ .* call_id=\S+",
        r"pop-up status=\w+ attempt=\d+",
        r"record stored leg=1 ",
        r"record stored leg=2 ",
        r"attempt=\d+ state=bridged",
        r"request method=POST route=voicenter-cdr status=200",
        r"request method=GET route=\S*status status=200",
    )
    for step in expected:
        eventually(lambda: any(re.match(step, said) for said in steps()), within=60)  # noqa: B023


def test_what_the_sweep_does_to_a_lead_is_found_by_the_same_word(stack: Stack) -> None:
    Extension.objects.update(is_paused=True)
    submit(stack, NUMBERS[0])
    lead = Lead.objects.get()
    Lead.objects.update(status="calling")
    an_hour_ago = timezone.now() - timedelta(hours=1)
    attempt = CallAttempt.objects.create(
        lead=lead,
        extension=Extension.objects.earliest("id"),
        phone=lead.phone,
        claimed_at=an_hour_ago,
        sent_at=an_hour_ago,  # by a worker that died
        hold_until=timezone.now() + timedelta(hours=1),
    )

    def told() -> bool:
        return any(
            entry["message"] == f"attempt={attempt.pk} state=unknown reason=worker_lost"
            for entry in entries(stack)
            if entry.get("lead") == str(lead.pk)
        )

    eventually(told, within=120)
