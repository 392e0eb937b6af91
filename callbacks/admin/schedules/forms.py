"""The forms of a schedule: their checks and messages."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from holidays import list_supported_countries
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from callbacks.admin import form_errors
from callbacks.admin.schedules import typed_rows
from callbacks.common.formatting import span
from callbacks.models import OpeningHours
from callbacks.models.schedules import time_zones
from callbacks.opening_hours import typed_hours
from callbacks.opening_hours.calendar import (
    Calendar,
    Hours,
    holes,
    next_opening,
    overlaps,
    problem,
)
from callbacks.opening_hours.typed_hours import NotHours
from leads.countries import NAMES
from leads.countries import code as country_code
from leads.countries import name as country_name

NEVER_OPENS = _(
    "This schedule would never open. Add opening hours to the week, or a future day with hours."
)


def first_weekday() -> int:
    """The first day of the week in the page's language: 0 Sunday ... 6 Saturday."""
    return int(get_format("FIRST_DAY_OF_WEEK"))


def days_since_first(weekday: int) -> int:
    """The position of a weekday (0 Monday) in such a week."""
    return (weekday + 8 - first_weekday()) % 7


def never_opens(calendar: Calendar) -> bool:
    """Whether the calendar never opens from now on."""
    return next_opening(calendar, timezone.now()) is None


def _rows(formset: Any) -> list[dict[str, Any]]:
    """The rows to store: complete, and not marked for deletion."""
    return [
        form.cleaned_data
        for form in formset.forms
        if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE")
    ]


def _said(hours: Hours) -> str:
    return span(hours.opens_at, hours.closes_at)


class OpeningHoursFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The week, checked as a whole."""

    def clean(self) -> None:
        """Refuses overlaps and gaps of one minute."""
        super().clean()
        if any(self.errors):
            return
        hours: dict[int, list[Hours]] = defaultdict(list)
        for row in _rows(self):
            hours[row["weekday"]].append(Hours(row["opens_at"], row["closes_at"]))
        self.instance.entered_week = hours  # for the exceptions, which are checked later
        day = dict(OpeningHours.Weekday.choices)
        if found := [
            gettext("%(first)s %(said)s and %(second)s %(said2)s overlap. Change one of them.")
            % {"first": day[first], "said": _said(a), "second": day[second], "said2": _said(b)}
            for first, a, second, b in overlaps(hours)
        ]:
            raise ValidationError(found)
        if found := [
            gettext(
                "There is a gap of one minute between %(first)s %(said)s and %(second)s "
                "%(said2)s. Make the first close when the second opens, at %(at)s."
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


def _holes_at_midnight(
    days: Mapping[date, Sequence[Hours | None]],
) -> Iterator[tuple[date, Hours, Hours]]:
    """Days open until midnight whose next day opens a minute later: the day, both hours."""
    for day, hours in days.items():
        following = [it for it in days.get(day + timedelta(days=1), ()) if it]
        for _day, a, _next, b in holes({0: [it for it in hours if it], 1: following}):
            if a in hours and b in following and a.past_midnight:
                yield day, a, b


class ExceptionFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The exceptions, checked day by day."""

    def clean(self) -> None:
        """Refuses a day that is both closed and open, overlaps, gaps of one minute, and a schedule
        that would never open.
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
                    gettext(
                        "%(day)s is also entered as closed. Keep that row or the others, not both."
                    )
                    % {"day": f"{day:%d %b %Y}"}
                )
            found += [
                gettext("%(day)s: %(said)s and %(said2)s overlap. Change one of them.")
                % {"day": f"{day:%d %b %Y}", "said": _said(a), "said2": _said(b)}
                for _, a, _, b in overlaps({0: hours})
            ]
            found += [
                gettext(
                    "%(day)s: there is a gap of one minute between %(said)s and %(said2)s. Make "
                    "the first close when the second opens, at %(at)s."
                )
                % {
                    "day": f"{day:%d %b %Y}",
                    "said": _said(a),
                    "said2": _said(b),
                    "at": f"{b.opens_at:%H:%M}",
                }
                for _, a, _, b in holes({0: hours})
            ]
        found += [
            gettext(
                "There is a gap of one minute between %(day)s %(said)s and the next day's "
                "%(said2)s. Make the next day open at 00:00."
            )
            % {"day": f"{day:%d %b %Y}", "said": _said(a), "said2": _said(b)}
            for day, a, b in _holes_at_midnight(days)
        ]
        if found:
            raise ValidationError(found)
        entered = {day: [each for each in given if each] for day, given in days.items()}
        self.instance.entered = self._calendar(entered)
        if self.instance.entered and never_opens(self.instance.entered):
            raise ValidationError(NEVER_OPENS)

    def _calendar(self, exceptions: dict[date, list[Hours]]) -> Calendar | None:
        """The calendar as entered; None if the rest of the form is refused anyway."""
        it = self.instance
        hours = getattr(it, "entered_week", None)
        if hours is None:
            return None
        calendar = Calendar(it.time_zone, hours, exceptions, it.holidays_of, it.eve_closes_at)
        return None if problem(calendar) else calendar


@contextmanager
def _said_to_the_person() -> Iterator[None]:
    try:
        yield
    except NotHours as problem:
        raise ValidationError(str(problem)) from None


class CountryField(forms.ChoiceField):
    """A country whose public holidays are known, chosen by its name.

    A posted value may also be a name or a code, in any case.
    """

    def __init__(self, **kwargs: Any) -> None:
        # Leaves out a few islands without telephones, which would be listed by their codes.
        codes = [it for it in list_supported_countries(include_aliases=False) if it in NAMES]
        named = sorted(((code, country_name(code)) for code in codes), key=lambda it: it[1])
        self._codes = {words.casefold(): code for code, words in named}
        self._codes |= {code.casefold(): code for code in codes}
        super().__init__(choices=[("", gettext("no country")), *named], **kwargs)

    def to_python(self, value: Any) -> str:
        """The country's code."""
        typed = str(value or "").strip()
        return self._codes.get(typed.casefold()) or country_code(typed) or typed

    def validate(self, value: Any) -> None:
        """Left to the model, whose message says what to do."""


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Accepts zones and countries in any case, such as "asia/jerusalem" and "il"."""

    week_typed = forms.CharField(
        label=_("Week in one line"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_(
            "Instead of rows: Sun-Thu 09-13, 14-18. Or: Fri closed; Mon as Sun. These hours "
            "replace all hours of the days you name."
        ),
    )
    days_typed = forms.CharField(
        label=_("Exceptions in one line"),
        required=False,
        max_length=10_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_(
            "One day or several with different hours: 24.12.2026-02.01.2027 closed. Or: "
            "2026-12-06 08-20 campaign."
        ),
    )
    holidays_file = forms.FileField(
        label=_("Holidays from a calendar file"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_(
            "An .ics file. Its future all-day events become closed days. Days that already "
            "have an exception stay as they are."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form_errors.say(
            self,
            "name",
            "unique",
            gettext("A schedule with this name already exists. Open it instead."),
        )
        if "holidays_of" in self.fields:
            field = CountryField(
                required=False,
                label=self.fields["holidays_of"].label,
                help_text=gettext("The schedule is closed on its public holidays."),
                widget=UnfoldAdminSelectWidget,
            )
            self.fields["holidays_of"] = field
        if zone := self.fields.get("time_zone"):
            zone.help_text = gettext("The time zone of these hours, for example Asia/Jerusalem.")
            zone.widget.attrs["list"] = "time-zones"
        if eve := self.fields.get("eve_closes_at"):
            eve.help_text = gettext(
                "Empty: as on other days. This does not apply before a holiday that an exception "
                "opens."
            )

    def clean_week_typed(self) -> str:
        """Raises ValidationError if the text cannot be read. See typed_rows for texts that can."""
        typed: str = self.cleaned_data["week_typed"]
        with _said_to_the_person():
            typed_hours.read_week(typed, {})
        return typed

    def clean_days_typed(self) -> str:
        """The same for the exceptions."""
        typed: str = self.cleaned_data["days_typed"]
        with _said_to_the_person():
            typed_hours.read_days(typed)
        return typed

    def clean_holidays_file(self) -> Any:
        """The same for the file."""
        file = self.cleaned_data["holidays_file"]
        if file:
            with _said_to_the_person():
                typed_rows.read_file(file)
        return file

    def clean(self) -> dict[str, Any]:
        """Refuses earlier closing before holidays for a schedule without holidays."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("eve_closes_at") and cleaned.get("holidays_of") == "":
            self.add_error(
                "holidays_of",
                gettext(
                    "Choose a country, or leave the closing time before a holiday empty. Without "
                    "holidays it has no effect."
                ),
            )
        return cleaned

    def clean_time_zone(self) -> str:
        """The zone as the list of zones writes it, if it is known."""
        typed: str = self.cleaned_data["time_zone"].strip().replace(" ", "_")
        known = {name.lower(): name for name in time_zones()}
        return known.get(typed.lower(), typed)


def problems(form: Any, formsets: Iterable[Any]) -> list[str]:
    """Errors of the form and of its rows as a whole, but not of the name or of single rows."""
    found = [words for name, errors in form.errors.items() if name != "name" for words in errors]
    return [*found, *(words for formset in formsets for words in formset.non_form_errors())]
