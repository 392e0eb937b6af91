"""Where an extension stands in its team's queue, when the rule of the queue becomes another one."""

from datetime import UTC

from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast, Coalesce, Extract

from callbacks.models import Extension, Team

# Their positions are times; the others' are turns that were had (callbacks.routing.rules).
_BY_TIME = (Team.Strategy.LONGEST_IDLE, Team.Strategy.ROUND_ROBIN)


def reset_positions(team_id: int) -> None:
    """Of all its extensions: by time, whoever was called last stays last; by turns, all begin
    anew.
    """
    extensions: QuerySet[Extension] = Extension.objects.filter(team=team_id)
    if Team.objects.filter(pk=team_id, strategy__in=_BY_TIME).exists():
        extensions.update(
            position=Coalesce(
                Cast(Extract(F("last_called_at"), "epoch", tzinfo=UTC), FloatField()), 0.0
            )
        )
    else:
        extensions.update(position=0)
