"""Asks before something is refused that would have turned away requests of the last week."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldBooleanWidget

from leads.guard import block_reach
from leads.guard.block_reach import Reach
from leads.models import BlockVerdict

if TYPE_CHECKING:
    _OfAForm = forms.BaseForm
else:
    _OfAForm = object  # a part is no form by itself


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
        label=_("Refuse them all the same"), required=False, widget=forms.HiddenInput
    )


def sentence(reach: Reach) -> str:
    """Of how many of the last week's requests it would have been."""
    would = ngettext(
        "This would have refused %(fitted)d of the %(all)d requests of the last seven days.",
        "This would have refused %(fitted)d of the %(all)d requests of the last seven days.",
        reach.fitted,
    ) % {"fitted": reach.fitted, "all": reach.looked_at}
    talked = ngettext(
        "With %(talked)d of them somebody has talked.",
        "With %(talked)d of them somebody has talked.",
        reach.talked,
    ) % {"talked": reach.talked}
    rest = gettext("Nothing is stored of what is refused; held requests can be looked at.")
    return " ".join([would, talked, rest] if reach.talked else [would, rest])
