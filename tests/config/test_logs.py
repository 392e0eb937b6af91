"""What a log line looks like, and what it never contains, whoever wrote it."""

import json
import logging
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.db import IntegrityError
from django.test import Client

from callbacks.config.logs import JsonFormatter, LineFormatter, configuration, discreet
from leads import log_context

LEAD = 105
PUBLIC_ID = str(uuid.UUID(int=0x6A1D9F5E << 96 | 0xABCDEF01))


@pytest.fixture(autouse=True)
def _about_no_lead() -> Iterator[None]:
    log_context.forget()
    yield
    log_context.forget()


def record(
    message: str, *args: object, name: str = "callbacks", error: bool = False, **extra: object
) -> logging.LogRecord:
    made = logging.LogRecord(
        name, logging.WARNING, "", 0, message, args, sys.exc_info() if error else None
    )
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("/webhooks/voicenter/the-secret-word/cdr/", "the-secret-word"),
        ("/sign-in/new-password/MQ/the-secret-word/", "the-secret-word"),
        (f"/contact/web-site/{PUBLIC_ID}/never-call/", PUBLIC_ID[:8]),
        (f"/widget/web-site/{PUBLIC_ID}/", PUBLIC_ID[:8]),
        (f"/api/leads/{PUBLIC_ID}", PUBLIC_ID[-8:]),
        (f"/api/leads/{PUBLIC_ID.replace('-', '').upper()}/", PUBLIC_ID[-8:].upper()),
        (f"Referer: https://x/contact/website/?earlier={PUBLIC_ID}", PUBLIC_ID),
        ("redis://:the-password@redis.example.com:6379/0", "the-password"),
        ("postgres://user:the-password@db.example.com/x", "the-password"),
        ("DETAIL:  Failing row contains (1, Noa Levi, +972505550101)", "Noa"),
        ("dialled +972505550101", "505550101"),
        ("dialled 972505550101", "505550101"),
        ("dialled 0505550101", "505550101"),
        ("called 050-555 0101 back", "0101"),
        ("called +972 50 555-0101", "0101"),
        ("Bearer lc_abcdefgh_" + "k" * 43, "k" * 43),
        ("mail from noa.levi@example.com", "noa.levi"),
    ],
)
def test_what_has_the_look_of_a_secret_or_a_number_is_taken_out(text: str, hidden: str) -> None:
    assert hidden not in discreet(text)


@pytest.mark.parametrize(
    "text",
    [
        "dialled attempt=120 call_id=20261124032705513gaoawrmdn000001",
        "request method=POST route=leads:contact status=303 ms=120",
        "2026-11-24 05:27:05,578",
        str(uuid.UUID(int=0x0505550101)),
        "connected to redis://redis.example.com:6379/0",
        "connected to redis://***@redis.example.com:6379/0",
    ],
)
def test_ids_and_times_stay(text: str) -> None:
    assert discreet(text) == text


def test_a_line_names_its_lead_and_stays_one_line() -> None:
    log_context.follow(LEAD)
    line = LineFormatter().format(record("status=%s", "OK\n2026 INFO forged"))
    assert f" lead={LEAD} status=OK" in line
    assert "\n" not in line


def test_as_json_a_line_is_one_object() -> None:
    log_context.follow(LEAD)
    line = JsonFormatter().format(record('a "quoted" %s', "line\nbreak"))
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["lead"] == "105"
    assert (entry["level"], entry["logger"]) == ("WARNING", "callbacks")
    assert entry["message"] == 'a "quoted" line\nbreak'
    assert entry["time"].endswith("+00:00")


@pytest.mark.parametrize("formatter", [LineFormatter, JsonFormatter])
def test_an_error_is_told_by_kind_and_place_and_not_in_its_words(
    formatter: Callable[[], logging.Formatter],
) -> None:
    try:
        try:
            raise IntegrityError("Failing row contains (Noa Levi)")
        except IntegrityError as cause:
            raise ValueError("Noa Levi could not be stored") from cause
    except ValueError as error:
        line = formatter().format(record("failed: %r %s", error, error, error=True))
    assert "Noa" not in line
    assert "ValueError" in line
    assert "django.db.utils.IntegrityError" in line
    assert "test_logs.py" in line


def test_what_an_error_says_of_our_code_is_kept() -> None:
    try:
        None.missing  # type: ignore[attr-defined]  # noqa: B018
    except AttributeError:
        line = LineFormatter().format(record("failed", error=True))
    assert "'NoneType' object has no attribute 'missing'" in line


def test_django_names_the_route_and_not_the_path() -> None:
    request = SimpleNamespace(resolver_match=SimpleNamespace(view_name="leads:contact"))
    line = LineFormatter().format(
        record(
            "Not Found: %s", "/contact/Noa", name="django.request", request=request, status_code=404
        )
    )
    assert line.endswith("refused route=leads:contact status=404")


