"""Who is signed in, where, and until when.

A session names its row (`SignIn`); deleting the row ends the session. So the stored rows cannot be
used to open a session. How long a session lasts depends on what its user may do; a page's own
requests for updates do not keep it alive.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.models import Authenticator, SignIn
from callbacks.signin import tries
from leads import unavailable
from leads.guard import address as addresses

KEY = "sign_in"
# Rights that shorten a session.
DEAR_RIGHTS = (
    "callbacks.add_spendlimit", "callbacks.change_spendlimit", "callbacks.delete_spendlimit",
    "auth.change_group", "auth.delete_user", "leads.delete_lead", "callbacks.erase_person",
    "leads.add_apiclient", "leads.change_apiclient",
)  # fmt: skip
# `seen_at` is written at most once in this time.
_SEEN_EVERY = timedelta(minutes=1)
_LONGEST_BROWSER = 200


@dataclass(frozen=True)
class Bounds:
    """How long a session may last: unused, and in total."""

    idle: timedelta
    longest: timedelta


def of(request: HttpRequest, user: User) -> SignIn | None:
    """The row of this session, created if there is none yet; None: the session has ended."""
    now = timezone.now()
    number = request.session.get(KEY)
    if number is None:
        return _begin(request, user, now)
    row = (
        SignIn.objects.filter(pk=number, user=user.pk)
        .annotate(
            has_authenticator=Exists(
                Authenticator.objects.filter(user=OuterRef("user"), confirmed=True)
            )
        )
        .first()
    )
    if row is None:
        return None
    if is_over(row, user, now):
        row.delete()
        return None
    changes: dict[str, Any] = {}
    if now - row.seen_at >= _SEEN_EVERY and _is_asked_by_a_person(request):
        changes["seen_at"] = now
    if row.auth_hash != request.session.get(HASH_SESSION_KEY):
        changes["auth_hash"] = request.session.get(HASH_SESSION_KEY)  # the user set a new password
    if changes:
        _note(row, changes)
    return row


def _note(row: SignIn, changes: dict[str, Any]) -> None:
    """If nothing can be stored now, the page is shown anyway; the next page notes it."""
    try:
        with transaction.atomic():
            SignIn.objects.filter(pk=row.pk).update(**changes)
    except DatabaseError as error:
        if unavailable.cause(error) is None:
            raise


def passed(request: HttpRequest, at: datetime) -> None:
    """Stores that this session has shown its second factor."""
    if number := request.session.get(KEY):
        SignIn.objects.filter(pk=number).update(passed_at=at)


def bounds_of(user: User) -> Bounds:
    """The limits, by what the user may do."""
    is_dear = any(user.has_perm(right) for right in DEAR_RIGHTS)
    return _dear() if is_dear else _usual()


def is_over(row: SignIn, user: User, now: datetime) -> bool:
    """Whether it has lasted too long. Checks rights only once that matters."""
    shortest = _dear()
    if now - row.seen_at <= shortest.idle and now - row.begun_at <= shortest.longest:
        return False
    bounds = bounds_of(user)
    return now - row.seen_at > bounds.idle or now - row.begun_at > bounds.longest


def open_ones(user: User) -> list[SignIn]:
    """The sessions that are still valid, last used first."""
    now = timezone.now()
    rows = SignIn.objects.filter(user=user, auth_hash=user.get_session_auth_hash())
    return [row for row in rows if not is_over(row, user, now)]


def end(rows: QuerySet[SignIn]) -> int:
    """Ends these sessions; returns how many there were."""
    return rows.delete()[0]


def forget_old(now: datetime) -> None:
    """Deletes the rows of ended sessions, and old tries."""
    SignIn.objects.filter(seen_at__lt=now - _usual().idle).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    tries.forget_old(now)


def browser_of(row: SignIn) -> str:
    """The browser in words: "Firefox, Windows"."""
    return browser_in_words(row.browser)


def browser_in_words(header: str) -> str:
    """The same, from a User-Agent header."""
    names = [
        next((name for mark, name in table if mark in header), "")
        for table in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in names if name) or gettext("Unknown browser")


# In this order, because each browser's header also names those below it.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


@receiver([user_logged_in, user_logged_out])
def leave(request: HttpRequest | None, **_kwargs: Any) -> None:
    """Deletes the row with the session. A user who has just signed in gets a new row, whose time
    starts again.
    """
    if request is not None and hasattr(request, "session"):
        number = request.session.pop(KEY, None)
        if number is not None:
            SignIn.objects.filter(pk=number).delete()


def _begin(request: HttpRequest, user: User, now: datetime) -> SignIn:
    row = SignIn.objects.create(
        user_id=user.pk,
        begun_at=now,
        seen_at=now,
        address=str(addresses.of_request(request) or ""),
        browser=request.headers.get("User-Agent", "")[:_LONGEST_BROWSER],
        auth_hash=request.session.get(HASH_SESSION_KEY, ""),
    )
    request.session[KEY] = row.pk
    return row


def _is_asked_by_a_person(request: HttpRequest) -> bool:
    """Whether the request is a navigation, not from a script on the page. Browsers that do not say
    count as people.
    """
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def _usual() -> Bounds:
    return Bounds(timedelta(hours=settings.SESSION_IDLE), timedelta(hours=settings.SESSION_LONGEST))


def _dear() -> Bounds:
    return Bounds(
        timedelta(hours=settings.DEAR_SESSION_IDLE), timedelta(hours=settings.DEAR_SESSION_LONGEST)
    )
