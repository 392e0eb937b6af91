"""What a source's pages say in the manager's own words, in the language that fits best."""

from collections.abc import Iterable

from leads import config_cache, language_choice, languages
from leads.languages import InALanguage
from leads.models import LeadSource, SourceText


def shown(source: LeadSource, language: str) -> SourceText:
    """The texts in `language`; else in the source's; else the first; else empty texts."""
    known = config_cache.source_texts.get().get(source.pk, [])
    found = languages.nearest(known, language, source.language)
    return found or next(iter(known), SourceText(source=source, language=language))


def privacy_url(source: LeadSource, language: str) -> str:
    """The address of the privacy notice in `language`; else the source's own; else the one that
    goes with the texts shown, or "".
    """
    known = config_cache.source_texts.get().get(source.pk, [])
    exact = languages.nearest([it for it in known if it.privacy_url], language)
    found = exact or source
    return found.privacy_url or shown(source, language).privacy_url


def offered(source: LeadSource) -> list[str]:
    """Our languages that a visitor may choose from: the source's own and those that it offers, in
    the order of the settings. A single language is no choice.
    """
    wanted = {language_choice.ours(it) for it in (source.language, *source.languages_offered)}
    return [it for it in language_choice.codes() if it in wanted]


def missing(source: LeadSource, texts: Iterable[InALanguage]) -> list[str]:
    """The languages that a visitor may choose but these texts are not in. Empty if there are no
    texts at all, because then our own words are shown.
    """
    there = {languages.spoken(it.language) for it in texts}
    return [it for it in offered(source) if it not in there] if there else []
