"""Outgoing mail: what was sent, what is waiting, what failed and why."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from callbacks.admin import html
from callbacks.admin.base import ReadOnly
from callbacks.admin.commands import Command, NothingToDo
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.mailing import outbox
from callbacks.models import OutgoingMail
from callbacks.models.outgoing_mail import MailState
from callbacks.signin import login_mail
from leads.admin import Admin

_COLOURS: dict[str, str] = {
    MailState.WAITING: html.ORANGE,
    MailState.SENDING: html.BLUE,
    MailState.SENT: html.GREEN,
    MailState.FAILED: html.RED,
}
# With such a link, anybody could end the subscription or act as the visitor.
_ITS_READERS_ALONE = re.compile(
    r"(/mail/unsubscribe/|/contact/[-\w]+/(?=[0-9a-f]{8}-)|[?&]earlier=)[^/\s&?]+"
)


def _send_again(mail: OutgoingMail, _user: object) -> str:
    if not outbox.send_again(mail.pk, timezone.now()):
        raise NothingToDo(gettext("This mail has already been sent or is being sent now."))
    return gettext("The mail is being sent again.")


SEND_AGAIN = Command(
    run=_send_again,
    title=_("Send this mail again?"),
    explanation=_(
        "It is sent to the same address. If its status says that it may "
        "have arrived, it may arrive twice."
    ),
    button=_("Send again"),
    logged=_("Sent again"),
)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnly, Admin):
    """Read-only. Users with the right can send a failed mail again."""

    list_display = ["subject", "to", "state_shown", "written", "sent", "next_try", "tries"]
    list_filter = ["state", "kind"]
    search_fields = ["to", "subject"]
    list_per_page = 50
    show_full_result_count = False
    fields = [
        "subject", "to", "state_shown", "kind", "written", "sent", "next_try", "tries", "error",
        "body", "files", "message_id",
    ]  # fmt: skip
    readonly_fields = fields
    actions_detail = ["send_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutgoingMail]:
        """Without the texts, which the list does not show."""
        found: QuerySet[OutgoingMail] = super().get_queryset(request)
        return found.defer("text", "html", "headers")

    written = html.moment_of("created_at", _("written at"))
    sent = html.moment_of("sent_at", _("sent at"))
    next_try = html.moment_of("next_at", _("next try"))

    @display(description=_("state"), ordering="state")  # type: ignore[untyped-decorator]
    def state_shown(self, obj: OutgoingMail) -> SafeString:
        """The state, with the last error."""
        state = MailState(obj.state)
        shown = html.label(str(state.label), _COLOURS[state])
        return html.trouble_below(shown, obj.error)

    @display(description=_("text"))  # type: ignore[untyped-decorator]
    def body(self, obj: OutgoingMail) -> SafeString:
        """The plain text, which says the same as the HTML. Secret links are shortened.

        A mail about somebody's login may say from where they work, even to people who do not see
        the login.
        """
        if obj.kind == login_mail.KIND:
            return format_html("{}", gettext("Only its recipient can read this mail."))
        text = _ITS_READERS_ALONE.sub(r"\1...", obj.text)
        return format_html('<pre class="mail-text" dir="auto">{}</pre>', text)

    @display(description=_("attachments"))  # type: ignore[untyped-decorator]
    def files(self, obj: OutgoingMail) -> str:
        """The attachments' names."""
        return ", ".join(obj.attachments.values_list("name", flat=True)) or "-"

    def has_resend_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Whether the user may send mail again."""
        return bool(request.user.has_perm("callbacks.resend_outgoingmail"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """None for a mail that has been sent or is being sent."""
        found: list[Any] = super().get_actions_detail(request, object_id)
        mail = self.get_object(request, str(object_id))
        can_be_sent = mail and mail.state in (MailState.FAILED, MailState.WAITING)
        return found if can_be_sent else []

    @action(  # type: ignore[untyped-decorator]
        description=_("Send again"), url_path="send-again", permissions=["resend"], icon="send"
    )
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then sends the mail again."""
        mail = self.get_object(request, object_id)
        if mail is None or not self.has_view_permission(request, mail):
            raise Http404
        page = reverse("admin:callbacks_outgoingmail_change", args=[mail.pk])
        if not is_confirmed(request):
            return ask(request, self, SEND_AGAIN.question([mail], request.user, page))
        SEND_AGAIN.carry_out(self, request, [mail])
        return HttpResponseRedirect(page)
