"""Blocking the senders of held leads for a time, by number, address or mail domain."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from callbacks.admin.commands import NothingToDo
from callbacks.admin.leads import held_commands
from callbacks.admin.leads.block_reach_shown import AsksBeforeRefusing, sure_field
from callbacks.admin.leads.held_commands import HeldCommand
from callbacks.admin.leads.held_filters import domain_of, network_of
from callbacks.calling.manual_requests import CannotCall
from callbacks.common.formatting import listed
from leads import one_line
from leads.guard import block_values
from leads.guard.block_values import NotAnEntry
from leads.models import BlockEntry, BlockKind, BlockVerdict, Lead

# The question names at most this many values.
_NAMED = 3
_SPANS: dict[str, timedelta | None] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "ever": None,
}


class BlockSenderForm(AsksBeforeRefusing, forms.Form):
    """What to block of the chosen leads, how, and for how long."""

    what = forms.MultipleChoiceField(
        label="",  # the theme would put one beside the boxes
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choice"}),
    )
    verdict = forms.ChoiceField(
        label=_("Later requests"),
        choices=BlockVerdict.choices,
        initial=BlockVerdict.HOLD,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Refused requests are not stored, so nobody sees them."),
    )
    sure = sure_field()
    span = forms.ChoiceField(
        label=_("For how long"),
        choices=[
            ("day", _("A day")), ("week", _("A week")), ("month", _("30 days")),
            ("ever", _("Until somebody deletes it")),
        ],
        initial="week",
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "dir": "auto"}),
        help_text=_("Shown on the block list."),
    )

    def __init__(self, leads: Sequence[Lead], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leads = leads
        titles = {
            BlockKind.NUMBER: gettext("Number: %(values)s"),
            BlockKind.ADDRESS: gettext("Address: %(values)s"),
            BlockKind.DOMAIN: gettext("Mail domain: %(values)s"),
        }
        field: Any = self.fields["what"]
        field.choices = [
            (kind.value, title % {"values": _named(values)})
            for kind, title in titles.items()
            if (values := sorted({value for it in leads if (value := value_of(it, kind))}))
        ]

    def clean_what(self) -> list[str]:
        """Requires a choice."""
        chosen: list[str] = self.cleaned_data["what"]
        if not chosen:
            raise forms.ValidationError(gettext("Choose what to block."))
        return chosen

    def clean(self) -> dict[str, Any]:
        """Asks before refusing if that would have refused other requests too."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            own = {lead.pk for lead in self._leads}
            kinds = [BlockKind(it) for it in cleaned["what"]]
            entries = {
                (kind, value)
                for lead in self._leads
                for kind in kinds
                if (value := value_of(lead, kind))
            }
            self.ask_before_refusing(cleaned["verdict"], entries, without=own)
        return cleaned

    def until(self, now: datetime) -> datetime | None:
        """When the entries expire. For a valid form."""
        span = _SPANS[self.cleaned_data["span"]]
        return now + span if span else None


def value_of(lead: Lead, kind: BlockKind) -> str:
    """The entry that matches a lead; "" if it has none, or one that many people share."""
    match kind:
        case BlockKind.NUMBER:
            return one_line.identity(lead.phone)
        case BlockKind.ADDRESS:
            typed = network_of(lead)
        case _:
            typed = domain_of(lead)
    try:
        value = block_values.read(kind, typed, proxies=settings.TRUSTED_PROXIES)
    except NotAnEntry:
        return ""
    return "" if value in block_values.PUBLIC_DOMAINS else value


def _not_chosen_yet(_lead: Lead, _user: Any) -> str:
    raise NothingToDo(gettext("Nothing was chosen."))


BLOCK_SENDER = HeldCommand(
    run=_not_chosen_yet,
    logged=_("Blocked the sender"),
    title=_("Block the sender of this request?"),
    title_of_several=_("Block the senders of these %(count)d requests?"),
    explanation=_(
        "Your choice is added to the block list, and the request is "
        "rejected. Public mail domains such as gmail.com are not offered."
    ),
    button=_("Block"),
    danger=True,
)


def block_sender(form: BlockSenderForm) -> HeldCommand:
    """BLOCK_SENDER with the choices in the form."""
    kinds = [BlockKind(it) for it in form.cleaned_data["what"]]
    chosen = {
        "verdict": form.cleaned_data["verdict"],
        "reason": form.cleaned_data["reason"],
        "until": form.until(timezone.now()),
    }

    def run(lead: Lead, user: object) -> str:
        values = [(kind, value) for kind in kinds if (value := value_of(lead, kind))]
        if not values:
            raise CannotCall(
                gettext("This request has none of what you chose to block. It stays held.")
            )
        for kind, value in values:
            _put(kind, value, chosen, user)
        held_commands.reject(lead, user)
        return gettext("The request is rejected, and your choice is on the block list.")

    return BLOCK_SENDER.doing(run, str(BLOCK_SENDER.logged))


def _put(kind: BlockKind, value: str, chosen: dict[str, Any], user: object) -> None:
    """Adds or changes an entry; an existing entry never expires earlier than before."""
    there = BlockEntry.objects.filter(kind=kind, value=value).first()
    ends = (there.until, chosen["until"]) if there else (chosen["until"],)
    until = None if None in ends else max(ends)
    BlockEntry.objects.update_or_create(
        kind=kind,
        value=value,
        defaults=chosen | {"until": until},
        create_defaults=chosen | {"added_by_id": getattr(user, "pk", None)},
    )


def _named(values: Iterable[str]) -> str:
    values = list(values)
    named = listed(values[:_NAMED])
    if len(values) <= _NAMED:
        return named
    return gettext("%(values)s and %(more)d more") % {
        "values": named,
        "more": len(values) - _NAMED,
    }
