"""Which language a page is in: one rule for everything that a visitor reads.

1. The language that the address names: `?lang=he`. The widget puts its `data-lang` there. 2. The
source's own language. 3. The browser's preference, in its Accept-Language. 4. English.

A language without pages (settings.LANGUAGES) counts as none, and the next step decides. If the
address names the language, the addresses on the page name it too (leads.pages.address), so that the
visitor stays in it.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import get_language_info
from django.utils.translation.trans_real import parse_accept_lang_header

from leads import languages

if TYPE_CHECKING:
    from leads.models import LeadSource

PARAMETER = "lang"


@dataclass(frozen=True)
class Choice:
    """One of our languages. `is_asked`: the address names it."""

    language: str
    is_asked: bool = False


def choose(asked: Iterable[str] = (), source: str = "", accepted: str = "") -> Choice:
    """Applies the rule above. `asked`: what the address names; the first of our languages counts.
    `source`: the source's language. `accepted`: the Accept-Language header. Each may be any text.
    """
    if known := next(filter(None, map(ours, asked)), ""):
        return Choice(known, is_asked=True)
    preferred = (code for code, weight in parse_accept_lang_header(accepted) if weight)
    known = ours(source) or next(filter(None, map(ours, preferred)), "")
    return Choice(known or settings.LANGUAGE_CODE)


def ours(typed: str) -> str:
    """Which of our languages a code means: "iw-IL", "he_IL" -> "he"; "" for any other."""
    spoken = languages.spoken(languages.read(typed))
    return spoken if spoken in codes() else ""


def codes() -> list[str]:
    """The languages that our pages are in."""
    return [code for code, _name in settings.LANGUAGES]


def own_name(code: str) -> str:
    """A language's name for itself: "he" -> "עברית"."""
    name = str(get_language_info(code)["name_local"])
    return name[:1].upper() + name[1:]


def direction(code: str) -> str:
    """ "rtl" for a language written from right to left, else "ltr", whether or not it is ours."""
    try:
        return "rtl" if get_language_info(languages.spoken(code))["bidi"] else "ltr"
    except KeyError:
        return "ltr"


# --- of a request ---------------------------------------------------------------------------------


def of_request(request: HttpRequest, own: str = "", named: str = "") -> Choice:
    """The choice for a request about a source or wallboard with this `own` language, if any.
    `named`: a language that the request names elsewhere than in the address.
    """
    accepted = request.headers.get("Accept-Language", "")
    return choose([*_asked(request), named], own, accepted)


def speak(request: HttpRequest, source: "LeadSource | None", named: str = "") -> Choice:
    """Answers the request in the language of its source's page from here on, until
    callbacks.config.page_language ends it.
    """
    return speak_as(request, source.language if source else "", named)


def speak_as(request: HttpRequest, own: str, named: str = "") -> Choice:
    """The same, with the `own` language instead of a source."""
    choice = of_request(request, own, named)
    translation.activate(choice.language)
    return choice


def asked(request: HttpRequest) -> str:
    """The language of ours that the address names; "" if there is none."""
    return next(filter(None, map(ours, _asked(request))), "")


def _asked(request: HttpRequest) -> list[str]:
    with suppress(TooManyFieldsSent):  # the code that reads the form refuses it
        return request.GET.getlist(PARAMETER)
    return []
