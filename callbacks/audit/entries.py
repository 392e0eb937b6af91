"""Writes the entries that no trigger writes, and deletes old entries."""

from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import connection
from django.dispatch import receiver
from django.http import HttpRequest

from callbacks.audit.acting import of_request
from callbacks.models import AuditEntry
from callbacks.models.audit import Act

# Entries deleted in one statement; the next are deleted an hour later.
_AT_ONCE = 10_000


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest | None, user: AbstractBaseUser, **_kwargs: Any) -> None:
    """Records that somebody signed in."""
    _note(Act.SIGNED_IN, request, user)


@receiver(user_logged_out)
def note_sign_out(
    request: HttpRequest | None, user: AbstractBaseUser | None, **_kwargs: Any
) -> None:
    """Records that somebody signed out, unless the session was over already."""
    if user is not None:
        _note(Act.SIGNED_OUT, request, user)


def note_look_up(request: HttpRequest, leads: int) -> None:
    """Records that somebody looked up a person's data, from how many leads, but not whose."""
    acting = of_request(request)
    AuditEntry.objects.create(
        act=Act.LOOKED_UP,
        user_id=acting["user"],
        username=acting["name"],
        address=acting["address"],
        way=acting["way"],
        kind="leads_lead",
        after={"leads": leads},
    )


def _note(act: Act, request: HttpRequest | None, user: AbstractBaseUser) -> None:
    acting = of_request(request, user) if request and request.path else {}
    AuditEntry.objects.create(
        act=act,
        user_id=user.pk,
        username=user.get_username(),
        address=acting.get("address"),
        way=acting.get("way", ""),
        kind="auth_user",
        thing_id=str(user.pk),
        thing_name=user.get_username()[:100],
    )


def forget_old() -> int:
    """Deletes entries older than AUDIT_KEPT_DAYS, at most _AT_ONCE. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT callbacks_audit_forget_v1(%s, %s)", [settings.AUDIT_KEPT_DAYS, _AT_ONCE]
        )
        (deleted,) = cursor.fetchone()
    return int(deleted)
