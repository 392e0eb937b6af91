"""What a schedule's page refuses, and with which words."""

import zoneinfo
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin import form_errors
from callbacks.common.formatting import span
from callbacks.models import OpeningHours
from callbacks.opening_hours.calendar import (
    Calendar,
    Hours,
    holes,
    next_opening,
    overlaps,
    problem,
)

NEVER_OPENS = _(
    "This schedule would never open. Add opening hours to the week, or a day with "
    "hours that is still to come."
)


def never_opens(calendar: Calendar) -> bool:
    """Whether there is nothing that is still to come."""
    return next_opening(calendar, timezone.now()) is None


def _rows(formset: Any) -> list[dict[str, Any]]:
    """What will be stored: rows that are complete and stay."""
    return [
        form.cleaned_data
        for form in formset.forms
        if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE")
    ]


def _said(hours: Hours) -> str:
    return span(hours.opens_at, hours.closes_at)


class OpeningHoursFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The week, looked at as a whole."""

    def clean(self) -> None:
        """Refuses hours that cover the same time twice."""
        super().clean()
        if any(self.errors):
            return
        hours: dict[int, list[Hours]] = defaultdict(list)
        for row in _rows(self):
            hours[row["weekday"]].append(Hours(row["opens_at"], row["closes_at"]))
        self.instance.entered_week = hours  # for the exceptions, which are looked at after this
        day = dict(OpeningHours.Weekday.choices)
        if found := [
            gettext("%(first)s %(said)s and %(second)s %(said2)s overlap. Change one of them.")
            % {"first": day[first], "said": _said(a), "second": day[second], "said2": _said(b)}
            for first, a, second, b in overlaps(hours)
        ]:
            raise ValidationError(found)
        if found := [
            gettext(
                "%(first)s %(said)s and %(second)s %(said2)s leave out a minute. Let the first one "
                "close when the second opens, at %(at)s."
            )
            % {
                "first": day[first],
                "said": _said(a),
                "second": day[second],
                "said2": _said(b),
                "at": f"{b.opens_at:%H:%M}",
            }
            for first, a, second, b in holes(hours)
        ]:
            raise ValidationError(found)


class ExceptionFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The exceptions, day by day."""

    def clean(self) -> None:
        """Refuses a day that is closed and open, hours that cover the same time twice, and a
        schedule that would never open.
        """
        super().clean()
        if any(self.errors):
            return
        days: dict[date, list[Hours | None]] = defaultdict(list)
        for row in _rows(self):
            is_closed = row.get("opens_at") is None
            hours_of_row = None if is_closed else Hours(row["opens_at"], row["closes_at"])
            days[row["date"]].append(hours_of_row)
        found = []
        for day, given in days.items():
            hours = [each for each in given if each]
            if len(hours) < len(given) > 1:
                found.append(
                    gettext("%(day)s is there as closed. Keep that row, or the others.")
                    % {"day": f"{day:%d %b %Y}"}
                )
            found += [
                gettext("%(day)s: %(said)s and %(said2)s overlap. Change one of them.")
                % {"day": f"{day:%d %b %Y}", "said": _said(a), "said2": _said(b)}
                for _, a, _, b in overlaps({0: hours})
            ]
            found += [
                gettext(
                    "%(day)s: %(said)s and %(said2)s leave out a minute. Let the first one close "
                    "when the second opens, at %(at)s."
                )
                % {
                    "day": f"{day:%d %b %Y}",
                    "said": _said(a),
                    "said2": _said(b),
                    "at": f"{b.opens_at:%H:%M}",
                }
                for _, a, _, b in holes({0: hours})
            ]
        if found:
            raise ValidationError(found)
        entered = {day: [each for each in given if each] for day, given in days.items()}
        self.instance.entered = self._calendar(entered)
        if self.instance.entered and never_opens(self.instance.entered):
            raise ValidationError(NEVER_OPENS)

    def _calendar(self, exceptions: dict[date, list[Hours]]) -> Calendar | None:
        """What was entered; None where the rest of the form is refused anyway."""
        it = self.instance
        hours = getattr(it, "entered_week", None)
        if hours is None:
            return None
        calendar = Calendar(it.time_zone, hours, exceptions, it.holidays_of, it.eve_closes_at)
        return None if problem(calendar) else calendar


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Zones and countries in any case: "asia/jerusalem" and "il" are known too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form_errors.say(
            self, "name", "unique", gettext("There is a schedule with this name. Open that one.")
        )
        if zone := self.fields.get("time_zone"):
            zone.help_text = gettext(
                "By whose clock these hours are meant, for example Asia/Jerusalem."
            )
            zone.widget.attrs["list"] = "time-zones"
        if eve := self.fields.get("eve_closes_at"):
            eve.help_text = gettext(
                "Empty: as on other days. A holiday that is open by an exception has no day before."
            )

    def clean_time_zone(self) -> str:
        """As it is written in the list of zones, if it is in it at all."""
        typed: str = self.cleaned_data["time_zone"].strip().replace(" ", "_")
        known = {name.lower(): name for name in zoneinfo.available_timezones()}
        return known.get(typed.lower(), typed)

    def clean_holidays_of(self) -> str:
        """Codes of countries are capital letters."""
        typed: str = self.cleaned_data["holidays_of"]
        return typed.upper()


def problems(form: Any, formsets: Iterable[Any]) -> list[str]:
    """All that is wrong in what was typed, besides rows that are not complete yet."""
    found = [words for name, errors in form.errors.items() if name != "name" for words in errors]
    return [*found, *(words for formset in formsets for words in formset.non_form_errors())]
