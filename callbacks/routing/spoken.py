"""Whether anybody who takes a source's leads speaks a language."""

from callbacks.models import Extension
from callbacks.routing.config import RoutingConfig
from callbacks.routing.rules import first_part


def is_spoken(current: RoutingConfig, source_id: int, language: str) -> bool:
    """Whether any extension of the source's teams takes leads of this language, now or later.

    An unknown language ("") is spoken by everybody.
    """
    rules = current.rules_by_source.get(source_id, [])
    if not language or not all(it.only_speakers for it in rules):
        return True
    of_teams = Extension.objects.filter(team__in=[it.id for it in rules], is_active=True)
    named = of_teams.values_list("languages", flat=True)
    return any(not it or first_part(language) in map(first_part, it) for it in named)
