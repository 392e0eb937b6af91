"""The number that a visitor's phone shows when we call, if it is known beforehand."""

import phonenumbers

from callbacks.models import Extension
from callbacks.routing.config import RoutingConfig
from callbacks.telephony import account
from callbacks.telephony.call_parameters import resolved_arguments
from callbacks.voicenter.values.phones import to_e164

_PARAMETER = "target_caller_id"


def shown_to_visitors(current: RoutingConfig, source_id: int) -> str:
    """The number in E.164; "" if it is not known.

    It is unknown if nobody set it, if it is withheld or not a complete telephone number, or if it
    depends on which of the source's extensions calls. Asks the database only if an extension has
    its own number.
    """
    extensions: set[int | None] = {None}
    own = [pk for pk, values in current.parameters_by_extension.items() if _PARAMETER in values]
    if own:
        teams = [team.pk for team in current.teams_for(source_id)]
        rung = Extension.objects.filter(team__in=teams, is_active=True).values_list("pk", flat=True)
        extensions = set(rung) or {None}
    found = {_shown(current, source_id, it) for it in extensions}
    return found.pop() if len(found) == 1 else ""


def _shown(current: RoutingConfig, source_id: int, extension_id: int | None) -> str:
    places = account.places(current, source_id, extension_id)
    number = to_e164(str(resolved_arguments(places).get(_PARAMETER) or "")) or ""
    is_number = number and phonenumbers.is_valid_number(phonenumbers.parse(number))
    return number if is_number else ""
