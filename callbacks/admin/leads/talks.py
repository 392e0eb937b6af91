"""Fields of a lead's page about its talks and its origin: disposition, follow-ups, the never-call
list, who sent it.
"""

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.access.others_requests import is_hidden
from callbacks.admin import html
from callbacks.explain import call_notes
from leads import never_call
from leads.models import CameBy, Lead


class ShowsTalks:
    """Fields of the leads' admin. They read what `get_object` loaded."""

    @display(description=_("disposition"))  # type: ignore[untyped-decorator]
    def came_of_it(self, obj: Lead) -> SafeString | str:
        """The disposition and note of its newest call that has any, and what follows."""
        standing = [note for note in obj.call_notes.all() if note.stands]
        newest = max(standing, key=lambda it: it.attempt_id, default=None)
        if newest is None:
            return ""
        zone = timezone.get_current_timezone()
        return html.below(
            format_html("<span>{}</span>", html.call_note(newest)),
            call_notes.follows(newest, timezone.now(), zone),
        )

    @display(description=_("legal hold"))  # type: ignore[untyped-decorator]
    def held_legally(self, obj: Lead) -> SafeString | str:
        """Why the lead must be kept, who said so, and since when."""
        hold = getattr(obj, "legal_hold", None)
        if hold is None:
            return ""
        said = format_html("{} · {}", hold.placed_by or "", html.moment(hold.placed_at))
        return html.below(format_html("<bdi>{}</bdi>", hold.reason), said)

    @display(description=_("sent by"))  # type: ignore[untyped-decorator]
    def sent_by(self, obj: Lead) -> str:
        """How the lead came in, and whose API key was used."""
        if is_hidden(obj):
            return obj.get_came_by_display()
        if obj.api_client:
            return gettext("the API, with a key of %(client)s") % {"client": obj.api_client.name}
        if obj.came_by == CameBy.API:
            return gettext("the API, without a key")
        return obj.get_came_by_display()

    @display(description=_("follow-up"))  # type: ignore[untyped-decorator]
    def follow_ups_shown(self, obj: Lead) -> SafeString:
        """The lead after whose talk it was planned, and the follow-ups of its own talks."""
        links = []
        if first := obj.follow_up_of:
            links.append(
                html.link(first, gettext("After the talk of lead %(pk)s") % {"pk": first.pk})
            )
        for it in obj.follow_ups.all():
            words = {"pk": it.pk, "status": it.get_status_display()}
            links.append(html.link(it, gettext("Lead %(pk)s, %(status)s") % words))
        return html.joined(links)

    @display(description=_("on the never-call list"))  # type: ignore[untyped-decorator]
    def never_called(self, obj: Lead) -> SafeString | str:
        """Why nobody calls its number, if it is on the never-call list."""
        found = never_call.entry(obj.phone)
        if found is None:
            return ""
        page = html.link(found, gettext("Never-call list"))
        return html.below(page, html.trouble(never_call.refusal(found)))
