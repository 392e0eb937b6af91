"""Asks before something is refused that would have turned away requests of the last week."""

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
    _OfAForm = object  # a part is no form by itself


# So many entries of a file are named that would have done most.
_NAMED = 5


class AsksBeforeRefusing(_OfAForm):
    """Part of a form: its box `sure` is there once it has said what would have been refused."""

    def ask_before_refusing(
        self, verdict: str, entries: Iterable[tuple[str, str]], without: Collection[int] = ()
    ) -> None:
        """Adds an error where it has to be asked, and has not been. `without`: the leads that are
        meant to be refused.
        """
        if verdict != BlockVerdict.REFUSE or self.cleaned_data.get("sure"):
            return
        reach = block_reach.of(entries, timezone.now(), without)
        if reach.fitted:
            self.add_error("sure", sentence(reach))
            self.fields["sure"].widget = UnfoldBooleanWidget()


def sure_field() -> Any:
    """Unseen, until it is asked for."""
    return forms.BooleanField(
        label=_("Refuse them anyway"), required=False, widget=forms.HiddenInput
    )


def of_a_file(entries: Mapping[BlockVerdict, Collection[Entry]]) -> list[str]:
    """What the entries of a file would have done, in sentences: in all, by verdict, and those of
    them that would have done most; none where they would have done nothing.
    """
    now, told = timezone.now(), []
    for verdict in (BlockVerdict.REFUSE, BlockVerdict.HOLD):
        reach = block_reach.of(entries.get(verdict, ()), now)
        if reach.fitted:
            told.append(sentence(reach, verdict))
            told += [_of_an_entry(it, number) for it, number in most(reach)]
    return told


def most(reach: Reach) -> list[tuple[Entry, int]]:
    """The entries that fitted most, with how many requests each."""
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
    """Of how many of the last week's requests it would have been."""
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
