"""Choosing the days of a report."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import INPUT_CLASSES

from callbacks.common.translation import Text
from callbacks.reports.date_ranges import EARLIEST, FORMATS, Days, last_days

TODAY, WEEK, MONTH, CHOSEN = "today", "7", "30", "days"
PERIODS = (
    (TODAY, _("Today")),
    (WEEK, _("Last 7 days")),
    (MONTH, _("Last 30 days")),
    (CHOSEN, _("From, to")),
)


def _date_field(label: Text) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=list(FORMATS),
        widget=forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}
        ),
        error_messages={"invalid": _("Enter a day like 2026-03-27.")},
    )


class PeriodForm(forms.Form):
    """Which days: a named period, or from one day to another. `today` is the site's."""

    period = forms.ChoiceField(
        label=_("Period"),
        choices=PERIODS,
        required=False,
        error_messages={"invalid_choice": _("Choose one of the periods.")},
    )
    first = _date_field(_("From"))
    last = _date_field(_("To"))

    def __init__(self, data: Any, today: date) -> None:
        super().__init__(data)
        self._today = today

    def clean(self) -> dict[str, Any]:
        """From and to are needed, in order and not in the future, when they are what counts."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("period") != CHOSEN:
            return cleaned
        for name in ("first", "last"):
            self._check_day(name, cleaned.get(name))
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last and not self.errors:
            self.add_error("last", gettext("Choose a day on or after the first one."))
        return cleaned

    def days(self) -> Days:
        """The chosen days; call it on a valid form. Today when nothing was chosen."""
        period = self.cleaned_data.get("period")
        if period == CHOSEN:
            return Days(self.cleaned_data["first"], self.cleaned_data["last"])
        return last_days({WEEK: 7, MONTH: 30}.get(period or TODAY, 1), self._today)

    def _check_day(self, name: str, day: date | None) -> None:
        if name in self.errors:
            return
        if day is None:
            self.add_error(name, gettext("Choose a day."))
        elif day > self._today:
            self.add_error(name, gettext("Choose a day up to today."))
        elif day < EARLIEST:
            self.add_error(
                name,
                gettext("Choose a day after %(earliest)s-01-01.") % {"earliest": f"{EARLIEST:%Y}"},
            )
