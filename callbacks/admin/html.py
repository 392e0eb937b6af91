"""Small pieces of HTML for lists and pages; every value is escaped."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from unfold.decorators import display

from callbacks.common.translation import Text
from callbacks.models import CallNote
from leads import phones
from leads.models import DispositionEffect

# The theme's names for colours.
GREY, BLUE, GREEN, ORANGE, RED, ACCENT = "", "info", "success", "warning", "danger", "primary"

DISPOSITION_COLOURS: dict[str, str] = {
    DispositionEffect.CALL_AGAIN: BLUE,
    DispositionEffect.SPAM: ORANGE,
    DispositionEffect.NEVER_CALL: RED,
}


def label(text: str, colour: str = GREY, note: str = "", address: str = "") -> SafeString:
    """A coloured label, with a small note below it; a link if an address is given."""
    context = {"text": text, "type": colour, "href": address}
    shown: SafeString = render_to_string("unfold/helpers/label.html", context)
    return below(shown, note)


def below(shown: SafeString, note: str) -> SafeString:
    """Adds a small note below, if there is one."""
    if not note:
        return shown
    return format_html('<span class="noted">{}<small>{}</small></span>', shown, note)


def on_one_line(text: str) -> str:
    """Keeps a time, or another figure of several words, on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def explained(text: str, why: str) -> SafeString:
    """A text with a sentence in small type below it, which may take a few lines."""
    return format_html('<span class="noted">{}<small class="why">{}</small></span>', text, why)


def trouble_below(shown: SafeString, text: str) -> SafeString:
    """Adds an error message below: two lines of it, and all of it in the tooltip."""
    if not text:
        return shown
    return format_html(
        '<span class="noted">{0}<small class="trouble" title="{1}">{1}</small></span>', shown, text
    )


def person(name: str, e164: str, address: str = "") -> SafeString:
    """A name with the number below it; the name is a link if an address is given. An erased person
    has no name.
    """
    shown = format_html("<bdi>{}</bdi>", name or gettext("Erased"))
    if address:
        shown = format_html('<a class="quiet-link" href="{}">{}</a>', address, shown)
    return below(shown, phone(e164))


def link(obj: Model, text: str) -> SafeString:
    """A link to the object's own page."""
    address = page_of(type(obj), obj.pk)
    return format_html('<a class="quiet-link" href="{}"><bdi>{}</bdi></a>', address, text)


def page_of(model: type[Model], pk: int) -> str:
    """The address of an object's own page."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def shown_if(field: str, condition: str) -> str:
    """For `conditional_fields`. A read-only form lacks the field and shows everything."""
    return f"!('{field}' in $data) || {field} {condition}"


def moment(at: datetime | None) -> SafeString | str:
    """An instant in the site's time zone, to the second; "" for None."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    shown = f"{local:%d %b %H:%M:%S}" if local.year == timezone.localdate().year else ""
    return format_html(
        '<time class="nowrap" datetime="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        shown or f"{local:%d %b %Y %H:%M:%S}",
    )


def written(at: datetime) -> str:
    """An instant in the site's time zone as plain text, for the log."""
    return f"{timezone.localtime(at):%d %b %Y %H:%M:%S}"


def moment_of(field: str, description: Text) -> Callable[[Any, Any], SafeString | str]:
    """A method of a ModelAdmin that shows the time in `field`."""

    @display(description=description, ordering=field)  # type: ignore[untyped-decorator]
    def shown(_model_admin: Any, obj: Any) -> SafeString | str:
        return moment(getattr(obj, field))

    return shown  # type: ignore[no-any-return]


def phone(e164: str, extension: str = "") -> SafeString:
    """A number as people read it, on one line and left to right in any script."""
    shown = phones.with_extension(e164, extension)
    return format_html('<bdi class="nowrap" dir="ltr">{}</bdi>', shown)


def call_id(value: str) -> SafeString | str:
    """A CALLID in a monospaced font. Lists show its end, where CALLIDs differ; hovering, or
    clicking and copying, gives all of it.
    """
    if not value:
        return ""
    return format_html('<code class="call-id" title="{0}"><bdi dir="ltr">{0}</bdi></code>', value)


def recording(address: str, text: str = "Recording") -> SafeString | str:
    """A link that opens in a new tab. The address came from outside: only a web address becomes a
    link, anything else is shown as text.
    """
    if not is_web_address(address):
        return address
    return format_html(
        '<a class="quiet-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
        address,
        text,
    )


def player(address: str) -> SafeString | str:
    """Plays a recording in the page, with a link beside it, if it is on one of RECORDING_HOSTS;
    otherwise only the link. Nothing is loaded before somebody plays it.
    """
    link_to_it = recording(address, gettext("Recording"))
    if not is_playable(address):
        return link_to_it
    return format_html(
        '<span class="player"><audio controls preload="none" src="{}"></audio>{}</span>',
        address,
        link_to_it,
    )


def is_playable(address: str) -> bool:
    """Whether it is https on the usual port of one of RECORDING_HOSTS."""
    if not is_web_address(address):
        return False
    parts = urlsplit(address)
    try:
        is_usual_port = parts.port in (None, 443)
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and is_usual_port
        and parts.username is None
        and parts.hostname in settings.RECORDING_HOSTS
    )


def is_web_address(address: str) -> bool:
    """Whether it is http or https, with a host."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def dotted(notes: Iterable[str]) -> SafeString:
    """The notes that are not empty, with dots between them."""
    return format_html_join(" · ", "{}", ((note,) for note in notes if note))


def trouble(text: str) -> SafeString | str:
    """An error message in its colour."""
    return format_html('<span class="trouble">{}</span>', text) if text else ""


def error(code: int | None, message: str) -> str:
    """ERRORCODE and message on one line; "" for ERRORCODE 0. Without a code, the message alone."""
    if not code:
        return message if code is None else ""
    return f"{code}: {message}" if message else str(code)


def call_note(note: CallNote | None) -> SafeString | str:
    """A disposition with the note below it; a note alone; "" without either."""
    if note is None:
        return ""
    if note.disposition is None:
        return format_html('<span class="call-note" dir="auto">{}</span>', note.note)
    shown = label(note.disposition.name, DISPOSITION_COLOURS.get(note.disposition.effect, GREY))
    said = format_html('<span class="call-note" dir="auto">{}</span>', note.note)
    return below(shown, said if note.note else "")


def joined(parts: Iterable[SafeString]) -> SafeString:
    """Pieces with commas between them."""
    return format_html_join(", ", "{}", ((part,) for part in parts))
