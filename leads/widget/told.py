"""What the server tells the loader about a source: words in one language, and the button's look."""

from datetime import datetime
from typing import TypedDict

from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext

from leads import config_cache, language_choice, languages, ports
from leads.branding import contrast
from leads.models import LeadSource, Widget, WidgetText
from leads.models.widgets import Appears


class Told(TypedDict):
    """The JSON for the loader. `frame`, `link`: paths. `seconds`: until the button shows, if it
    `shows`.
    """

    lang: str
    dir: str
    button: str
    title: str
    close: str
    failed: str
    open: str
    loading: str
    colour: str
    ink: str
    side: str
    appears: str
    seconds: int
    shows: bool
    frame: str
    link: str


def told(source: LeadSource, language: str, now: datetime) -> Told:
    """What to tell the loader of a page in `language`, which is one of ours."""
    it, text = widget(source), text_in(source, language)
    query = urlencode({"lang": language})
    with translation.override(language):
        return {
            "lang": language,
            "dir": language_choice.direction(language),
            "button": text.button if text else gettext("Call me back"),
            "title": text.title if text else gettext("We will call you back"),
            **words(),
            "loading": gettext("The form is loading…"),
            "colour": it.colour,
            "ink": contrast.text_on(it.colour),
            "side": it.side,
            "appears": it.appears,
            "seconds": (it.after_seconds or 0) if it.appears == Appears.LATER else 0,
            "shows": not it.only_open or _is_open(source, now),
            "frame": f"{reverse('widget:contact', args=[source.slug])}?{query}",
            "link": f"{reverse('leads:contact', args=[source.slug])}?{query}",
        }


class Words(TypedDict):
    """The dialog's texts beside its title."""

    close: str
    failed: str
    open: str


def words() -> Words:
    """The words in the active language. The loader has them in every language by itself."""
    return {
        "close": gettext("Close"),
        "failed": gettext("The form cannot be shown here."),
        "open": gettext("Open it in a new tab"),
    }


def widget(source: LeadSource) -> Widget:
    """The source's widget, or one with the defaults."""
    return config_cache.widgets.get().get(source.pk) or Widget(source=source)


def text_in(source: LeadSource, language: str) -> WidgetText | None:
    """The text in this language, or in the same language of any country; None if there is none."""
    return languages.nearest(config_cache.widget_texts.get().get(source.pk, []), language)


def _is_open(source: LeadSource, now: datetime) -> bool:
    opens = ports.hours(source.pk).next_time(now)
    return opens is not None and opens <= now
