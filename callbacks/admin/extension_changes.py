"""What a manager changes about whether an extension is rung."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest

from callbacks import wakeups
from callbacks.models import Extension


@dataclass(frozen=True)
class Change:
    """Something a manager does to whether an extension is rung.

    `values` are written where `applies` holds; somebody else may have been first.
    """

    applies: Q
    values: dict[str, Any]
    logged: str
    done: str
    already: str
    frees: bool
    explanation: str


PAUSE = Change(
    applies=Q(is_paused=False),
    values={"is_paused": True},
    logged="Paused",
    done="is paused",
    already="is paused already",
    frees=False,
    explanation="It is not rung until it is un-paused. A call that is on goes on.",
)
# Whoever un-pauses it says that somebody sits there again: what kept it from being rung before
# (missed calls, a cool-down) is no longer true.
UNPAUSE = Change(
    applies=Q(is_paused=True),
    values={"is_paused": False, "missed_in_a_row": 0, "out_until": None, "out_reason": ""},
    logged="Un-paused",
    done="is rung again",
    already="is not paused",
    frees=True,
    explanation="It is rung again at once if somebody waits for a call.",
)
CLEAR_BLOCK = Change(
    applies=Q(is_blocked=True),
    values={"is_blocked": False},
    logged="Block cleared",
    done="is no longer marked as blocked",
    already="is not blocked",
    frees=True,
    explanation="Do this once the provider has allowed the extension for Click2Call; otherwise "
    "the next call marks it as blocked again.",
)
BRING_BACK = Change(
    applies=Q(out_until__gt=Now()),
    values={"out_until": None, "out_reason": ""},
    logged="Brought back",
    done="is rung again",
    already="is not out",
    frees=True,
    explanation="It was left out for a while: offline, not answered, or in the conference room. "
    "Bring it back when somebody sits there again.",
)


def carry_out(
    model_admin: Any, request: HttpRequest, extensions: Sequence[Extension], change: Change
) -> None:
    """Does it to each, where nobody was first; tells the manager and writes the log."""
    for extension in extensions:
        with transaction.atomic():
            row = Extension.objects.filter(change.applies, pk=extension.pk)
            won = row.update(**change.values)
            if won:
                model_admin.log_change(request, extension, change.logged)
                if change.frees:
                    wakeups.work_team_on_commit(extension.team_id)
        if won:
            model_admin.message_user(request, f"{extension} {change.done}.", messages.SUCCESS)
        else:
            model_admin.message_user(request, f"{extension} {change.already}.", messages.WARNING)
