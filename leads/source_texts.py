"""What a source's pages say in the manager's own words, in the language that fits best."""

from collections.abc import Iterable

from leads import config_cache, language_choice, languages
from leads.languages import InALanguage
from leads.models import LeadSource, SourceText


def shown(source: LeadSource, language: str) -> SourceText:
    """The texts in `language`; else in the source's; else the first; else empty texts. A privacy
    notice alone is no text.
    """
    known = [it for it in _rows(source) if it.title or it.intro or it.thanks]
    found = languages.nearest(known, language, source.language)
    return found or next(iter(known), SourceText(source=source, language=language))


def privacy_url(source: LeadSource, language: str) -> str:
    """The address of the privacy notice in `language`; else the source's own; else the one in the
    source's language; else the first; else "".
    """
    known = [it for it in _rows(source) if it.privacy_url]
    if exact := languages.nearest(known, language):
        return exact.privacy_url
    other = languages.nearest(known, source.language) or next(iter(known), None)
    return source.privacy_url or (other.privacy_url if other else "")


def _rows(source: LeadSource) -> list[SourceText]:
    return config_cache.source_texts.get().get(source.pk, [])


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
