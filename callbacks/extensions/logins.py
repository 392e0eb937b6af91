"""What happens to a salesperson's extensions when the login is switched off, on, or deleted.

Somebody who may not log in is not rung: the extensions are paused, with a reason that says so,
until the login is switched on or somebody un-pauses a phone for another person. A timed pause that
was on before, such as lunch, then goes on until its end. A live call goes on: hanging up would hurt
the lead.
"""

from typing import Any

from django.db import transaction
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.common import task_publisher
from callbacks.models import Extension, Pause
from callbacks.models.extensions import PausedAs
from callbacks.models.pauses import PauseKind

_NONE = {"earlier_pause_until": None, "earlier_pause_reason": ""}
# The value of Extension.paused_as for each PauseKind of the history.
_PAUSED_AS = Case(
    When(kind__in=(PauseKind.OWN, PauseKind.MANAGER), then=Value(PausedAs.PERSON.value)),
    default=F("kind"),
)


def switched_off_reason() -> str:
    """The pause reason while a login is switched off."""
    return gettext("the login is switched off")


def switched_off(user_id: int) -> list[str]:
    """Pauses this person's extensions. Returns the numbers of those that changed."""
    return _pause(user_id, switched_off_reason())


def deleted(user_id: int) -> list[str]:
    """The same, before the login is deleted."""
    return _pause(user_id, gettext("the login was deleted"))


def switched_on(user_id: int) -> None:
    """Ends only the pauses that `switched_off` made; a timed pause from before goes on."""
    paused = Extension.objects.filter(
        user=user_id, is_paused=True, paused_until=None, pause_reason=switched_off_reason()
    )
    with transaction.atomic():
        teams = list(paused.order_by().values_list("team", flat=True).distinct())
        paused.filter(earlier_pause_until__gt=timezone.now()).update(
            paused_until=F("earlier_pause_until"),
            pause_reason=F("earlier_pause_reason"),
            paused_as=Coalesce(_earlier(_PAUSED_AS), Value("")),
            paused_by=_earlier(F("made_by")),
            **_NONE,
        )
        paused.update(is_paused=False, pause_reason="", paused_as="", paused_by=None, **_NONE)
        for team_id in teams:
            task_publisher.work_team_on_commit(team_id)


def _earlier(what: Any) -> Subquery:
    """A value of the earlier pause, from the history; NULL if the history does not have it."""
    before = Pause.objects.filter(
        extension=OuterRef("pk"),
        until=OuterRef("earlier_pause_until"),
        reason=OuterRef("earlier_pause_reason"),
    )
    return Subquery(before.annotate(found=what).order_by("-began_at").values("found")[:1])


def _pause(user_id: int, reason: str) -> list[str]:
    # A person's pause without an end stays as it is.
    not_yet = Extension.objects.filter(
        Q(is_paused=False) | Q(paused_until__isnull=False), user=user_id
    )
    with transaction.atomic():
        numbers = list(not_yet.order_by("number").values_list("number", flat=True))
        not_yet.update(
            is_paused=True,
            paused_until=None,
            pause_reason=reason,
            paused_as=PausedAs.LOGIN,
            paused_by=None,
            earlier_pause_until=Case(When(is_paused=True, then=F("paused_until"))),
            earlier_pause_reason=F("pause_reason"),
        )
    return numbers
