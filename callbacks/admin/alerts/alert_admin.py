"""Alerts, and the messages sent about them. Read-only."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display

from callbacks.admin import html
from callbacks.admin.base import ReadOnly
from callbacks.alerts import words
from callbacks.alerts.kinds import KINDS
from callbacks.common.formatting import in_words
from callbacks.common.translation import Text
from callbacks.models import Alert, AlertMessage, AlertReceiver, AlertTelling, OutgoingMail
from callbacks.models.alerts import AlertChannel, AlertMessageState
from callbacks.models.outgoing_mail import MailState
from leads.admin import Admin

_COLOURS = {AlertMessageState.SENT: html.GREEN, AlertMessageState.FAILED: html.RED}
_MAIL_COLOURS = {MailState.SENT: html.GREEN, MailState.FAILED: html.RED}


_OF_WEBHOOKS = {"tries", "next_try", "last_status", "sent"}


class OpenFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """Alerts that are open, or over."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices."""
        return [("open", gettext("Open")), ("over", gettext("Over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen state."""
        if self.value() in ("open", "over"):
            return queryset.filter(ended_at__isnull=self.value() == "open")
        return queryset


class KindFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """Alerts of one kind."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The choices."""
        return [(kind.name, kind.title) for kind in KINDS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() in KINDS else queryset


class AlertedLeadsFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """The leads that a message is about. Shown only after following the message's link."""

    title = _("from an alert")
    parameter_name = "alert"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """The one choice."""
        asked = self.value()
        return [(asked, gettext("Leads of one message"))] if asked else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads in one kind of the message's alerts; none for an unknown message."""
        if not self.value():
            return queryset
        message, _dot, kind = str(self.value()).partition(".")
        try:
            told = Q(message__public_id=UUID(message)) | Q(over_message__public_id=UUID(message))
        except ValueError:
            return queryset.none()
        tellings = AlertTelling.objects.filter(told, alert__kind=kind)
        return queryset.filter(pk__in=tellings.values("alert__lead"))


@admin.register(Alert)
class AlertAdmin(ReadOnly, Admin):
    """Alerts, open or over, and who was told."""

    list_display = ["began", "what", "kind_shown", "state_shown", "told_to"]
    list_display_links = ["began"]
    list_filter = [OpenFilter, KindFilter]
    list_filter_submit = True
    list_refresh = True
    list_per_page = 50
    sortable_by = ()
    list_select_related = ["source", "team"]
    show_full_result_count = False
    list_before_template = "admin/alerts_hint.html"
    fields = ["what", "kind_shown", "began", "state_shown", "told_in_full"]
    readonly_fields = fields

    began = html.moment_of("began_at", _("began at"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Loads who was told."""
        queryset: QuerySet[Alert] = super().get_queryset(request)
        tellings = AlertTelling.objects.select_related("receiver", "message", "over_message")
        return queryset.prefetch_related(Prefetch("tellings", tellings.order_by("pk")))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Adds whether any receiver is active."""
        changes: Any = super().get_changelist_instance(request)
        changes.nobody_is_told = not AlertReceiver.objects.filter(is_active=True).exists()
        return changes  # type: ignore[no-any-return]

    @display(description=_("what"))  # type: ignore[untyped-decorator]
    def what(self, obj: Alert) -> SafeString:
        """The alert in a sentence, with a link to the rows behind it."""
        said = words.sentence(obj, timezone.now(), timezone.get_current_timezone())
        return format_html('<a class="quiet-link" href="{}">{}</a>', words.page_of(obj), said)

    @display(description=_("kind"))  # type: ignore[untyped-decorator]
    def kind_shown(self, obj: Alert) -> str:
        """The title of its kind."""
        return str(KINDS[obj.kind].title) if obj.kind in KINDS else obj.kind

    @display(description=_("state"))  # type: ignore[untyped-decorator]
    def state_shown(self, obj: Alert) -> SafeString:
        """Open, or over and how long it lasted."""
        if obj.ended_at is None:
            return html.label(gettext("Open"), html.RED)
        lasted = in_words((obj.ended_at - obj.began_at).total_seconds())
        return html.label(gettext("Over"), html.GREEN, gettext("after %(time)s") % {"time": lasted})

    @display(description=_("sent to"))  # type: ignore[untyped-decorator]
    def told_to(self, obj: Alert) -> SafeString | str:
        """The receivers, each with a link to the message."""
        told = [html.link(it.message, it.receiver.name) for it in obj.tellings.all()]
        return html.joined(told) if told else gettext("nobody yet")

    @display(description=_("sent to"))  # type: ignore[untyped-decorator]
    def told_in_full(self, obj: Alert) -> SafeString | str:
        """When each receiver was told that the alert began, and that it was over."""
        rows = [row for it in obj.tellings.all() for row in _told(it)]
        return format_html_join("", "<div>{}</div>", ((it,) for it in rows)) or gettext(
            "nobody yet"
        )


def _told(telling: AlertTelling) -> Iterable[SafeString]:
    messages = [telling.message]
    if telling.over_message and telling.over_message != telling.message:
        messages.append(telling.over_message)
    for message in messages:
        yield format_html(
            "{} {} {}", telling.receiver.name, html.moment(message.made_at),
            html.link(message, message.subject),
        )  # fmt: skip


@admin.register(AlertMessage)
class AlertMessageAdmin(ReadOnly, Admin):
    """Messages about alerts: to whom, when, and whether they were sent."""

    list_display = ["made", "receiver_name", "to_shown", "subject", "state_shown"]
    list_filter = ["state", "channel"]
    list_filter_submit = True
    list_refresh = True
    list_per_page = 50
    sortable_by = ()
    search_fields = ["receiver_name", "to", "subject"]
    list_select_related = ["mail"]
    show_full_result_count = False
    fields = [
        "made", "receiver_name", "to_shown", "subject", "text_shown", "state_shown", "tries",
        "next_try", "last_status", "sent",
    ]  # fmt: skip
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: AlertMessage | None = None) -> list[str]:
        """Only webhooks have tries here; a mail's own page shows its tries."""
        by_mail = obj is not None and obj.channel == AlertChannel.MAIL
        return [it for it in self.fields if not by_mail or it not in _OF_WEBHOOKS]

    made = html.moment_of("made_at", _("created at"))
    next_try = html.moment_of("next_try_at", _("next try at"))
    sent = html.moment_of("sent_at", _("sent at"))

    @display(description=_("to"))  # type: ignore[untyped-decorator]
    def to_shown(self, obj: AlertMessage) -> SafeString:
        """The channel and the recipient."""
        return html.below(html.label(obj.get_channel_display()), obj.to)

    @display(description=_("state"))  # type: ignore[untyped-decorator]
    def state_shown(self, obj: AlertMessage) -> SafeString:
        """The message's state and last error; a mail's own state and error."""
        if mail := obj.mail:
            state_of_mail = MailState(mail.state)
            colour = _MAIL_COLOURS.get(state_of_mail, html.ORANGE)
            shown = html.label(
                str(state_of_mail.label), colour, address=html.page_of(OutgoingMail, mail.pk)
            )
            return html.trouble_below(shown, mail.error)
        state = AlertMessageState(obj.state)
        shown = html.label(str(state.label), _COLOURS.get(state, html.ORANGE))
        return html.trouble_below(shown, obj.last_error)

    @display(description=_("text"))  # type: ignore[untyped-decorator]
    def text_shown(self, obj: AlertMessage) -> SafeString:
        """The text as it was, or would have been, sent by mail."""
        return format_html('<pre class="mail-text">{}</pre>', obj.text)
