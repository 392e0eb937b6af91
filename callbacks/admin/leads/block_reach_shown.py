"""Asks before refusing something that would have turned away requests of the last week."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldBooleanWidget

from leads.guard import block_reach
from leads.guard.block_reach import Entry, Reach
from leads.models import BlockKind, BlockVerdict

if TYPE_CHECKING:
    _OfAForm = forms.BaseForm
else:
    _OfAForm = object  # a mixin is not a form by itself


# This many entries of a file are named: those that would have had the most effect.
_NAMED = 5


class AsksBeforeRefusing(_OfAForm):
    """Mixin for a form: the box `sure` appears with the error that says what would be refused."""

    def ask_before_refusing(
        self, verdict: str, entries: Iterable[tuple[str, str]], without: Collection[int] = ()
    ) -> None:
        """Adds an error if the entries would have refused requests and `sure` is not ticked.
        `without`: leads that are meant to be refused.
        """
        if verdict != BlockVerdict.REFUSE or self.cleaned_data.get("sure"):
            return
        reach = block_reach.of(entries, timezone.now(), without)
        if reach.fitted:
            self.add_error("sure", sentence(reach))
            self.fields["sure"].widget = UnfoldBooleanWidget()


def sure_field() -> Any:
    """Hidden until it is needed."""
    return forms.BooleanField(
        label=_("Refuse them anyway"), required=False, widget=forms.HiddenInput
    )


def of_a_file(entries: Mapping[BlockVerdict, Collection[Entry]]) -> list[str]:
    """What a file's entries would have done, in sentences: for each verdict the total, and the
    entries that matched most. Empty if they would have matched nothing.
    """
    now, told = timezone.now(), []
    for verdict in (BlockVerdict.REFUSE, BlockVerdict.HOLD):
        reach = block_reach.of(entries.get(verdict, ()), now)
        if reach.fitted:
            told.append(sentence(reach, verdict))
            told += [_of_an_entry(it, number) for it, number in most(reach)]
    return told


def most(reach: Reach) -> list[tuple[Entry, int]]:
    """The entries that matched most, with the number of requests for each."""
    return sorted(reach.by_entry.items(), key=lambda it: (-it[1], it[0]))[:_NAMED]


def _of_an_entry(entry: Entry, number: int) -> str:
    kind, value = entry
    words = {"kind": BlockKind(kind).label, "value": value, "number": number}
    return (
        ngettext(
            "%(value)s (%(kind)s): %(number)d request.",
            "%(value)s (%(kind)s): %(number)d requests.",
            number,
        )
        % words
    )


def sentence(reach: Reach, verdict: BlockVerdict = BlockVerdict.REFUSE) -> str:
    """How many of the last week's requests would have been refused or held."""
    if verdict == BlockVerdict.HOLD:
        return gettext(
            "This would have held %(fitted)d of the %(all)d requests of the "
            "last seven days until somebody released them."
        ) % {"fitted": reach.fitted, "all": reach.looked_at}
    would = ngettext(
        "This would have refused %(fitted)d of the %(all)d requests of the last seven days.",
        "This would have refused %(fitted)d of the %(all)d requests of the last seven days.",
        reach.fitted,
    ) % {"fitted": reach.fitted, "all": reach.looked_at}
    talked = ngettext(
        "Somebody has talked with %(talked)d of them.",
        "Somebody has talked with %(talked)d of them.",
        reach.talked,
    ) % {"talked": reach.talked}
    rest = gettext("Refused requests are not stored; held requests can be reviewed.")
    return " ".join([would, talked, rest] if reach.talked else [would, rest])