HOSTS = [
    ("callbacks.example.com", "callbacks.example.com"),
    ("192.0.2.7:8000", "192.0.2.7:8000"),
    ("[2001:db8::7]:8000", "[2001:db8::7]:8000"),
    ("0505550101", "0..."),  # a telephone number is not a site's name
    ("Noa Levi <script>", "..."),
    ("a" * 300, "..."),
]


@pytest.mark.parametrize(("host", "shown"), HOSTS)
def test_the_refused_host_is_named(host: str, shown: str) -> None:
    request = SimpleNamespace(META={"HTTP_HOST": host}, resolver_match=None)
    said = record(f"Invalid HTTP_HOST header: {host!r}.", name="django.security.DisallowedHost",
                  request=request, status_code=400)  # fmt: skip
    line = LineFormatter().format(said)
    assert f"refused host={shown}: if this is a name of this site, add it to ALLOWED_HOSTS" in line
    assert "Noa" not in line


def test_django_asks_for_it_so(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/healthz", headers={"host": "shop.example.com"}).status_code == 400
    [said] = [it for it in caplog.records if it.name == "django.security.DisallowedHost"]
    assert "refused host=shop.example.com" in LineFormatter().format(said)


def test_celery_names_the_task_and_not_the_words_of_its_error() -> None:
    try:
        raise ValueError("Noa Levi")
    except ValueError:
        context = {
            "name": "callbacks.sweep",
            "id": "1",
            "description": "raised unexpected",
            "exc": "ValueError('Noa Levi')",
        }
        line = LineFormatter().format(
            record("%(name)s raised %(exc)s", context, name="celery.app.trace", error=True)
        )
    assert "task raised unexpected name=callbacks.sweep id=1" in line
    assert "Noa" not in line


@pytest.mark.parametrize("name", ["gunicorn.error", "axes.handlers.database"])
def test_what_they_quote_of_a_stranger_is_left_out(name: str) -> None:
    line = LineFormatter().format(record("Invalid request from %s: %s", "Noa", "Levi", name=name))
    assert "Invalid request from" in line
    assert "Noa" not in line


def test_gunicorn_quotes_a_request_line_before_anybody_can_take_it_out() -> None:
    said = "Invalid request from ip=192.0.2.7: Invalid HTTP method: 'Noa'"
    line = LineFormatter().format(record(said, name="gunicorn.error"))
    assert line.endswith("gunicorn.error Invalid request")


def test_the_setting_chooses_the_format() -> None:
    for name, formatter in (("line", LineFormatter), ("json", JsonFormatter)):
        assert configuration(name, "INFO")["formatters"]["discreet"]["()"] is formatter


GUNICORN = {
    "a worker that hangs": ("WORKER TIMEOUT (pid:%s)", (42,), "WORKER TIMEOUT (pid:42)"),
    "its end": ("Worker (pid:%s) exited with code %s.", (42, 3), "(pid:42) exited with code 3."),
    "a signal": ("Worker (pid:%s) was sent %s!", (42, "SIGKILL"), "(pid:42) was sent SIGKILL!"),
    "a port in use": ("Connection in use: %s", (("127.0.0.1", 80),), "('127.0.0.1', 80)"),
    "a request": (
        "Error handling request %s %s",
        ("GET", "/Noa"),
        "Error handling request ... ...",
    ),
    "no words": ("Unhandled exception in main loop", (), "Unhandled exception in main loop"),
    "a percent sign": ("100%", (), "100%"),
    "too few": ("%s of %s", (1,), "%s of %s"),
}


@pytest.mark.parametrize(("said", "args", "shown"), GUNICORN.values(), ids=GUNICORN)
@pytest.mark.parametrize("formatter", [LineFormatter, JsonFormatter])
def test_gunicorns_own_lines_say_what_happened(
    formatter: type[logging.Formatter], said: str, args: tuple[object, ...], shown: str
) -> None:
    line = formatter().format(record(said, *args, name="gunicorn.error"))
    assert shown in line
    assert "Noa" not in line


def test_all_lines_have_one_clock_and_its_offset() -> None:
    said = record("x")
    time = json.loads(JsonFormatter().format(said))["time"]
    assert time.endswith("+00:00")
    assert LineFormatter().format(said).startswith(f"{time} ")
    assert abs(datetime.fromisoformat(time).timestamp() - said.created) < 0.001


@pytest.mark.django_db
def test_what_a_thread_logs_after_a_request_is_about_no_lead(client: Client) -> None:
    log_context.follow(LEAD)
    client.get("/nowhere/")
    assert log_context.current() == ""
