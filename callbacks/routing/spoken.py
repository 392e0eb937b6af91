"""Whether anybody speaks a language whom a source's leads are routed to."""

from callbacks.models import Extension
from callbacks.routing.config import RoutingConfig
from callbacks.routing.rules import first_part


def is_spoken(current: RoutingConfig, source_id: int, language: str) -> bool:
    """Whether some extension of the source's teams takes leads of this language, now or later.

    A language that is not known ("") is spoken by everybody.
    """
    rules = current.rules_by_source.get(source_id, [])
    if not language or not all(it.only_speakers for it in rules):
        return True
    of_teams = Extension.objects.filter(team__in=[it.id for it in rules], is_active=True)
    named = of_teams.values_list("languages", flat=True)
    return any(not it or first_part(language) in map(first_part, it) for it in named)
