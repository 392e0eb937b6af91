"""What visitors and salespeople see in Hebrew, Arabic and Russian has no English left in it."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.catalogs.files import LANGUAGES
from callbacks.models import CallAttempt, Extension, Schedule, Wallboard
from leads.models import Lead, LeadSource
from tests.support import sentences

pytestmark = pytest.mark.django_db

PASSWORD = "a-password-for-tests"
# What people have typed, names that are the same everywhere, and what scripts fill in.
DATA = re.compile(
    r"Noa Levi|Dana|dana|Website|Sales floor|Sales|Interested|Not interested|Call again|Spam"
    r"|Wrong number|Never call again|Left a message|name@example\.com|API|JavaScript|QR|KiB|UTC"
    r"|Extensions|English|\[time\]|\[here\]"
    r"|\b(?:IDT|IST)\b"  # on the day before the clocks show an hour twice
)


@pytest.fixture(autouse=True)
def _passwords_are_soon_hashed(settings: SettingsWrapper) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(params=LANGUAGES)
def client(request: pytest.FixtureRequest, source: LeadSource) -> Client:
    """A browser that prefers one of the languages; the source has none of its own."""
    LeadSource.objects.update(language="")
    return Client(headers={"accept-language": request.param})


@pytest.fixture
def hers(client: Client, extension: Extension) -> Client:
    user = User.objects.create_user("dana", password=PASSWORD, first_name="Dana")
    Extension.objects.filter(pk=extension.pk).update(user=user)
    client.force_login(user)
    return client


def english(answer: HttpResponse) -> list[str]:
    """The Latin words that a reader sees on the page, except for data."""
    found = []
    html = re.sub(r"<!doctype[^>]*>", "", answer.text)
    html = re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)  # a key to type into an app
    html = re.sub(r' value="(?:en|he|ar|ru)"', "", html)  # of a button that names its language
    html = re.sub(r' data-marks="[^"]*"', "", html)  # names in addresses, for a script
    html = re.sub(r"</?(?:bdi|b|span)\b[^>]*>", "", html)
    for line, text in sentences.in_template(html):
        seen = re.sub(r'^[a-z-]+="', "", unescape(text))  # of an attribute, only its value
        if re.search("[A-Za-z]{2,}", DATA.sub("", seen)):
            found.append(f"{line}: {text}")
    return found


def look(answer: HttpResponse, status: int = 200) -> None:
    assert answer.status_code == status
    assert english(answer) == []


# --- visitors -------------------------------------------------------------------------------------


def test_the_form(client: Client, extension: Extension, source: LeadSource) -> None:
    look(client.get("/contact/website/"))
    look(client.post("/contact/website/", {"phone": "12", "email": "x"}), 422)
    look(client.post("/contact/website/", {"name": "Dana", "phone": "02"}), 422)
    look(client.post("/contact/website/", {"name": "Dana", "phone": "x" * 200}), 422)


def test_the_form_with_times_to_choose(
    client: Client, extension: Extension, source: LeadSource
) -> None:
    LeadSource.objects.update(offers_times=True)
    look(client.get("/contact/website/"))
    fields = {"name": "Dana", "phone": "0505550101"}
    for typed in ("nonsense", "2001-01-01T10:00:00+02:00", "2099-01-01T10:00:00+02:00"):
        look(client.post("/contact/website/", {**fields, "call_at": typed}), 422)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "waiting"},
        {"status": "calling"},
        {"status": "connected", "connected_at": "now", "closed_at": "now"},
        {"status": "called", "closed_at": "now"},
        {"status": "unreached", "closed_at": "now"},
        {"status": "cancelled", "closed_at": "now"},
        {"status": "waiting", "call_after": "soon"},
        {"status": "waiting", "call_after": "tomorrow", "chosen_at": "tomorrow"},
        {"status": "waiting", "call_after": "later", "chosen_at": "later"},
        {"status": "held"},
    ],
    ids="-".join,
)
def test_the_page_of_a_request(
    values: dict[str, str],
    client: Client,
    extension: Extension,
    make_lead: Callable[..., Lead],
    source: LeadSource,
) -> None:
    LeadSource.objects.update(offers_times=True)
    now = timezone.now()
    moments = {
        "now": now,
        "soon": now + timedelta(hours=2),
        "tomorrow": now + timedelta(days=1),
        "later": now + timedelta(days=4),
    }
    lead = make_lead(**{name: moments.get(it, it) for name, it in values.items()})
    page = f"/contact/website/{lead.public_id}/"
    look(client.get(page))
    for act in ("time", "number", "not-mine", "cancel", "never-call"):
        answer = client.get(f"{page}{act}/")
        look(answer, answer.status_code)


def test_what_is_wrong_with_a_change(
    client: Client, extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    LeadSource.objects.update(offers_times=True)
    page = f"/contact/website/{make_lead().public_id}/"
    look(client.post(f"{page}time/"), 422)
    look(client.post(f"{page}number/"), 422)
    look(client.post(f"{page}number/", {"phone": "12"}), 422)
    answer = client.post(f"{page}cancel/", follow=True)
    look(answer)


def test_errors(client: Client) -> None:
    look(client.get("/nothing/"), 404)
    look(client.get("/contact/nothing/"), 404)
    look(client.put("/contact/website/"), 405)
    look(client.get("/widget/nothing/"), 404)
    look(client.get("/wallboard/nothing/"), 404)
    look(client.post("/contact/website/", {"message": "x" * 300_000}), 413)


# --- salespeople ----------------------------------------------------------------------------------


def test_logging_in(client: Client, settings: SettingsWrapper) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    look(client.get("/desk/login/"))
    look(client.post("/desk/login/", {"username": "", "password": ""}))
    look(client.post("/desk/login/", {"username": "dana", "password": "wrong"}))
    look(client.get("/sign-in/forgotten/"))
    look(client.get("/sign-in/forgotten/sent/"))


def test_the_desk(
    hers: Client, extension: Extension, make_lead: Callable[..., Lead], dispositions: Any
) -> None:
    look(hers.get("/desk/"))
    now = timezone.now()
    for number, state in enumerate(
        ("bridged", "short_talk", "lead_no_answer", "agent_no_answer", "refused")
    ):
        lead = make_lead(status="unreached", closed_at=now)
        called(lead, extension, state, number)
    look(hers.get("/desk/"))
    look(hers.get("/desk/figures/"))
    look(hers.get(f"/desk/calls/{CallAttempt.objects.latest('pk').pk}/"))
    for call in CallAttempt.objects.all():
        look(hers.get(f"/desk/calls/{call.pk}/"))
        look(hers.post(f"/desk/calls/{call.pk}/", {"choice": "99999999"}), 422)


@pytest.mark.parametrize("state", ["dialing", "accepted", "unknown"])
def test_a_call_that_is_on(
    state: str,
    hers: Client,
    extension: Extension,
    make_lead: Callable[..., Lead],
    dispositions: Any,
) -> None:
    called(make_lead(status="calling"), extension, state, 1)
    look(hers.get("/desk/"))


@pytest.mark.parametrize(
    "values",
    [
        {"is_paused": True},
        {"is_paused": True, "paused_until": "later", "pause_reason": "a"},
        {"is_paused": True, "missed_in_a_row": 3},
        {"is_blocked": True},
        {"is_active": False},
        {"unavailable_until": "later"},
        {"capped_until": "later"},
        {"wrap_up_until": "later"},
        {"provider_busy_until": "later"},
        {"schedule": "closed"},
    ],
    ids="-".join,
)
def test_how_a_phone_is(values: dict[str, Any], hers: Client, extension: Extension) -> None:
    meant = {
        "later": timezone.now() + timedelta(hours=2),
        "closed": Schedule.objects.create(name="Never"),
    }
    Extension.objects.filter(pk=extension.pk).update(
        **{name: meant.get(it, it) if isinstance(it, str) else it for name, it in values.items()}
    )
    look(hers.get("/desk/"))


def test_pausing_and_passwords(hers: Client, extension: Extension) -> None:
    look(hers.get(f"/desk/{extension.pk}/pause/"))
    look(hers.post(f"/desk/{extension.pk}/pause/", {"lasts": "x", "reason": "x"}), 422)
    look(hers.get(f"/desk/{extension.pk + 77}/pause/"), 404)
    look(hers.get("/desk/calls/99999999/"), 404)
    look(hers.get("/desk/password/"))
    wrong = {"old_password": "x", "new_password1": "12", "new_password2": "13"}
    look(hers.post("/desk/password/", wrong))
    look(hers.post("/desk/password/", {**wrong, "new_password2": "12"}))
    look(hers.post("/desk/password/", {**wrong, "new_password1": "dana", "new_password2": "dana"}))


def test_without_a_phone(hers: Client) -> None:
    Extension.objects.update(user=None)
    look(hers.get("/desk/"), 403)


def test_signing_in(hers: Client) -> None:
    look(hers.get("/sign-in/"))
    look(hers.get("/sign-in/set-up/"))
    look(hers.post("/sign-in/set-up/", {"code": "x"}), 422)


def test_the_wallboard(client: Client) -> None:
    look(client.get(f"/wallboard/{Wallboard.objects.create(name='Sales floor').token}/"))


def called(lead: Lead, extension: Extension, state: str, number: int) -> CallAttempt:
    """An attempt of the lead, which is on or has just ended."""
    now, is_live = timezone.now(), state in ("dialing", "accepted", "unknown")
    return CallAttempt.objects.create(
        lead=lead,
        extension=extension,
        phone=lead.phone,
        state=state,
        extension_number=extension.number,
        claimed_at=now,
        sent_at=now,
        hold_until=now + timedelta(hours=1),
        call_id=f"call-{number}",
        ended_at=None if is_live else now,
        connected_at=now if state == "bridged" else None,
    )
