"""What a source's pages say in the manager's own words, in the language that fits best."""

from collections.abc import Iterable

from leads import config_cache, language_choice, languages
from leads.languages import InALanguage
from leads.models import LeadSource, SourceText


def shown(source: LeadSource, language: str) -> SourceText:
    """In `language`; else in the source's; else the first there is; else without any words."""
    known = config_cache.source_texts.get().get(source.pk, [])
    found = languages.nearest(known, language, source.language)
    return found or next(iter(known), SourceText(source=source, language=language))


def offered(source: LeadSource) -> list[str]:
    """The languages of ours that a visitor may choose from: the source's own, and what it offers
    besides, in the order of the settings. One alone is no choice.
    """
    wanted = {language_choice.ours(it) for it in (source.language, *source.languages_offered)}
    return [it for it in language_choice.codes() if it in wanted]


def missing(source: LeadSource, texts: Iterable[InALanguage]) -> list[str]:
    """The languages that a visitor may choose and that these texts are not in; none where there are
    no texts at all, for then our own words stand there.
    """
    there = {languages.spoken(it.language) for it in texts}
    return [it for it in offered(source) if it not in there] if there else []
